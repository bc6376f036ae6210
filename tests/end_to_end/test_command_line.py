"""The command line against a running Tiếp Dân, beside it, and when parts of it are killed."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from assembly import databases
from assembly.run_lock import is_alive, running
from kit.settings import ROOT
from tests.stack import Citizen, Stack, wait_for

BIRTH = "lam khai sinh cho con can giay to gi"
STORY = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def command(stack: Stack, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "assembly", *words],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def tiepdan(stack: Stack) -> Command:
    return partial(command, stack)


@pytest.fixture(scope="module")
def filed(stack: Stack) -> dict[str, str]:
    """A ticket that a citizen has filed on the web page."""
    with closing(Citizen(stack.url)) as citizen:
        citizen.say(STORY)
        citizen.press("Đồng ý, giấu tên")
        ticket: dict[str, str] = citizen.press("Đúng, gửi đi")["custom"]["ticket"]
        return ticket


def test_a_ticket_is_listed_and_shown(tiepdan: Command, filed: dict[str, str]) -> None:
    assert filed["number"] in tiepdan("tickets", "list").stdout
    shown = tiepdan("tickets", "show", filed["number"].replace("-", " ").lower())
    assert shown.returncode == 0, shown.stderr
    assert "nạt tôi" in shown.stdout
    assert "Người dân gửi phiếu" in shown.stdout
    assert filed["receipt"] not in shown.stdout


def test_an_export_tells_the_story_only_when_asked(tiepdan: Command, filed: dict[str, str], tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(tiepdan("tickets", "export").stdout)))
    assert filed["number"] in {row["number"] for row in rows}
    assert "nạt tôi" not in str(rows)
    target = tmp_path / "phieu.jsonl"
    assert tiepdan("tickets", "export", str(target), "--with-story").returncode == 0
    assert (
        "nạt tôi"
        in {row["number"]: row for row in map(json.loads, target.read_text().splitlines())}[filed["number"]]["story"]
    )


def test_ask_answers_in_order_and_files_nothing(stack: Stack, tiepdan: Command) -> None:
    before = tiepdan("tickets", "list", "--all").stdout
    done = tiepdan("ask", "--jsonl", typed=f"{BIRTH}\n\n{STORY}\n")
    assert done.returncode == 0, done.stderr
    first, empty, complaint = map(json.loads, done.stdout.splitlines())
    assert (first["procedure"]["code"], first["procedure"]["aspect"]) == ("1.001193", "documents")
    assert first["replies"][0]["text"].startswith("Đăng ký khai sinh")
    assert (empty["text"], empty["replies"]) == ("", [])
    assert complaint["intent"]["name"] == "complain"
    assert complaint["categories"][0]["name"] == "attitude"
    assert tiepdan("tickets", "list", "--all").stdout == before
    rasa = databases.rasa_url(stack.settings).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(rasa) as connection:
        assert connection.execute("select 1 from events where sender_id like 'cli:%'").fetchall() == []


def test_chat_in_a_terminal(tiepdan: Command) -> None:
    done = tiepdan("chat", typed=f"{BIRTH}\n/hieu\n")
    assert done.returncode == 0, done.stderr
    assert "Bot: Đăng ký khai sinh cần" in done.stdout
    assert "Thủ tục: 1.001193" in done.stdout


def test_a_second_run_says_who_holds_the_place(stack: Stack, tiepdan: Command) -> None:
    done = tiepdan("run")
    assert done.returncode == 1
    assert stack.process is not None
    assert f"tiến trình {stack.process.pid}" in done.stderr


def test_all_is_well(tiepdan: Command, filed: dict[str, str]) -> None:
    done = tiepdan("doctor")
    assert "Trang web, bộ xử lý và Rasa đều sẵn sàng" in done.stdout
    assert done.returncode == 0, done.stdout
    assert tiepdan("audit", "verify").returncode == 0


def test_ask_starts_what_it_needs_and_leaves_nothing(tmp_path: Path) -> None:
    alone = Stack(tmp_path / "var")
    alone.var.mkdir()
    done = command(alone, "ask", "--jsonl", typed=f"{BIRTH}\n")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["procedure"]["code"] == "1.001193"
    assert said["replies"]
    assert running(alone.var) is None
    assert not (alone.var / "postgres" / "postmaster.pid").exists()


def test_killed_it_leaves_no_orphan_and_starts_again_at_once(tmp_path: Path) -> None:
    own = Stack(tmp_path / "var")
    own.start()
    children = _children(own)
    assert own.process is not None
    own.process.kill()
    assert own.process.wait(10) == -signal.SIGKILL
    own.start()
    assert not any(map(is_alive, children.values())), "the second start waits until the first is gone"
    again = _children(own)
    os.kill(again["worker"], signal.SIGKILL)
    assert own.process.wait(30) == 1
    assert "worker dừng đột ngột" in (own.var / "supervisor.log").read_text()
    assert not any(map(is_alive, again.values()))


def _children(stack: Stack) -> dict[str, int]:
    """Process ids of a stack that is ready; they are published a moment after its app says so."""
    state = wait_for(partial(running, stack.var), 10, "the state of the running instance")
    pids: dict[str, int] = state["pids"]
    assert set(pids) == {"postgres", "rasa", "app", "worker"}
    return pids
