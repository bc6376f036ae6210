"""Answers against expectations that were written from the portal's records, not from our data."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.amendments import versions
from catalogue.answers import answer
from catalogue.load import Facts, read_procedures
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY, asked

EXPECTED: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "portal_expectations.yml").read_text(encoding="utf-8")
)
PROCEDURES = {
    version.code: version
    for one in read_procedures(ROOT / "data" / "procedures")
    for version in versions(one)
    if version.valid_on(TODAY)
}
# Two ways to place one tone mark.
_SPELLINGS = (("uỷ", "ủy"), ("khoẻ", "khỏe"), ("hoá", "hóa"), ("xoá", "xóa"))


def plain(text: str) -> str:
    """Lower case, one spelling."""
    text = unicodedata.normalize("NFC", text).lower()
    for other, ours in _SPELLINGS:
        text = text.replace(other, ours)
    return text


def whole_answer(facts: Facts, expected: dict[str, Any]) -> str:
    """All pages of the answer, for the case that the citizen's own words settle."""
    procedure = PROCEDURES[expected["code"]]
    told = facts.situations.told(procedure, expected.get("said", ""), TODAY)
    first = answer(procedure, expected["aspect"], facts, asked(situation=told))
    pages = range(1, first.pages + 1)
    return "\n".join(
        answer(procedure, expected["aspect"], facts, asked(situation=told, page=page)).text for page in pages
    )


def name(expected: dict[str, Any]) -> str:
    """How the test is called."""
    return f"{expected['code']}-{expected['aspect']}-{expected.get('said', '')}"


@pytest.mark.parametrize("expected", EXPECTED, ids=name)
def test_the_answer_says_what_the_portal_says(facts: Facts, expected: dict[str, Any]) -> None:
    text = plain(whole_answer(facts, expected))
    assert [words for words in expected.get("says", []) if plain(words) not in text] == [], text
    assert [words for words in expected.get("not_says", []) if plain(words) in text] == [], text


def test_enough_is_expected() -> None:
    assert len({one["code"] for one in EXPECTED}) >= 40
    assert len([one for one in EXPECTED if "said" in one]) >= 10
