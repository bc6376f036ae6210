"""The supervisor's promises, with real processes: everything stops, in order, however it is asked to."""

import os
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from assembly import stack
from assembly.children import ChildDied
from assembly.ports import PortTaken
from assembly.run_lock import is_alive
from assembly.stack import NotReady, Stack, local_url, require_free_ports
from kit.settings import ROOT
from tests.ports import free_port
from tests.stack import wait_for
from tests.unit.assembly.support import SECRET, settings


def sleeper(whole: Stack, name: str, code: str = "import time; time.sleep(60)") -> None:
    whole._start(name, [sys.executable, "-c", code], dict(os.environ), grace=5)


def all_gone(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


def test_everything_stops_in_reverse_order(tmp_path: Path) -> None:
    whole = Stack(settings(tmp_path), os.open(tmp_path, os.O_RDONLY))
    for name in ("first", "second", "third"):
        sleeper(whole, name)
    pids = whole.pids()
    said: list[str] = []
    whole.stop(said.append)
    assert said == ["Dừng third …", "Dừng second …", "Dừng first …"]
    assert not any(is_alive(pid) for pid in pids.values())


def test_the_death_of_one_is_noticed(tmp_path: Path) -> None:
    whole = Stack(settings(tmp_path), os.open(tmp_path, os.O_RDONLY))
    sleeper(whole, "first")
    sleeper(whole, "second", "raise SystemExit(3)")
    try:
        with pytest.raises(ChildDied, match=r"second .*mã 3"):
            wait_for(whole.check, 10, "the death to be noticed")
    finally:
        whole.stop()


def test_nobody_gets_time_after_the_second_signal(tmp_path: Path) -> None:
    whole = Stack(settings(tmp_path), os.open(tmp_path, os.O_RDONLY))
    sleeper(
        whole,
        "stubborn",
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
    )
    wait_for((tmp_path / "log" / "stubborn.log").read_text, 10, "the process to be up")
    whole.hurry()
    whole.stop()
    assert whole.children[0].process is not None
    assert whole.children[0].process.returncode == -signal.SIGKILL


def test_waiting_ends_with_a_sentence(tmp_path: Path) -> None:
    whole = Stack(settings(tmp_path), os.open(tmp_path, os.O_RDONLY))
    with pytest.raises(NotReady, match=r"Rasa chưa sẵn sàng.*rasa\.log"):
        whole._wait(lambda: False, 0, "Rasa", "rasa.log")


def test_each_taken_port_is_told_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        own = settings(tmp_path, port=free_port(), rasa_port=sock.getsockname()[1], postgres_port=free_port())
        require_free_ports(own, ("postgres", "app"))
        with pytest.raises(PortTaken, match="RASA_PORT"):
            require_free_ports(own, ("postgres", "rasa", "app"))


def test_the_port_of_a_database_elsewhere_is_not_ours_to_check(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        require_free_ports(
            settings(tmp_path, postgres_port=port, database_url="postgresql://elsewhere/a"), ("postgres",)
        )


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("10.0.0.5", "http://10.0.0.5:8000"), ("::1", "http://[::1]:8000")],
)
def test_this_machine_finds_the_app_wherever_it_listens(tmp_path: Path, host: str, url: str) -> None:
    assert local_url(settings(tmp_path, host=host, public_url="https://example.vn")) == url


def test_rasa_learns_nothing_about_tickets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL_KEYS", "seal-seal")
    own = settings(tmp_path, postgres_password="tickets-tickets", choice_key="choice" * 6, digest_key="digest" * 6)
    told = " ".join(stack.rasa_variables(own).values())
    assert SECRET in told
    assert not [word for word in ("seal-seal", "tickets-tickets", "choice", "digest") if word in told]


SUPERVISOR = """
import os, sys, time
from pathlib import Path
from kit.settings import Settings
from assembly.run_lock import RunLock
from assembly.stack import Stack
from assembly.supervisor import StopRequested, stopping_on_signals
var = Path({var!r})
own = Settings(_env_file=None, seal_keys="k", var_dir=var, gateway_secret={secret!r}, actions_secret={secret!r},
               choice_key={secret!r}, digest_key={secret!r})
with RunLock(var) as lock:
    whole = Stack(own, lock.fd)
    try:
        with stopping_on_signals(whole):
            for name in ("one", "two"):
                whole._start(name, [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), grace=5)
            print(*whole.pids().values(), flush=True)
            while True:
                time.sleep(0.05)
                whole.check()
    except StopRequested:
        sys.exit(0)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 0), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_no_signal_leaves_an_orphan_and_the_place_is_free_again(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    for _ in range(2):  # a second start works at once
        text = SUPERVISOR.format(var=str(tmp_path), secret=SECRET)
        process = subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout:
            pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        process.send_signal(number)
        assert process.wait(10) == code
        wait_for(partial(all_gone, pids), 10, "the children to be gone")


def test_the_death_of_a_child_ends_the_others(tmp_path: Path) -> None:
    text = SUPERVISOR.format(var=str(tmp_path), secret=SECRET)
    process = subprocess.Popen(
        [sys.executable, "-c", text], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        first, second = (int(word) for word in process.stdout.readline().split())
    os.kill(first, signal.SIGKILL)
    assert process.wait(10) == 1
    assert not is_alive(second)
