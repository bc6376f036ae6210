"""The crash test of submissions: citizens file complaints while processes are killed; then the tickets are counted.

python -m tests.chaos.submit [--submissions 200] [--citizens 20] [--kills 15] [--seed 1]

A stack of its own is started, and started again whenever its supervisor ends. The last line of the output is
`submitted <n> lost <n> doubled <n> chain ok|broken`; what failed stands above it. Exit code 1 unless nothing did.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from sqlalchemy.orm import Session

from kit.db import make_engine
from tests.chaos import count
from tests.chaos.browser import Browser
from tests.chaos.citizen import MESSAGES, Citizen, complaints
from tests.chaos.count import Outcome
from tests.chaos.saboteur import Saboteur, Service
from tests.stack import Stack

LONGEST_SECONDS = 12 * 60  # for the citizens, the first start aside
QUIET_SECONDS = 60  # a job of a killed worker is taken over after ten
_LAST_CALL = 40  # seconds in which the last request of a citizen ends
_PAGE = 80  # complaints in one conversation: its history shows no more


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, print what happened; returns the exit code."""
    given = _parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="tiepdan-chaos-"))
    stack = Stack(folder / "var")
    try:
        stack.start()
        _say(f"ready; seed {given.seed}")
        outcome = _run(stack, given)
    finally:
        if stack.process is not None:
            stack.stop()
    if outcome.faults:
        _say("\n".join([*outcome.faults, f"the logs are in {stack.var / 'log'}"]))
    else:
        shutil.rmtree(folder)
    _say(str(outcome))
    return 1 if outcome.faults else 0


def _run(stack: Stack, given: argparse.Namespace) -> Outcome:
    luck = Random(given.seed)
    deadline = time.monotonic() + LONGEST_SECONDS
    citizens = _crowd(stack.url, given, luck, deadline)
    total = given.submissions * MESSAGES
    saboteur = Saboteur(stack, lambda: sum(len(one.browser.sent) for one in citizens), total, given.kills, luck, _say)
    service = Service(stack, _say)
    for thread in (*citizens, saboteur):
        thread.start()
    service.keep_up(lambda: not any(citizen.is_alive() for citizen in citizens), deadline + _LAST_CALL)
    saboteur.over.set()
    saboteur.join()
    try:
        return _count(stack, service, citizens)
    finally:
        for citizen in citizens:
            citizen.browser.close()


def _count(stack: Stack, service: Service, citizens: list[Citizen]) -> Outcome:
    engine = make_engine(stack.settings.dsn, pool_size=1)
    with Session(engine) as session:
        quiet = service.keep_up(lambda: count.is_quiet(session), time.monotonic() + QUIET_SECONDS)
        outcome = count.count(session, stack.environment["DIGEST_KEY"], citizens)
        _say(f"{count.turns_tried_again(session)} turns were tried again")
    engine.dispose()
    if not quiet:
        outcome.faults.append(f"messages or replies still wait after {QUIET_SECONDS} s without kills")
    return outcome


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  (a script)


def _crowd(url: str, given: argparse.Namespace, luck: Random, deadline: float) -> list[Citizen]:
    """The citizens, with the complaints dealt out among them."""
    stories = complaints(given.submissions, luck)
    return [
        Citizen(
            f"citizen {number + 1}",
            Browser(url, Random(luck.random()), deadline),
            stories[number :: given.citizens],
        )
        for number in range(given.citizens)
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos.submit", description="The crash test of submissions."
    )
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--citizens", type=int, default=20)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    if not 0 < given.citizens <= given.submissions <= _PAGE * given.citizens:
        parser.error(f"one to {_PAGE} submissions a citizen")
    if given.kills >= given.submissions * MESSAGES:
        parser.error("more kills than messages")
    return given


if __name__ == "__main__":
    sys.exit(main())
