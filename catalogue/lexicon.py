"""Exports the names that understanding needs, so that Rasa never reads the database."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from catalogue.load import Facts
from catalogue.procedures import Procedure

VERSION = 1


def build(
    procedures: Iterable[Procedure], imported: Iterable[dict[str, str]], facts: Facts, on: date
) -> dict[str, Any]:
    """The lexicon for a day: procedures, names imported from the portal, places, agencies.

    Sorted, and `as_of` is the newest reading of a procedure, so that equal data give equal files and nobody
    trains again for nothing.
    """
    current = sorted((one for one in procedures if one.valid_on(on)), key=lambda one: one.code)
    return {
        "version": VERSION,
        "as_of": max((one.as_of for one in current), default=on).isoformat(),
        "procedures": [
            {
                "code": procedure.code,
                "name": procedure.name,
                "short_name": procedure.short_name,
                "aliases": procedure.aliases,
                "field": procedure.field,
            }
            for procedure in current
        ],
        "imported": sorted(imported, key=lambda one: one["code"]),
        "places": [
            {"key": place.key, "name": place.name, "kind": place.kind, "aliases": facts.places.aliases(place)}
            for place in facts.places
        ],
        "agencies": [
            {"key": agency.key, "name": agency.name, "aliases": agency.aliases}
            for agency in facts.agencies
            if agency.place is None
        ],
    }


def export(
    procedures: Iterable[Procedure], imported: Iterable[dict[str, str]], facts: Facts, path: Path, on: date
) -> None:
    """Write the lexicon by way of a temporary file: a reader sees the old one or the new one, never half of
    one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(
        json.dumps(build(procedures, imported, facts, on), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    draft.replace(path)
