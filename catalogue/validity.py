"""Spans of days with open ends, and the one question asked of them: do two overlap?"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol


class Dated(Protocol):
    """Anything with a first and a last day, both included; None is open."""

    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def holds(one: Dated, on: date) -> bool:
    """Whether it holds on a day."""
    return (one.valid_from or date.min) <= on <= (one.valid_to or date.max)


def overlapping(spans: Sequence[Dated]) -> bool:
    """Whether two of the spans share a day."""
    ordered = sorted(spans, key=lambda one: one.valid_from or date.min)
    return any((a.valid_to or date.max) >= (b.valid_from or date.min) for a, b in pairwise(ordered))
