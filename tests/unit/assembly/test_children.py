"""Children end with us, politely or not; real processes throughout."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assembly.children import Child, ChildDied, bound_log, log_end
from assembly.run_lock import is_alive
from kit.settings import ROOT
from tests.stack import wait_for

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
POLITE = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (print('goodbye', flush=True), sys.exit(0)))\n"
    "print('up', flush=True); time.sleep(60)"
)


def child(tmp_path: Path, code: str, grace: float = 5) -> Child:
    return Child("nhỏ", [sys.executable, "-c", code], os.environ, tmp_path / "small.log", grace)


def says(one: Child, words: str) -> None:
    wait_for(lambda: one.log.exists() and words in one.log.read_text(), 10, words)


def gone(pid: int) -> bool:
    """Ended: no such process, or only its entry is left because nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return not is_alive(pid)


def test_a_child_gets_time_to_finish(tmp_path: Path) -> None:
    one = child(tmp_path, POLITE)
    one.start()
    says(one, "up")
    one.stop()
    assert "goodbye" in one.log.read_text()
    assert gone(one.pid)


def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, STUBBORN, grace=0.1)
    one.start()
    says(one, "up")
    one.stop()
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL


def test_what_a_child_has_started_goes_with_it(tmp_path: Path) -> None:
    code = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"
    )
    one = child(tmp_path, code)
    one.start()
    wait_for(lambda: one.log.read_text().strip(), 10, "the grandchild's pid")
    grandchild = int(one.log.read_text())
    one.stop()
    wait_for(lambda: gone(grandchild), 5, "the grandchild to end")


def test_the_death_of_a_child_is_told_with_its_last_words(tmp_path: Path) -> None:
    one = child(tmp_path, "raise SystemExit('no model')")
    one.start()
    assert one.process is not None
    one.process.wait(10)
    with pytest.raises(ChildDied, match=r"nhỏ dừng đột ngột \(mã 1\)(.|\n)*no model"):
        one.check()


PARENT = """
import os, sys, time
from pathlib import Path
from assembly.children import Child
one = Child("x", [sys.executable, "-c", {sleep!r}], os.environ, Path({log!r}))
one.start()
print(one.pid, flush=True)
time.sleep(60)
"""


def test_even_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    code = PARENT.format(sleep=SLEEP, log=str(tmp_path / "log"))
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        orphan = int(parent.stdout.readline())
    assert is_alive(orphan)
    parent.kill()
    parent.wait()
    wait_for(lambda: gone(orphan), 10, "the child to follow its parent")


def test_a_log_is_bounded_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("a") as writer:
        writer.write("old line\n" * 1000)
        writer.flush()
        bound_log(log, largest=100)
        writer.write("new line\n")
    assert log.read_text() == "new line\n"
    assert (tmp_path / "a.1.log").read_text().startswith("old line")


def test_the_end_of_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert log_end(tmp_path / "none.log") == "  (trống)"
