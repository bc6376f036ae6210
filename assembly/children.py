"""One child process: started with a log of its own, bound to our life, stopped politely and then firmly."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit.errors import SetupError
from kit.settings import ROOT

LARGEST_LOG = 8 * 2**20  # bytes; one older log of the same size is kept beside it
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ChildDied(SetupError):
    """Một tiến trình của Tiếp Dân dừng đột ngột."""


def die_with_parent(number: int) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child this signal when its parent dies, however it dies (prctl(2)).

    The parent is the thread that starts the child: start children from a thread that lives on.
    """
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we asked, so nobody will tell us
            os._exit(1)

    return ask


@dataclass
class Child:
    """A process of ours. `grace` is the time in seconds that it gets to finish what is under way.

    When we are killed it is killed too, without that time: it would wait for a database that goes down as well, and
    keep a new start waiting. Whatever was under way is a row, and is taken up again.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    grace: float = 10
    on_parent_death: int = signal.SIGKILL
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self, pass_fds: tuple[int, ...] = ()) -> None:
        """Start it, writing to the end of its log. `pass_fds` stay open in it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        bound_log(self.log)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                # A session of its own: Ctrl-C reaches the supervisor alone, which stops things in order.
                start_new_session=True,
                preexec_fn=die_with_parent(self.on_parent_death),  # noqa: PLW1509  (one prctl(2), no lock)
            )

    @property
    def pid(self) -> int:
        """Its process id; 0 before it starts."""
        return self.process.pid if self.process else 0

    def check(self) -> None:
        """Raises ChildDied, with the end of its log, when it has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise ChildDied(
                f"{self.name} dừng đột ngột (mã {self.process.returncode}). "
                f"Xem {self.log}. Cuối nhật ký:\n{log_end(self.log)}"
            )

    def stop(self, grace: float | None = None) -> None:
        """SIGTERM, then after `grace` seconds SIGKILL for it and all that it started."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace if grace is None else grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def log_end(path: Path, lines: int = 8) -> str:
    """The last lines of a log, indented."""
    try:
        text = path.read_text(errors="replace")[-20_000:]
    except OSError:
        text = ""
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-lines:]) or "  (trống)"


def bound_log(path: Path, largest: int = LARGEST_LOG) -> None:
    """Move a log that has grown past `largest` bytes aside.

    Copied and then cut off in place, because the process that writes it (in append mode) keeps its file open.
    """
    if path.exists() and path.stat().st_size > largest:
        shutil.copyfile(path, path.with_suffix(".1.log"))
        os.truncate(path, 0)
