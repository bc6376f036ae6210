"""Held-out texts: data/eval/nlu. They stand apart from training data, and a test refuses near-duplicates."""

from pathlib import Path
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = ROOT / "data" / "eval" / "nlu"
STYLES = ("accented", "unaccented", "teencode", "southern", "long", "mixed")


class Case(NamedTuple):
    """One text and what should be understood of it. `acts` and `seconds`: the main label, then others as right.
    `procedures`: the codes of which any one is right; empty when none is, None when nobody has judged it."""

    text: str
    acts: Tuple[str, ...]
    seconds: Tuple[str, ...]
    procedures: Optional[FrozenSet[str]]
    style: str

    @property
    def act(self) -> str:
        """The main act."""
        return self.acts[0]


def right_of(accepted: Tuple[str, ...], given: str) -> str:
    """What a given label is compared with: itself when it is accepted, else the main label."""
    return given if given in accepted else accepted[0]


class EntityCase(NamedTuple):
    """One text and the words in it that name something, by kind."""

    text: str
    style: str
    entities: Dict[str, List[str]]


def read_cases(path: Path) -> List[Case]:
    """The texts of one file, "text | act | second | procedure | style" with a slash between labels that are
    equally right. Raises ValueError for a wrong line."""
    cases = []
    for line in yaml.safe_load(path.read_text(encoding="utf-8")):
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 5 or parts[4] not in STYLES:
            raise ValueError(f"{path.name}: needs five parts and a known style: {line}")
        text, act, second, procedure, style = parts
        codes = None if procedure == "?" else frozenset(procedure.split("/")) - {"-"}
        seconds = () if second == "-" else tuple(second.split("/"))
        cases.append(Case(text, tuple(act.split("/")), seconds, codes, style))
    return cases


def read_entities(path: Path = HELD_OUT / "entities.yml") -> List[EntityCase]:
    """The texts of the entity file."""
    found: List[Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [EntityCase(one["text"], one["style"], one.get("entities") or {}) for one in found]
