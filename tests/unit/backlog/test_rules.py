"""The pure rules: numbers, workflow, deadlines, routing, notices."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlog import deadlines, notices, numbers, routing, workflow
from backlog.deadlines import Pause
from backlog.errors import Incomplete, NotAllowed, WrongState
from backlog.model import ROLES
from backlog.workflow import FIELD_WORDS, TRANSITIONS, WORDS, State
from catalogue.load import Facts
from kit.clock import VIETNAM
from kit.settings import ROOT
from tests.factories import WARD

NOTICES = notices.keys()
SERIAL = st.integers(1, 999_999)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@given(SERIAL, st.integers(0, 9), st.integers(1, 9))
def test_every_wrong_digit_is_noticed(serial: int, place: int, shift: int) -> None:
    number = numbers.make(2026, serial)
    digits = [char for char in number if char.isdigit()]
    digits[place] = str((int(digits[place]) + shift) % 10)
    wrong = f"PA-{''.join(digits[:4])}-{''.join(digits[4:10])}-{digits[10]}"
    assert numbers.is_valid(number)
    assert not numbers.is_valid(wrong)


@given(SERIAL, st.integers(0, 9))
def test_every_swap_of_neighbours_is_noticed(serial: int, place: int) -> None:
    digits = [char for char in numbers.make(2026, serial) if char.isdigit()]
    if digits[place] == digits[place + 1]:
        return
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    assert not numbers.is_valid(f"PA-{''.join(digits[:4])}-{''.join(digits[4:10])}-{digits[10]}")


@pytest.mark.parametrize("serial", [0, 1_000_000])
def test_a_serial_number_has_six_digits(serial: int) -> None:
    with pytest.raises(ValueError, match="six digits"):
        numbers.make(2026, serial)


def test_every_state_can_be_reached() -> None:
    reached = {State.RECEIVED} | {edge.target for edge in TRANSITIONS}
    assert reached == set(State)
    assert set(WORDS) == set(State)


def test_every_edge_says_why_and_names_known_things() -> None:
    for edge in TRANSITIONS:
        assert edge.why
        assert set(edge.who) <= {*ROLES, "citizen", "system"}
        assert set(edge.requires) <= set(FIELD_WORDS)
        assert edge.notice is None or edge.notice in NOTICES


@pytest.mark.parametrize("edge", TRANSITIONS, ids=[edge.action for edge in TRANSITIONS])
def test_an_edge_is_open_to_those_who_may_from_where_it_starts(edge: workflow.Transition) -> None:
    for state in State:
        for role in (*ROLES, "citizen", "system"):
            open_here = edge in workflow.open_to(state, role)
            assert open_here == (state in edge.sources and role in edge.who)


def test_refusals_come_in_order() -> None:
    with pytest.raises(WrongState):
        workflow.check("close", "received", "trainer", ())
    with pytest.raises(NotAllowed):
        workflow.check("answer", "in_progress", "trainer", ())
    with pytest.raises(Incomplete, match="nội dung"):
        workflow.check("answer", "in_progress", "handler", ())
    with pytest.raises(KeyError):
        workflow.check("delete", "received", "admin", ())


def test_the_drawing_is_current() -> None:
    assert (ROOT / "docs" / "workflow.mmd").read_text() == workflow.mermaid()


@pytest.mark.parametrize(
    ("words", "filed", "due"),
    [
        ("Monday, ten working days: Monday in two weeks", "2026-11-16T09:00", "2026-11-30T17:00"),
        ("Saturday counts as the Friday before it", "2026-11-14T09:00", "2026-11-27T17:00"),
        ("over Tết (16 to 20 February 2026)", "2026-02-09T10:00", "2026-03-02T17:00"),
        ("over the made-up Saturday 22/8 and 31/8, 1-2/9 off", "2026-08-20T10:00", "2026-09-07T17:00"),
    ],
)
def test_working_time(facts: Facts, words: str, filed: str, due: str) -> None:
    rule = deadlines.rule_for(
        facts.deadlines, "phan_anh", ["attitude"], date.fromisoformat(filed[:10]), facts.calendar
    )
    assert deadlines.due_at(rule, facts.calendar, at(filed)) == at(due)


def test_waiting_for_the_citizen_does_not_count(facts: Facts) -> None:
    rule = deadlines.rule_for(facts.deadlines, "phan_anh", ["attitude"], date(2026, 11, 16), facts.calendar)
    filed = at("2026-11-16T09:00")
    pause = Pause(at("2026-11-17T10:00"), at("2026-11-20T10:00"))
    assert deadlines.due_at(rule, facts.calendar, filed, [pause]) == at("2026-12-03T17:00")
    open_end = Pause(at("2026-11-17T10:00"), None)
    assert deadlines.due_at(rule, facts.calendar, filed, [open_end]) == deadlines.due_at(rule, facts.calendar, filed)


def test_levels_climb_with_time() -> None:
    filed, due = at("2026-11-16T09:00"), at("2026-11-26T09:00")
    days = (0, 4, 5, 7, 8, 9, 10, 17, 24, 60)
    levels = [deadlines.level(filed, due, filed + timedelta(days=day)) for day in days]
    assert levels == [0, 0, 1, 1, 2, 2, 3, 4, 5, 6]


def test_a_late_ticket_owes_a_word_every_seven_days() -> None:
    due = at("2026-11-26T17:00")
    assert deadlines.next_interim(due, None, at("2026-11-26T16:00"), 7) is None
    assert deadlines.next_interim(due, None, at("2026-11-27T08:00"), 7) == due
    assert deadlines.next_interim(due, at("2026-11-27T08:00"), at("2026-11-28T08:00"), 7) == at("2026-12-04T08:00")


def test_naive_moments_are_refused(facts: Facts) -> None:
    rule = deadlines.rule_for(facts.deadlines, "phan_anh", [], date(2026, 11, 16), facts.calendar)
    with pytest.raises(ValueError, match="naive"):
        deadlines.due_at(rule, facts.calendar, datetime(2026, 11, 16))


@pytest.mark.parametrize(
    ("place", "official", "unit", "rule"),
    [
        (WARD, "", "ubnd:31510", "unit-itself"),
        (WARD, "chị Hạnh", "ubnd:31510", "unit-itself"),
        (WARD, "ông chủ tịch phường", "ubnd-tp-can-tho", "head-of-unit-complained-about"),
        (WARD, "ông phó chủ tịch phường", "ubnd:31510", "unit-itself"),
        (None, "", "ttpvhcc-can-tho", "city-level-or-unknown"),
    ],
)
def test_routing(facts: Facts, place: str | None, official: str, unit: str, rule: str) -> None:
    found = routing.route(
        facts.routing, facts.agencies, agency_key=None, place_key=place, official=official, on=date(2026, 11, 24)
    )
    assert (found.unit, found.rule) == (unit, rule)
    assert found.explanation


def test_a_former_agency_is_answered_for_by_its_successor(facts: Facts) -> None:
    found = routing.route(
        facts.routing,
        facts.agencies,
        agency_key="so-gtvt-soc-trang",
        place_key=None,
        official="",
        on=date(2026, 11, 24),
    )
    assert found.unit == "so-xay-dung-can-tho"


@pytest.mark.parametrize(
    ("words", "agency", "place", "happened", "said"),
    [
        ("a former ward, then", None, WARD, date(2025, 6, 30), "Lúc xảy ra: "),
        ("a former ward's name, used today", None, WARD, date(2025, 7, 1), ""),
        ("a day that nobody knows", None, WARD, None, ""),
        ("a former department, then", "so-gtvt-soc-trang", None, date(2024, 3, 1), "Lúc xảy ra: "),
        ("a unit of today, today", "ubnd:31510", None, date(2026, 11, 20), ""),
    ],
)
def test_a_route_tells_which_unit_it_was_when_it_happened(
    facts: Facts, words: str, agency: str | None, place: str | None, happened: date | None, said: str
) -> None:
    found, plain = (
        routing.route(
            facts.routing,
            facts.agencies,
            agency_key=agency,
            place_key=place,
            official="",
            on=date(2026, 11, 24),
            happened=day,
        )
        for day in (happened, None)
    )
    assert ("Lúc xảy ra" in found.explanation) is bool(said)
    if said:
        then = facts.agencies.get(agency) if agency else facts.agencies.for_place(place or "", happened)
        assert then is not None
        assert f"Lúc xảy ra: {then.name}; nay {facts.agencies.get(found.unit).name} tiếp nhận" in found.explanation
    assert (found.unit, found.about, found.rule) == (plain.unit, plain.about, plain.rule), "it only explains"


def test_one_level_up_is_the_level_above_the_unit_that_the_person_heads(facts: Facts) -> None:
    one_up = {rule.id for rule in facts.routing.rules if rule.to == "one_level_up"}
    on = date(2026, 11, 24)
    for agency, official in (
        ("ubnd:31510", "ông chủ tịch phường"),
        ("ttpvhcc:31510", "bà giám đốc trung tâm"),
        ("ttpvhcc:31510", "ông chủ tịch phường"),
        ("cong-an:31510", "trưởng công an phường"),
    ):
        found = routing.route(
            facts.routing, facts.agencies, agency_key=agency, place_key=None, official=official, on=on
        )
        above = facts.agencies.parent(found.about or "", on)
        assert found.rule in one_up
        assert found.official_is_head
        assert above is not None
        assert found.unit == above.key


def test_the_head_of_the_city_has_nobody_above_so_the_centre_takes_it(facts: Facts) -> None:
    found = routing.route(
        facts.routing,
        facts.agencies,
        agency_key="ubnd-tp-can-tho",
        place_key=None,
        official="ông chủ tịch thành phố",
        on=date(2026, 11, 24),
    )
    assert (found.unit, found.official_is_head) == (facts.routing.coordinator, True)


@pytest.mark.parametrize("key", sorted(NOTICES))
def test_every_notice_reads_well(key: str) -> None:
    names = ("number", "unit", "due", "text", "reason", "legal_ground", "onward", "receiver", "target")
    said = notices.render(key, {name: f"<{name}>" for name in names})
    assert "<number>" in said.text
    assert "{" not in said.text
    assert said.text.endswith((".", "?", ">"))
