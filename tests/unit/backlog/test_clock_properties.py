"""What holds for every clock, whatever the day of filing, the rule, the pauses and the calendar."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backlog import deadlines
from backlog.deadlines import Pause
from catalogue.calendar import SpecialDay, WorkingCalendar
from catalogue.deadlines import DeadlineRule
from catalogue.load import Facts
from kit.clock import VIETNAM

DAY = timedelta(days=1)
MOST = settings(max_examples=120, deadline=None)
FILED = st.datetimes(datetime(2024, 1, 1), datetime(2027, 5, 31)).map(lambda moment: moment.replace(tzinfo=VIETNAM))
SPANS = st.lists(st.tuples(st.floats(0, 15), st.floats(0, 20)), max_size=3)
HALF_DAYS = st.sets(st.dates(date(2024, 1, 1), date(2027, 12, 31)), max_size=60)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=VIETNAM)


def make_rule(days: int, unit: str, **more: Any) -> DeadlineRule:
    """A rule about reports of any category."""
    values = {"kind": "phan_anh", "legal_basis": "thử", "source": "thử", "confidence": "low"}
    return DeadlineRule.model_validate(values | {"days": days, "unit": unit, "valid_from": date(2020, 1, 1)} | more)


RULES = st.builds(make_rule, st.integers(1, 40), st.sampled_from(["working", "calendar"]))


def pauses_after(moment: datetime, spans: list[tuple[float, float]]) -> list[Pause]:
    """Pauses one after another: so many days after the one before, and so many days long."""
    pauses = []
    for gap, length in spans:
        start = moment + gap * DAY
        moment = start + length * DAY
        pauses.append(Pause(start, moment))
    return pauses


def with_half_days(calendar: WorkingCalendar, days: set[date]) -> WorkingCalendar:
    """The calendar with some of its working days cut to the morning."""
    half = {day: SpecialDay("half", "thử", "thử") for day in days if calendar.is_working_day(day)}
    return replace(calendar, special={**calendar.special, **half})


# The deadline


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS, half_days=HALF_DAYS)
def test_a_limit_ends_when_an_office_closes_for_the_day(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]], half_days: set[date]
) -> None:
    calendar = with_half_days(facts.calendar, half_days)
    due = deadlines.due_at(rule, calendar, filed, pauses_after(filed, spans))
    assert due > filed
    assert due == calendar.closes(due.date())
    assert calendar.is_open(due - timedelta(minutes=1))
    assert not calendar.is_open(due)


@MOST
@given(filed=FILED, wait=st.floats(0, 30), rule=RULES, spans=SPANS, half_days=HALF_DAYS)
def test_what_is_filed_later_is_never_due_earlier(
    facts: Facts,
    filed: datetime,
    wait: float,
    rule: DeadlineRule,
    spans: list[tuple[float, float]],
    half_days: set[date],
) -> None:
    later, calendar = filed + wait * DAY, with_half_days(facts.calendar, half_days)
    pauses = pauses_after(later, spans)
    first, second = (deadlines.due_at(rule, calendar, moment, pauses) for moment in (filed, later))
    assert first <= second


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS.filter(bool), left_out=st.integers(0, 2), half_days=HALF_DAYS)
def test_a_further_pause_never_brings_the_deadline_forward(
    facts: Facts,
    filed: datetime,
    rule: DeadlineRule,
    spans: list[tuple[float, float]],
    left_out: int,
    half_days: set[date],
) -> None:
    calendar, pauses = with_half_days(facts.calendar, half_days), pauses_after(filed, spans)
    fewer = [pause for number, pause in enumerate(pauses) if number != left_out % len(pauses)]
    assert deadlines.due_at(rule, calendar, filed, fewer) <= deadlines.due_at(rule, calendar, filed, pauses)
    assert deadlines.due_at(rule, calendar, filed, pauses[::-1]) == deadlines.due_at(rule, calendar, filed, pauses)


@MOST
@given(filed=FILED, rule=RULES, share=st.floats(0, 0.95), length=st.floats(0, 20))
def test_a_pause_inside_gives_back_exactly_its_days(
    facts: Facts, filed: datetime, rule: DeadlineRule, share: float, length: float
) -> None:
    calendar, due = facts.calendar, deadlines.due_at(rule, facts.calendar, filed)
    start = filed + (due - filed) * share
    end = start + length * DAY
    assume(end < due)
    moved = deadlines.due_at(rule, calendar, filed, [Pause(start, end)])
    if rule.unit == "working":
        given_back = calendar.working_days_between(start.date(), end.date())
        assert calendar.working_days_between(due.date(), moved.date()) == given_back
    else:
        assert moved == calendar.add_calendar_days(filed, rule.days + (end.date() - start.date()).days)


@MOST
@given(filed=FILED, rule=RULES, share=st.floats(0, 0.999), length=st.floats(0, 40))
def test_an_answer_never_finds_a_ticket_late_that_was_in_time_when_it_was_asked_for(
    facts: Facts, filed: datetime, rule: DeadlineRule, share: float, length: float
) -> None:
    due = deadlines.due_at(rule, facts.calendar, filed)
    start = filed + (due - filed) * share
    pause = Pause(start, start + length * DAY)
    moved = deadlines.due_at(rule, facts.calendar, filed, [pause])
    assert pause.end is not None
    assert moved > pause.end
    assert deadlines.level(filed, moved, pause.end, [pause]) < 3


@pytest.mark.parametrize(
    ("words", "unit", "end", "due"),
    [
        ("asked an hour before the end, answered on Saturday: Monday", "working", "2026-11-21T10:00", "2026-11-23"),
        ("answered the next evening, after hours: the day after", "working", "2026-11-24T18:00", "2026-11-25"),
        ("answered the next working morning: that day", "working", "2026-11-23T08:00", "2026-11-23"),
        ("in calendar days, answered on Sunday: Monday", "calendar", "2026-11-22T10:00", "2026-11-23"),
    ],
)
def test_whoever_asks_on_the_last_day_gets_that_day_back(
    facts: Facts, words: str, unit: str, end: str, due: str
) -> None:
    rule = make_rule(4, unit)
    pause = Pause(at("2026-11-20T16:00"), at(end))  # a Friday, and the last day
    assert deadlines.due_at(rule, facts.calendar, at("2026-11-16T09:00")) == at("2026-11-20T17:00")
    assert deadlines.due_at(rule, facts.calendar, at("2026-11-16T09:00"), [pause]) == at(f"{due}T17:00"), words


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS, late=st.floats(0, 30))
def test_a_pause_that_begins_late_or_has_not_ended_gives_nothing_back(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]], late: float
) -> None:
    pauses = pauses_after(filed, spans)
    due = deadlines.due_at(rule, facts.calendar, filed, pauses)
    start = max(due, pauses[-1].end or due) if pauses else due
    for further in (Pause(start + late * DAY, start + (late + 3) * DAY), Pause(filed, None)):
        assert deadlines.due_at(rule, facts.calendar, filed, [*pauses, further]) == due


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS)
def test_a_moment_is_the_same_in_every_time_zone(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]]
) -> None:
    pauses = pauses_after(filed, spans)
    abroad = [Pause(pause.start.astimezone(UTC), pause.end and pause.end.astimezone(UTC)) for pause in pauses]
    here = deadlines.due_at(rule, facts.calendar, filed, pauses)
    assert deadlines.due_at(rule, facts.calendar, filed.astimezone(UTC), abroad) == here


# The rule


@MOST
@given(filed=FILED, rules=st.lists(RULES, min_size=1, max_size=4))
def test_of_several_rules_the_one_that_ends_first_holds(
    facts: Facts, filed: datetime, rules: list[DeadlineRule]
) -> None:
    file = facts.deadlines.model_copy(update={"rules": rules})
    chosen = deadlines.rule_for(file, "phan_anh", [], filed.date(), facts.calendar)
    ends = [deadlines.due_at(rule, facts.calendar, filed) for rule in rules]
    assert deadlines.due_at(chosen, facts.calendar, filed) == min(ends)


@pytest.mark.parametrize(
    ("words", "filed", "unit"),
    [
        ("Monday: four working days end on Friday, five calendar days on Saturday", date(2026, 11, 16), "working"),
        (
            "Thursday: four working days end on Wednesday, five calendar days on Tuesday",
            date(2026, 11, 19),
            "calendar",
        ),
    ],
)
def test_calendar_days_and_working_days_are_compared_by_the_calendar(
    facts: Facts, words: str, filed: date, unit: str
) -> None:
    rules = [make_rule(4, "working", category="delay"), make_rule(5, "calendar", category="attitude")]
    file = facts.deadlines.model_copy(update={"rules": [*rules, make_rule(1, "calendar")]})
    chosen = deadlines.rule_for(file, "phan_anh", ["attitude", "delay"], filed, facts.calendar)
    assert chosen.unit == unit, words


# The real calendar


@pytest.mark.parametrize("days", [1, 2, 5, 10, 30])
def test_working_days_are_those_of_the_list_from_2024_to_2027(facts: Facts, days: int) -> None:
    """Every day of filing, against a plain list of the days on which offices are open."""
    every = [date(2024, 1, 1) + n * DAY for n in range((date(2028, 1, 1) - date(2024, 1, 1)).days)]
    special = facts.calendar.special
    worked = [day for day in every if (special[day].kind != "off" if day in special else day.weekday() < 5)]
    rule, ahead = make_rule(days, "working"), 0
    for day in every:
        ahead += ahead < len(worked) and worked[ahead] <= day
        if ahead + days > len(worked):
            break
        due = deadlines.due_at(rule, facts.calendar, datetime.combine(day, time(9), VIETNAM))
        assert due.date() == worked[ahead + days - 1], day


@pytest.mark.parametrize(
    ("words", "filed", "due"),
    [
        ("Tết Giáp Thìn", "2024-02-07", "2024-02-15"),
        ("Tết Ất Tỵ", "2025-01-24", "2025-02-03"),
        ("Tết Bính Ngọ", "2026-02-13", "2026-02-23"),
        ("Tết Đinh Mùi, not announced yet", "2027-02-03", "2027-02-11"),
        ("29/4/2024 is off", "2024-04-26", "2024-05-02"),
        ("and made up on Saturday 4/5/2024", "2024-05-03", "2024-05-04"),
        ("2/5/2025 is off", "2025-04-29", "2025-05-05"),
        ("and made up on Saturday 26/4/2025", "2025-04-25", "2025-04-26"),
        ("2/1/2026 is off", "2025-12-31", "2026-01-05"),
        ("and made up on Saturday 10/1/2026", "2026-01-09", "2026-01-10"),
        ("31/8/2026 is off", "2026-08-28", "2026-09-03"),
        ("and made up on Saturday 22/8/2026", "2026-08-21", "2026-08-22"),
    ],
)
def test_one_working_day_over_holidays_and_swapped_days(facts: Facts, words: str, filed: str, due: str) -> None:
    found = deadlines.due_at(make_rule(1, "working"), facts.calendar, at(f"{filed}T16:59"))
    assert found == at(f"{due}T17:00"), words


def test_no_limit_ends_in_a_swapped_or_free_day_and_half_days_end_at_noon(facts: Facts) -> None:
    for day, special in facts.calendar.special.items():
        filed = datetime.combine(day - DAY, time(9), VIETNAM)
        due = deadlines.due_at(make_rule(1, "calendar"), facts.calendar, filed)
        assert (due.date() == day) is (special.kind != "off"), day
        assert special.kind != "half" or due.time() == facts.calendar.hours[0].closes


def test_a_limit_that_ends_on_a_half_day_ends_with_the_morning(facts: Facts) -> None:
    calendar = with_half_days(facts.calendar, {date(2026, 2, 13)})
    assert deadlines.due_at(make_rule(1, "working"), calendar, at("2026-02-12T09:00")) == at("2026-02-13T11:00")
    asked = Pause(at("2026-02-13T10:00"), at("2026-02-13T11:30"))  # answered after the office has closed for Tết
    due = deadlines.due_at(make_rule(1, "working"), calendar, at("2026-02-12T09:00"), [asked])
    assert due == at("2026-02-23T17:00")


# Warnings, levels, interim replies


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS)
def test_warnings_come_in_order_between_filing_and_deadline(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]]
) -> None:
    pauses = pauses_after(filed, spans)
    due = deadlines.due_at(rule, facts.calendar, filed, pauses)
    points = deadlines.warning_points(filed, due, pauses)
    assert len(points) == len(deadlines.WARN_AT)
    assert all(first <= second for first, second in pairwise([filed, *points, due]))


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS, days=st.lists(st.floats(-1, 120), min_size=2, max_size=12))
def test_levels_only_climb_as_time_passes(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]], days: list[float]
) -> None:
    pauses = pauses_after(filed, spans)
    due = deadlines.due_at(rule, facts.calendar, filed, pauses)
    levels = [deadlines.level(filed, due, filed + day * DAY, pauses) for day in sorted(days)]
    assert levels == sorted(levels)
    assert set(levels) <= set(range(7))


@MOST
@given(filed=FILED, rule=RULES, spans=SPANS, weeks=st.integers(0, 6))
def test_the_level_is_three_at_the_deadline_and_one_more_each_week(
    facts: Facts, filed: datetime, rule: DeadlineRule, spans: list[tuple[float, float]], weeks: int
) -> None:
    pauses = pauses_after(filed, spans)
    due = deadlines.due_at(rule, facts.calendar, filed, pauses)
    assert deadlines.level(filed, due, due + 7 * weeks * DAY, pauses) == min(6, 3 + weeks)
    assert deadlines.level(filed, due, due - timedelta(microseconds=1), pauses) <= 2


@MOST
@given(due=FILED, looks=st.lists(st.floats(0, 90), min_size=1, max_size=30), days=st.integers(1, 14))
def test_interim_replies_keep_their_distance_however_often_somebody_looks(
    due: datetime, looks: list[float], days: int
) -> None:
    sent: list[datetime] = []
    for now in (due + look * DAY for look in sorted(looks)):
        owed = deadlines.next_interim(due, sent[-1] if sent else None, now, days)
        assert owed is not None
        if owed <= now:
            sent.append(now)
    assert sent[0] == due + min(looks) * DAY
    assert all(second - first >= days * DAY for first, second in pairwise(sent))


@MOST
@given(due=FILED, early=st.floats(0.001, 20), weeks=st.integers(1, 12))
def test_a_late_ticket_hears_every_seven_days_and_one_in_time_never(
    facts: Facts, due: datetime, early: float, weeks: int
) -> None:
    every = facts.deadlines.interim_reply_days
    last = due
    assert deadlines.next_interim(due, None, due, every) == due
    for _ in range(weeks):
        assert deadlines.next_interim(due, last, last, every) == last + 7 * DAY
        last += 7 * DAY
    assert deadlines.next_interim(due, None, due - early * DAY, every) is None


# Naive moments

NAIVE = datetime(2026, 11, 16, 9)
AWARE = NAIVE.replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    "reckon",
    [
        lambda facts: deadlines.due_at(make_rule(1, "working"), facts.calendar, NAIVE),
        lambda facts: deadlines.due_at(make_rule(1, "calendar"), facts.calendar, NAIVE),
        lambda facts: deadlines.due_at(make_rule(1, "working"), facts.calendar, AWARE, [Pause(NAIVE, AWARE)]),
        lambda facts: deadlines.due_at(make_rule(1, "working"), facts.calendar, AWARE, [Pause(AWARE, NAIVE)]),
        lambda facts: deadlines.warning_points(NAIVE, NAIVE + DAY),
        lambda facts: deadlines.warning_points(AWARE, AWARE + DAY, [Pause(NAIVE, None)]),
        lambda facts: deadlines.level(NAIVE, NAIVE + DAY, NAIVE),
        lambda facts: deadlines.level(AWARE, AWARE + DAY, NAIVE),
        lambda facts: deadlines.used_share(NAIVE, NAIVE + DAY, NAIVE),
        lambda facts: deadlines.next_interim(NAIVE, None, NAIVE, 7),
        lambda facts: deadlines.next_interim(AWARE, NAIVE, AWARE, 7),
    ],
)
def test_a_naive_moment_is_refused(facts: Facts, reckon: Callable[[Facts], object]) -> None:
    with pytest.raises(ValueError, match="naive"):
        reckon(facts)
