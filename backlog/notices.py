"""What a citizen is told, and when: the rules are the workflow's `notice` column, the words are data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from kit.settings import ROOT

# What the citizens of merged tickets hear too. A question is only for the one who can answer it.
FOR_MERGED = frozenset(
    {"answered", "rejected", "handed_off", "closed", "reopened", "appealed", "interim", "rescheduled"}
)
TEMPLATES = ROOT / "data" / "templates" / "notices.yml"


@dataclass(frozen=True)
class Notice:
    """A message to the citizen: text and buttons as (title, Rasa payload)."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()


def render(key: str, values: Mapping[str, str]) -> Notice:
    """The notice of a key with its values filled in.

    `values` always has number, unit and due; some notices need text, reason, legal_ground, onward, receiver or
    target as well. Raises KeyError for an unknown key or a missing value.
    """
    template = _templates()[key]
    choices = tuple((one["title"], one["payload"].format_map(values)) for one in template.get("choices", ()))
    return Notice(template["text"].strip().format_map(values), choices)


def key_for(key: str, *, reopened: bool, appealed: bool) -> str:
    """The notice that fits a ticket: what its citizen may do about an answer depends on what they have done."""
    if key != "answered":
        return key
    if appealed:
        return "answered_finally"
    return "answered_again" if reopened else key


def keys() -> set[str]:
    """All notices that have words."""
    return set(_templates())


@cache
def _templates() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(TEMPLATES.read_text(encoding="utf-8"))
    return loaded
