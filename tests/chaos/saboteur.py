"""Kills processes of a running stack at random moments, and starts the stack again as systemd would."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any

import psutil

from tests.stack import Stack

# What tells each of them by its command line. A killed "connection" is one process of PostgreSQL's: the server ends
# all its sessions and recovers, and the supervisor sees nothing of it.
VICTIMS = {
    "app": "uvicorn",
    "worker": "assembly.worker",
    "rasa": "rasa run",
    "postgres": "bin/postgres -D",
    "connection": "postgres: tiepdan",
}
_LONGEST_PAUSE = 0.3  # seconds between a message that was taken in and the kill: some turns of one citizen
_LOOK_SECONDS = 0.05
Say = Callable[[str], None]


class Saboteur(threading.Thread):
    """SIGKILL for one process after another, each when a random number of messages has been taken in.

    Each kind of victim is as frequent as every other. `taken_in` counts the messages; `total` is how many there
    will be. It ends when it has killed `kills` times, or when `over` is set.
    """

    def __init__(
        self, stack: Stack, taken_in: Callable[[], int], total: int, kills: int, luck: Random, say: Say
    ) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self._stack = stack
        self._taken_in = taken_in
        self._luck = luck
        self._say = say
        moments = sorted(luck.sample(range(1, total), kills))
        self._plan = list(zip(moments, islice(_victims(luck), kills), strict=True))

    def run(self) -> None:
        """Carry the plan out."""
        for moment, victim in self._plan:
            while self._taken_in() < moment:
                if self.over.wait(_LOOK_SECONDS):
                    return
            time.sleep(self._luck.uniform(0, _LONGEST_PAUSE))
            while not self._kill(victim):
                if self.over.wait(_LOOK_SECONDS):
                    return
            self._say(f"{victim} killed, after {self._taken_in()} messages")

    def _kill(self, victim: str) -> bool:
        """Whether there was one to kill: between two runs of the stack there may be none yet."""
        found = [process for process in _processes(self._stack) if VICTIMS[victim] in _command(process)]
        if not found:
            return False
        try:
            self._luck.choice(found).kill()
        except psutil.NoSuchProcess:
            return False
        return True


class Service:
    """The stack under something like systemd: whenever it has ended, it is started again."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say

    def keep_up(self, until: Callable[[], bool], deadline: float) -> bool:
        """Returns whether `until` came true before `deadline`, a moment of time.monotonic()."""
        while not until():
            if time.monotonic() > deadline:
                return False
            if self._stack.process is None or self._stack.process.poll() is not None:
                self._start_again()
            time.sleep(_LOOK_SECONDS)
        return True

    def _start_again(self) -> None:
        if self._stack.process is not None:
            self._say(f"  the supervisor ended with {self._stack.process.returncode}: {self._last_words()}")
        try:
            self._stack.start()
        except AssertionError:
            return  # something was killed on the way up; the next look starts it once more
        self._say("  ready again")

    def _last_words(self) -> str:
        """The supervisor's own reason, without the end of the victim's log that follows it."""
        said = (self._stack.var / "supervisor.log").read_text().splitlines() or ["nothing said"]
        return next((line for line in said if "đột ngột" in line), said[-1]).partition(". Xem")[0]


def _victims(luck: Random) -> Iterator[str]:
    while True:
        names = list(VICTIMS)
        luck.shuffle(names)
        yield from names


def _processes(stack: Stack) -> list[Any]:
    """The supervisor's descendants; psutil types nothing."""
    if stack.process is None:
        return []
    try:
        return list(psutil.Process(stack.process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _command(process: Any) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
