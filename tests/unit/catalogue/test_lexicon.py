"""The lexicon that understanding is trained on."""

import json
from datetime import date
from pathlib import Path

from catalogue import lexicon
from catalogue.load import Facts, read_procedures
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY, make_procedure

PROCEDURES = read_procedures(ROOT / "data" / "procedures")


def test_it_holds_everything_that_is_valid(facts: Facts) -> None:
    built = lexicon.build(PROCEDURES, [], facts, TODAY)
    assert built["version"] == 1
    assert len(built["procedures"]) == 111
    assert len(built["places"]) == 109 + 43 + 11 + 2
    assert {place["kind"] for place in built["places"]} == {"ward_2024", "ward_2025", "district_2024", "province"}
    assert set(built["procedures"][0]) == {"code", "name", "short_name", "aliases", "field"}
    assert "ttpvhcc-can-tho" in {agency["key"] for agency in built["agencies"]}


def test_what_no_longer_holds_is_left_out(facts: Facts) -> None:
    over = make_procedure(valid_to=date(2026, 1, 31))
    assert lexicon.build([over], [], facts, TODAY)["procedures"] == []


def test_equal_data_give_equal_files_on_any_day(facts: Facts, tmp_path: Path) -> None:
    lexicon.export(PROCEDURES, [], facts, tmp_path / "deep" / "one.json", TODAY)
    lexicon.export(list(reversed(PROCEDURES)), [], facts, tmp_path / "two.json", date(2026, 12, 1))
    assert (tmp_path / "deep" / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert json.loads((tmp_path / "two.json").read_text(encoding="utf-8"))["as_of"] == "2026-09-10"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_keys_of_the_lexicon_are_keys_of_the_facts(facts: Facts) -> None:
    built = lexicon.build(PROCEDURES, [], facts, TODAY)
    for place in built["places"]:
        assert facts.places.get(place["key"]).name == place["name"]
    for agency in built["agencies"]:
        assert facts.agencies.get(agency["key"]).name == agency["name"]
