"""Two complaints told in one breath: where the second begins. Only a suspicion; the citizen is asked.

A second story names another place than the first and complains there, too, or says itself that it is another one.
Somebody who is sent from office to office names many places in one story, so that never parts a story.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from actions.heard import Heard, Part
from catalogue.load import Facts
from vntext.fold import fold

_ANOTHER = re.compile(
    r"^\W*(?:roi |ma )?(?:con|them|ngoai ra|chuyen|vu|viec)\b.{0,12}"
    r"\b(?:chuyen|vu|viec)\s+(?:nua|khac|thu hai|thu 2)\b|^\W*(?:chuyen|vu|viec)\s+(?:thu hai|thu 2|khac nua|so 2)\b"
)
_LEADS_ON = re.compile(r"[\s.,;]*\b(?:con|them)\s+(?:mot |1 )?(?:chuyen|vu|viec)\s+(?:nua|khac)[\s:,.]*$")
_BEGINS = re.compile(
    r"^\W*(?:roi |ma )?(?:con|them)?\s*(?:mot |1 )?(?:chuyen|vu|viec)\s+(?:khac )?"
    r"(?:nua|khac|thu hai|thu 2)\s*(?:la)?\b[\s,:]*"
)
_SURE = 0.5  # that a clause complains at all
_WORDS = 6  # fewer are no story


def apart(said: Heard, facts: Facts) -> list[Heard]:
    """The stories of a message, each as if it had been the whole message; just one when there is only one."""
    groups = _groups(said, facts)
    whole = len(groups) > 1 and all(_tells(said.text, group) for group in groups)
    return [_as_message(said, group) for group in groups] if whole else [said]


def _groups(said: Heard, facts: Facts) -> list[list[Part]]:
    """Clauses in the order in which they were told, parted where another story begins."""
    wards = [match for match in facts.places.find(said.text) if len(match.keys) == 1]
    sent_around = any(part.category == "buck_passing" for part in said.parts)
    groups: list[list[Part]] = []
    here = ""
    for part in said.parts:
        named = next((_today(facts, w.keys[0]) for w in wards if part.start <= w.start < part.end), "")
        elsewhere = bool(named and here and named != here and not sent_around)
        if not groups or elsewhere or _ANOTHER.match(fold(said.text[part.start : part.end])):
            groups.append([])
            here = ""
        groups[-1].append(part)
        here = here or named
    return groups


def _today(facts: Facts, key: str) -> str:
    """Today's commune for a commune; nothing for a district, which only says where a commune lies."""
    place = facts.places.get(key)
    if place.kind not in ("ward_2024", "ward_2025"):
        return ""
    today = facts.places.successor(key)
    return today.key if today else key


def _tells(text: str, group: Sequence[Part]) -> bool:
    complains = any(part.name == "complain" and part.confidence >= _SURE for part in group)
    return complains and len(text[group[0].start : group[-1].end].split()) >= _WORDS


def _as_message(said: Heard, group: Sequence[Part]) -> Heard:
    start, end = group[0].start, group[-1].end
    if begins := _BEGINS.match(fold(said.text[start:end])):
        start += begins.end()
    told = said.text[start:end]
    leads_on = _LEADS_ON.search(fold(told))
    return replace(
        said,
        text=(told[: leads_on.start()] if leads_on else told).strip(" .,;:"),
        entities=[one for one in said.entities if start <= int(one.get("start", -1)) < end],
        categories=_categories(group),
        link=said.link if said.link and _names(told, said.link.name) else None,
        parts=[],
    )


def _names(told: str, procedure: str) -> bool:
    """Whether a story says at least two words of a procedure's name one after another."""
    words = fold(procedure).split()
    return any(f"{one} {other}" in fold(told) for one, other in pairwise(words))


def _categories(group: Sequence[Part]) -> list[dict[str, Any]]:
    """What the clauses complain of, the surest first."""
    told = sorted((one for one in group if one.category), key=lambda one: -one.confidence)
    names = list(dict.fromkeys([*(str(one.category) for one in told), "other_conduct"]))
    return [{"name": name, "confidence": 0.9 / 3**rank} for rank, name in enumerate(names)]
