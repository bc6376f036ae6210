"""One instance at a time, and a second start that works as soon as the first is really gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from assembly import run_lock
from assembly.run_lock import AlreadyRunning, RunLock
from kit.settings import ROOT

HOLDER = """
import subprocess, sys, time
from pathlib import Path
from assembly.run_lock import RunLock
with RunLock(Path({var!r}), {purpose!r}) as lock:
    lock.publish(port=1)
    {before}
    print("held", flush=True)
    {after}
"""


def holder(
    var: Path, *, purpose: str = "run", before: str = "pass", after: str = "time.sleep(60)"
) -> "subprocess.Popen[str]":
    code = HOLDER.format(var=str(var), purpose=purpose, before=before, after=after)
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_place(tmp_path: Path) -> None:
    first = holder(tmp_path)
    try:
        with pytest.raises(AlreadyRunning, match=f"kill {first.pid}"), RunLock(tmp_path):
            pass
        assert run_lock.starting(tmp_path) == first.pid
        state = run_lock.running(tmp_path)
        assert state is not None
        assert state["port"] == 1
    finally:
        end(first)


def test_the_place_is_free_only_when_the_last_child_has_gone(tmp_path: Path) -> None:
    first = holder(
        tmp_path,
        before=f"subprocess.Popen(['sh', '-c', 'sleep 0.5; echo ended > {tmp_path}/child'], pass_fds=[lock.fd])",
    )
    end(first)
    assert not (tmp_path / "child").exists()
    with RunLock(tmp_path):
        assert (tmp_path / "child").exists()


def test_a_short_command_is_waited_for(tmp_path: Path) -> None:
    first = holder(tmp_path, purpose="command", after="time.sleep(0.3)")
    assert run_lock.starting(tmp_path) == 0
    with RunLock(tmp_path):
        assert first.wait(5) == 0
    end(first)


def test_what_a_dead_run_has_published_is_not_believed(tmp_path: Path) -> None:
    end(holder(tmp_path))
    assert (tmp_path / "run.json").exists()
    assert run_lock.running(tmp_path) is None
    assert run_lock.starting(tmp_path) == 0


def test_a_pid_that_another_program_has_got_since_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_text("1 run")
    assert run_lock.starting(tmp_path) == 0


def test_nothing_is_published_after_the_end(tmp_path: Path) -> None:
    with RunLock(tmp_path) as lock:
        lock.publish(port=8000)
        assert run_lock.running(tmp_path) is not None
    assert not (tmp_path / "run.json").exists()
