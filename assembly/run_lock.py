"""One instance a `var` directory: a lock that every child inherits, so it is free only when all of them are gone."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, Literal

from kit.errors import SetupError

Purpose = Literal["run", "command"]
_PATIENCE_SECONDS = 20
_COMMAND_SECONDS = 300  # a command that trains first


class AlreadyRunning(SetupError):
    """Tiếp Dân đang chạy rồi."""


class RunLock:
    """flock(2) on var/run.lock. `fd` is handed to every child: the kernel keeps the lock while any of them lives.

    The holder writes "<pid> <purpose>" into the file: "run" is the supervisor, "command" is something like
    `tiepdan ask` that has started what it needs and will soon be gone.
    """

    def __init__(self, var: Path, purpose: Purpose = "run") -> None:
        self._path = var / "run.lock"
        self._purpose = purpose
        self._state = var / "run.json"
        self.fd = -1

    def __enter__(self) -> "RunLock":
        """Take the lock, waiting for a previous run to end. Raises AlreadyRunning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait()
        except BaseException:
            os.close(self.fd)
            raise
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{os.getpid()} {self._purpose}".encode(), 0)
        self._state.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._state.unlink(missing_ok=True)
        os.close(self.fd)

    def publish(self, **state: Any) -> None:
        """Tell other commands where the running instance is."""
        draft = self._state.with_suffix(".tmp")
        draft.write_text(json.dumps({"pid": os.getpid(), **state}, indent=1))
        draft.replace(self._state)

    def _wait(self) -> None:
        started = time.monotonic()
        while not self._try():
            pid, purpose = self._holder()
            lives = is_alive(pid)
            # A live supervisor is not about to end. Leftovers of a killed one and short commands are.
            patience = _COMMAND_SECONDS if purpose == "command" and lives else _PATIENCE_SECONDS
            if (lives and purpose == "run") or time.monotonic() - started > patience:
                raise AlreadyRunning(_who(pid, lives=lives))
            time.sleep(0.05)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> tuple[int, str]:
        pid, _, purpose = os.pread(self.fd, 40, 0).decode(errors="ignore").strip().partition(" ")
        return (int(pid) if pid.isdigit() else 0), purpose


def running(var: Path) -> dict[str, Any] | None:
    """What the running supervisor has published: pid, port, rasa_port, postgres_port; None when there is none."""
    try:
        state: dict[str, Any] = json.loads((var / "run.json").read_text())
    except (OSError, ValueError):
        return None
    return state if is_alive(int(state.get("pid", 0))) else None


def starting(var: Path) -> int:
    """The pid of a live supervisor, ready or still on its way; 0 when there is none."""
    try:
        pid, _, purpose = (var / "run.lock").read_text().partition(" ")
    except OSError:
        return 0
    return int(pid) if purpose == "run" and pid.isdigit() and is_alive(int(pid)) and _locked(var / "run.lock") else 0


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _locked(path: Path) -> bool:
    """A pid alone proves nothing: after a reboot it may be another program's."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _who(pid: int, *, lives: bool) -> str:
    if lives:
        return (
            f"Tiếp Dân đang chạy trong thư mục này rồi (tiến trình {pid}). "
            f"Dừng nó bằng Ctrl-C ở cửa sổ kia, hoặc `kill {pid}`, rồi chạy lại."
        )
    return (
        "Còn tiến trình của lần chạy trước chưa dừng hẳn. Chờ một phút rồi chạy lại; "
        "`fuser var/run.lock` cho biết tiến trình nào."
    )
