"""Later changes of law laid over a record: one version for each stretch of time in which the same law holds."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from pydantic import Field

from catalogue.document import Strict
from catalogue.procedures import Amendment, Code, LaidOver, Procedure
from catalogue.validity import holds


class Change(Amendment):
    """An amendment as data/amendments.yml has it, with the procedures that it touches and those that it ends."""

    procedures: list[Code]
    repeals: list[Code] = Field(default_factory=list)


class AmendmentFile(Strict):
    """data/amendments.yml."""

    amendments: list[Change]


def attach(procedure: Procedure, changes: list[Change]) -> Procedure:
    """The procedure with the changes that touch it, and its end where one repeals it."""
    own = [
        Amendment(**one.model_dump(exclude={"procedures", "repeals"}))
        for one in changes
        if procedure.code in one.procedures
    ]
    ends = [one.valid_from - timedelta(days=1) for one in changes if procedure.code in one.repeals]
    end = min([*ends, *([procedure.valid_to] if procedure.valid_to else [])], default=None)
    return procedure.model_copy(update={"amendments": own, "valid_to": end})


def repealed(changes: list[Change]) -> dict[str, Change]:
    """The procedures that have been ended, and by what."""
    return {code: one for one in changes for code in one.repeals}


def versions(procedure: Procedure) -> Iterator[Procedure]:
    """The record as it is before, between and after its amendments, in order of time.

    Amendments that hold at once are applied in the order in which they stand. Raises ValueError (pydantic's) when
    one sets a field that does not exist or to what it may not be.
    """
    if not procedure.amendments:
        yield procedure
        return
    first, last = procedure.valid_from or date.min, procedure.valid_to or date.max
    starts = {first, *_changes(procedure.amendments)}
    bounds = sorted(day for day in starts if first <= day <= last)
    for start, following in pairwise([*bounds, None]):
        holding = [one for one in procedure.amendments if start is not None and holds(one, start)]
        end = following - timedelta(days=1) if following else procedure.valid_to
        yield _version(procedure, holding, None if start == date.min else start, end)


def _changes(amendments: list[Amendment]) -> Iterator[date]:
    """Every day on which an amendment begins to hold, or has ceased to."""
    for one in amendments:
        yield one.valid_from
        if one.valid_to is not None:
            yield one.valid_to + timedelta(days=1)


def _version(procedure: Procedure, holding: list[Amendment], start: date | None, end: date | None) -> Procedure:
    body: dict[str, Any] = procedure.model_dump()
    for one in holding:
        if unknown := set(one.set) - set(Procedure.model_fields):
            raise ValueError(f"amendments: không có mục {', '.join(sorted(unknown))}")
        body |= one.set
    laid = [LaidOver(**one.model_dump(include=set(LaidOver.model_fields))).model_dump() for one in holding]
    body |= {"amendments": [], "laid_over": laid, "valid_from": start, "valid_to": end}
    return Procedure.model_validate(body, strict=False)
