"""Training data and held-out data: enough, apart from each other, and well formed."""

from pathlib import Path

import pytest
import yaml
from rapidfuzz import fuzz, process

from catalogue.load import read_procedures
from catalogue.procedures import ASPECTS
from kit.settings import ROOT
from vntext.fold import fold

EXAMPLES = {
    block["intent"]: [line[2:].strip() for line in block["examples"].splitlines() if line.startswith("- ")]
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml"))
    for block in yaml.safe_load(path.read_text()).get("nlu", [])
}
HELD_OUT = [
    [part.strip() for part in line.split(" | ")]
    for path in sorted((ROOT / "data" / "eval" / "nlu").glob("*.yml"))
    if path.stem != "entities"
    for line in yaml.safe_load(path.read_text())
]
QUESTIONS: dict[str, list[str]] = yaml.safe_load((ROOT / "data" / "nlu" / "procedure_questions.yml").read_text())
NATIONAL: dict[str, list[str]] = yaml.safe_load((ROOT / "data" / "nlu" / "national_questions.yml").read_text())
TEXTS = [fold(text) for texts in [*EXAMPLES.values(), *QUESTIONS.values(), *NATIONAL.values()] for text in texts]


@pytest.mark.parametrize("intent", sorted(EXAMPLES))
def test_every_label_has_enough_examples(intent: str) -> None:
    assert len(EXAMPLES[intent]) >= 40
    assert len(set(EXAMPLES[intent])) == len(EXAMPLES[intent])


def test_no_text_has_two_labels() -> None:
    owners: dict[str, set[str]] = {}
    for intent, texts in EXAMPLES.items():
        for text in texts:
            owners.setdefault(fold(text), set()).add(intent)
    assert {text: found for text, found in owners.items() if len(found) > 1} == {}


def test_questions_belong_to_known_procedures_and_to_one_only() -> None:
    codes = {one.code for one in read_procedures(ROOT / "data" / "procedures")}
    assert set(QUESTIONS) <= codes
    owners: dict[str, set[str]] = {}
    for code, texts in QUESTIONS.items():
        for text in texts:
            owners.setdefault(fold(text), set()).add(code)
    assert {text: found for text, found in owners.items() if len(found) > 1} == {}


def test_national_questions_are_about_procedures_that_are_not_checked_and_stand_once() -> None:
    codes = {one.code for one in read_procedures(ROOT / "data" / "procedures")}
    texts = [fold(text) for own in NATIONAL.values() for text in own]
    assert not codes & set(NATIONAL)
    assert len(texts) == len(set(texts))


def test_every_aspect_is_taught() -> None:
    assert {f"ask_procedure/{aspect}" for aspect in ASPECTS} <= set(EXAMPLES)


def test_held_out_texts_are_not_in_the_training_data() -> None:
    near = [
        (text, found[0])
        for text, *_ in HELD_OUT
        if (found := process.extractOne(fold(text), TEXTS, scorer=fuzz.ratio)) and found[1] >= 92
    ]
    assert near == []


def test_held_out_data_cover_all_styles_and_are_well_formed() -> None:
    assert {parts[4] for parts in HELD_OUT} >= {"accented", "unaccented", "teencode", "southern", "long"}
    intents = {intent.split("/")[0] for intent in EXAMPLES}
    assert {act for parts in HELD_OUT for act in parts[1].split("/")} <= intents
    assert Path(ROOT / "data" / "eval").is_dir()
