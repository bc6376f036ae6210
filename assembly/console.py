"""What the command line shows while it works: stages with their times, one line each when nobody watches."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

# Progress goes to standard error, so that `tiepdan ask --jsonl` prints nothing but JSON on standard output.
screen = Console(stderr=True, highlight=False, markup=False)
out = Console(highlight=False, markup=False)
if not out.is_terminal and "COLUMNS" not in os.environ:
    out.width = 200  # a file or another program: nothing is folded or cut


@contextmanager
def stage(what: str) -> Iterator[None]:
    """Announce a stage, and say how long it took; a spinner turns meanwhile on a terminal."""
    started = time.monotonic()
    if screen.is_terminal:
        with screen.status(Text(f"{what} …")):
            yield
    else:
        screen.print(f"… {what}", soft_wrap=True)
        yield
    screen.print(_line("✓", "green", what, f" ({time.monotonic() - started:.1f} giây)"), soft_wrap=True)


def say(text: str) -> None:
    """One line of progress or advice."""
    screen.print(text, soft_wrap=True)


def done(text: str) -> None:
    """Something that is finished or in order."""
    screen.print(_line("✓", "green", text), soft_wrap=True)


def fail(text: str) -> None:
    """One clear sentence about what is wrong and what to do."""
    screen.print(_line("✗", "red", text), soft_wrap=True)


def _line(mark: str, colour: str, text: str, aside: str = "") -> Text:
    # Built from parts, never from markup: a message may hold brackets of its own.
    return Text.assemble((mark, colour), " ", text, (aside, "dim"))
