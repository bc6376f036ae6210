"""Deadlines, routing and legal sentences as data."""

from datetime import date

import pytest

from catalogue.load import Facts
from catalogue.routing import RELATIVE, RoutingRule
from catalogue.validity import holds, overlapping
from tests.unit.catalogue.samples import TODAY, make_procedure


def test_every_kind_of_ticket_has_a_deadline_today(facts: Facts) -> None:
    rules = [rule for rule in facts.deadlines.rules if holds(rule, TODAY)]
    assert {rule.kind for rule in rules if rule.category is None} == {"phan_anh", "kien_nghi", "khen"}
    assert all((rule.days, rule.unit) == (10, "working") for rule in rules)


def test_deadlines_nobody_has_read_are_not_called_certain(facts: Facts) -> None:
    assert {rule.confidence for rule in facts.deadlines.rules} == {"low"}


def fitting(facts: Facts, about: str, head: bool, on: date) -> RoutingRule:
    """The first rule that fits, as data/routing.yml says that rules are tried."""
    return next(
        rule
        for rule in facts.routing.rules
        if holds(rule, on) and about in rule.about and rule.official_is_head in (None, head)
    )


@pytest.mark.parametrize(
    ("about", "head", "on", "to"),
    [
        ("commune", False, TODAY, "head_of_unit"),
        ("commune", True, TODAY, "one_level_up"),
        ("police", True, TODAY, "one_level_up"),
        ("department", False, TODAY, "head_of_unit"),
        ("district", False, TODAY, "coordinator"),
        ("city", False, TODAY, "coordinator"),
        ("unknown", False, TODAY, "coordinator"),
        ("unknown", False, date(2025, 7, 15), "ubnd-tp-can-tho"),
        ("unknown", False, date(2024, 5, 6), "tt-cong-nghe-so-soc-trang"),
    ],
)
def test_routing_table(facts: Facts, about: str, head: bool, on: date, to: str) -> None:
    assert fitting(facts, about, head, on).to == to


@pytest.mark.parametrize("about", ["commune", "district", "department", "police", "city", "unknown"])
@pytest.mark.parametrize("head", [True, False])
def test_no_ticket_is_without_a_rule_since_2024(facts: Facts, about: str, head: bool) -> None:
    for on in (date(2024, 1, 1), date(2025, 6, 30), date(2025, 7, 1), date(2025, 8, 13), TODAY):
        assert fitting(facts, about, head, on).to


def test_rules_name_agencies_that_exist_on_their_days(facts: Facts) -> None:
    for rule in facts.routing.rules:
        if rule.to not in RELATIVE:
            assert facts.agencies.get(rule.to).exists_on(rule.valid_from)
    assert facts.agencies.get(facts.routing.coordinator).exists_on(TODAY)


@pytest.mark.parametrize(
    "key", ["phan_anh", "khieu_nai", "to_cao", "anonymous", "privacy", "who_sees", "no_id_card", "emergency"]
)
def test_legal_sentences_exist_and_are_short(facts: Facts, key: str) -> None:
    text = facts.legal.get(key, TODAY)
    assert 20 < len(text.text) < 260
    assert text.source


def test_legal_texts_hold_on_their_days_only(facts: Facts) -> None:
    assert "113" in facts.legal.get("emergency", TODAY).text
    with pytest.raises(KeyError):
        facts.legal.get("any_commune", date(2025, 6, 30))
    with pytest.raises(KeyError):
        facts.legal.get("no_such_text", TODAY)


@pytest.mark.parametrize(
    ("first", "second", "share_a_day"),
    [
        ((None, date(2025, 6, 30)), (date(2025, 7, 1), None), False),
        ((None, date(2025, 7, 1)), (date(2025, 7, 1), None), True),
        ((None, None), (None, None), True),
        ((date(2026, 1, 1), date(2026, 1, 1)), (date(2026, 1, 1), date(2026, 1, 1)), True),
        ((date(2026, 2, 1), None), (None, date(2026, 1, 31)), False),
    ],
)
def test_overlapping(
    first: tuple[date | None, date | None], second: tuple[date | None, date | None], share_a_day: bool
) -> None:
    spans = [make_procedure(valid_from=start, valid_to=end) for start, end in (first, second)]
    assert overlapping(spans) is share_a_day
