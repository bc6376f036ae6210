"""Held-out texts: data/eval/nlu. They stand apart from training data, and a test refuses near-duplicates."""

from pathlib import Path
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional

import yaml

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = ROOT / "data" / "eval" / "nlu"
STYLES = ("accented", "unaccented", "teencode", "southern", "long", "mixed")


class Case(NamedTuple):
    """One text and what should be understood of it. `procedures`: the codes of which any one is right; empty when
    none is, None when nobody has judged it."""

    text: str
    act: str
    second: Optional[str]
    procedures: Optional[FrozenSet[str]]
    style: str


class EntityCase(NamedTuple):
    """One text and the words in it that name something, by kind."""

    text: str
    style: str
    entities: Dict[str, List[str]]


def read_cases(path: Path) -> List[Case]:
    """The texts of one file, "text | act | second | procedure | style". Raises ValueError for a wrong line."""
    cases = []
    for line in yaml.safe_load(path.read_text(encoding="utf-8")):
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 5 or parts[4] not in STYLES:
            raise ValueError(f"{path.name}: needs five parts and a known style: {line}")
        text, act, second, procedure, style = parts
        codes = None if procedure == "?" else frozenset(procedure.split("/")) - {"-"}
        cases.append(Case(text, act, None if second == "-" else second, codes, style))
    return cases


def read_entities(path: Path = HELD_OUT / "entities.yml") -> List[EntityCase]:
    """The texts of the entity file."""
    found: List[Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [EntityCase(one["text"], one["style"], one.get("entities") or {}) for one in found]
