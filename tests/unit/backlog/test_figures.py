"""Figures: recounted in plain Python on random histories, and by hand where the rule is a matter of choice."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import policy, queries, tickets
from backlog.context import CITIZEN, Change, Desk, staff_actor
from backlog.errors import AppealRefused, ReopenTooLate
from backlog.figures import By, Figures, Period, figures, public_figures
from backlog.model import KINDS, Rating, Staff, Ticket
from backlog.words import CATEGORIES
from backlog.workflow import State
from catalogue.load import Facts
from kit.clock import VIETNAM
from kit.crypto import Sealer
from kit.errors import Invalid
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_staff, make_ticket

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOVEMBER = Period.month(2026, 11)
WHOLE = Period.year(2026)
NOW = MONDAY + 24 * DAY
UNITS = (UNIT, OTHER_UNIT, "ubnd-tp-can-tho")
BYS: tuple[By | None, ...] = (None, "unit", "category", "kind", "month")


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=VIETNAM)


class Office:
    """Tickets that are filed and worked on at chosen moments, by an administrator who sees everything."""

    def __init__(self, session: Session, facts: Facts, sealer: Sealer) -> None:
        self.session, self.facts, self.sealer = session, facts, sealer
        self.admin = make_staff(session, "admin", None, full_name="Quản Trị Viên")

    def file(self, now: datetime = MONDAY, **more: Any) -> Ticket:
        return make_ticket(self.session, self.facts, self.sealer, now=now, **more)

    def take(self, ticket: Ticket, action: str, now: datetime, **given: Any) -> None:
        desk = Desk(self.session, self.facts, self.sealer, now)
        actor = CITIZEN if action in ("citizen_reply", "withdraw", "reopen", "appeal") else staff_actor(self.admin)
        words = dict.fromkeys(("text", "checked", "reason", "legal_ground", "onward", "receiver"), "như đã nói")
        tickets.change(desk, actor, ticket, action, Change(**{**words, **given}))

    def answer(self, ticket: Ticket, now: datetime) -> None:
        self.take(ticket, "start", now)
        self.take(ticket, "answer", now)

    def move(self, ticket: Ticket, unit: str) -> None:
        self.take(ticket, "transfer", ticket.filed_at + HOUR, unit=unit)

    def rate(self, ticket: Ticket, stars: int) -> None:
        self.session.add(Rating(ticket_id=ticket.id, stars=stars, at=NOW))
        self.session.flush()

    def total(self, period: Period = NOVEMBER, **more: Any) -> Figures:
        found = figures(self.session, period, by=None, now=more.pop("now", NOW), **more)
        assert list(found) == [""]
        return found[""]


@pytest.fixture
def office(session: Session, facts: Facts, sealer: Sealer) -> Office:
    return Office(session, facts, sealer)


NEXT = {
    State.RECEIVED: ("start", "start", "start", "reject", "hand_off", "merge", "withdraw", "transfer"),
    State.TRIAGED: ("start",),
    State.IN_PROGRESS: ("ask", "ask", "answer", "answer", "answer", "reject", "merge", "transfer"),
    State.WAITING_CITIZEN: ("citizen_reply", "citizen_reply", "resume", "withdraw"),
    State.ANSWERED: ("close", "reopen", "reopen", "appeal"),
    State.CLOSED: ("reopen",),
    State.REJECTED: ("reopen",),
    State.REOPENED: ("start", "reject"),
}


def live(office: Office, dice: random.Random, ticket: Ticket) -> None:
    """One life of a ticket, at random, until now or until nothing more happens to it."""
    moment = ticket.filed_at
    for _ in range(dice.randint(0, 9)):
        moment += timedelta(hours=dice.choice((1, 5, 30, 100, 300)), seconds=dice.randint(0, 3599))
        if moment > NOW or State(ticket.state) not in NEXT:
            break
        others = [one for one in queries.every(office.session) if State(one.state).is_open and one != ticket]
        target = dice.choice(others) if others else None
        action = dice.choice(NEXT[State(ticket.state)])
        if action == "merge" and target is None:
            continue
        try:
            office.take(ticket, action, moment, target=target, unit=dice.choice(UNITS))
        except (ReopenTooLate, AppealRefused):
            break
    if dice.random() < 0.4:
        office.rate(ticket, dice.randint(1, 5))


def make_history(office: Office, seed: int) -> list[Ticket]:
    dice = random.Random(seed)
    made = []
    for _ in range(60):
        kind = dice.choice(KINDS)
        categories = dice.sample(sorted(CATEGORIES), dice.randint(0, 3))
        filed = at("2026-09-20T00:00") + timedelta(minutes=dice.randint(0, 80 * 24 * 60))
        made.append(office.file(filed, kind=kind, categories=categories))
        live(office, dice, made[-1])
    return made


def recount(session: Session, group: Iterable[Ticket], now: datetime) -> Figures:
    """The same figures, ticket by ticket."""
    group = list(group)
    done = [one for one in group if one.state in (State.ANSWERED, State.CLOSED)]
    on_time = [one for one in done if one.answered_at and one.answered_at <= one.due_at]
    still = [one for one in group if State(one.state).is_open]
    late = [one for one in still if is_late(session, one, now)]
    stars = [row.stars for one in group if (row := session.get(Rating, one.id))]
    return Figures(
        filed=len(group),
        open=len(still),
        answered=len(done),
        on_time=len(on_time),
        late_answered=len(done) - len(on_time),
        late_open=len(late),
        on_time_share=len(on_time) / (len(done) + len(late)) if done or late else None,
        median_days=median(own_days(session, one) for one in done) if done else None,
        reopened=sum(one.reopened for one in group),
        rejected=sum(one.state == State.REJECTED for one in group),
        withdrawn=sum(one.state == State.WITHDRAWN for one in group),
        rating_mean=mean(stars) if stars else None,
        rating_n=len(stars),
    )


def is_late(session: Session, ticket: Ticket, now: datetime) -> bool:
    waiting = [pause.started_at for pause in queries.pauses(session, ticket) if pause.ended_at is None]
    return ticket.due_at < (waiting[0] if waiting else now)


def own_days(session: Session, ticket: Ticket) -> float:
    assert ticket.answered_at
    own = ticket.answered_at - ticket.clock_from
    for pause in queries.pauses(session, ticket):
        if pause.started_at >= ticket.clock_from:
            assert pause.ended_at
            own -= pause.ended_at - pause.started_at
    return own / DAY


KEYS: dict[By | None, Callable[[Ticket], Sequence[str]]] = {
    None: lambda ticket: [""],
    "unit": lambda ticket: [ticket.unit_key],
    "category": lambda ticket: ticket.categories or [""],
    "kind": lambda ticket: [ticket.kind],
    "month": lambda ticket: [f"{ticket.filed_at.astimezone(VIETNAM):%Y-%m}"],
}


def assert_recounted(session: Session, found: dict[str, Figures], wanted: Iterable[Ticket], by: By | None) -> None:
    groups = defaultdict(list)
    for ticket in wanted:
        for key in KEYS[by](ticket):
            groups[key].append(ticket)
    assert found.keys() == groups.keys()
    for key, group in groups.items():
        assert asdict(found[key]) == pytest.approx(asdict(recount(session, group, NOW))), (by, key)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_histories_are_counted_as_ticket_by_ticket(session: Session, office: Office, seed: int) -> None:
    made = make_history(office, seed)
    assert all(asdict(recount(session, made, NOW)).values()), "what never happens is not tried"
    assert {State.MERGED, State.WAITING_CITIZEN} <= {State(one.state) for one in made}
    autumn = Period(date(2026, 10, 1), date(2026, 11, 15))
    filed = [one for one in made if autumn.first <= one.filed_at.astimezone(VIETNAM).date() <= autumn.last]
    for by in BYS:
        assert_recounted(session, figures(session, WHOLE, by=by, now=NOW), made, by)
        assert_recounted(session, figures(session, autumn, by=by, now=NOW), filed, by)


@pytest.mark.parametrize("role", ["handler", "unit_head", "inspector", "coordinator"])
def test_staff_see_figures_of_the_tickets_that_they_see(session: Session, office: Office, role: str) -> None:
    made = make_history(office, 4)
    staff = make_staff(session, role, UNIT if role in ("handler", "unit_head") else None)
    visible = session.scalars(policy.visible_tickets(staff)).all()
    assert visible
    assert (len(visible) < len(made)) == (role != "coordinator")
    for by in BYS:
        assert_recounted(session, figures(session, WHOLE, by=by, staff=staff, now=NOW), visible, by)


def test_figures_do_not_tell_a_clerk_about_a_complaint_against_them(session: Session, office: Office) -> None:
    office.file(official="chị Hạnh")
    about = make_staff(session, full_name="Lê Thị Hạnh")
    colleague = make_staff(session, full_name="Trần Văn Thử")
    assert office.total(staff=about) == Figures()
    assert figures(session, NOVEMBER, by="unit", staff=about) == {}
    assert office.total(staff=colleague).filed == 1


@pytest.mark.parametrize(("role", "active"), [("trainer", True), ("coordinator", False)])
def test_who_may_see_no_ticket_sees_no_figure(session: Session, office: Office, role: str, active: bool) -> None:
    office.file()
    staff: Staff = make_staff(session, role, None, active=active)
    assert office.total(staff=staff) == Figures()
    assert figures(session, NOVEMBER, by="category", staff=staff) == {}


def test_a_period_without_tickets_has_a_total_of_nothing_and_no_groups(session: Session, office: Office) -> None:
    office.file()
    december = Period.month(2026, 12)
    assert office.total(december) == Figures()
    assert all(figures(session, december, by=by) == {} for by in BYS if by)
    assert public_figures(session, december) == {}


def test_months_begin_and_end_at_midnight_in_vietnam(session: Session, office: Office) -> None:
    for moment in (
        "2026-10-31T16:59:59+00:00",  # still 31 October in Vietnam
        "2026-10-31T17:00:00+00:00",
        "2026-10-31T18:00:00+00:00",
        "2026-11-30T16:59:59+00:00",
        "2026-11-30T17:00:00+00:00",  # 1 December
    ):
        office.file(datetime.fromisoformat(moment))
    assert office.total().filed == 3
    months = figures(session, WHOLE, by="month")
    assert {key: one.filed for key, one in months.items()} == {"2026-10": 1, "2026-11": 3, "2026-12": 1}
    assert list(months) == sorted(months)


def test_a_ticket_belongs_to_the_month_in_which_it_was_filed_not_answered(office: Office) -> None:
    ticket = office.file(at("2026-11-30T15:00"))
    office.answer(ticket, at("2026-12-02T09:00"))
    assert office.total().answered == 1
    assert office.total(Period.month(2026, 12)) == Figures()


def test_two_categories_of_a_ticket_both_count_but_once_in_the_total(session: Session, office: Office) -> None:
    office.file(categories=["attitude", "delay"])
    office.file(categories=["delay", "delay"])
    office.file(kind="khen", categories=[])
    groups = figures(session, NOVEMBER, by="category")
    assert {key: one.filed for key, one in groups.items()} == {"attitude": 1, "delay": 2, "": 1}
    assert office.total().filed == 3


def test_one_kind_can_be_counted_alone(session: Session, office: Office) -> None:
    office.file()
    office.file(kind="khen", categories=[])
    assert office.total(kind="khen").filed == 1
    assert list(figures(session, NOVEMBER, by="kind", kind="khen")) == ["khen"]


@pytest.mark.parametrize(("after", "on_time"), [(timedelta(), 1), (timedelta(seconds=1), 0)])
def test_an_answer_at_the_last_moment_is_in_time(office: Office, after: timedelta, on_time: int) -> None:
    ticket = office.file()
    office.answer(ticket, ticket.due_at + after)
    total = office.total()
    assert (total.answered, total.on_time, total.late_answered) == (1, on_time, 1 - on_time)
    assert total.on_time_share == on_time


def test_a_ticket_that_is_not_due_yet_is_neither_in_time_nor_late(office: Office) -> None:
    early, answered = office.file(), office.file()
    assert office.total(now=early.due_at).on_time_share is None
    office.answer(answered, MONDAY + DAY)
    total = office.total(now=early.due_at)
    assert (total.open, total.late_open, total.on_time_share) == (1, 0, 1.0)
    total = office.total(now=early.due_at + timedelta(seconds=1))
    assert (total.open, total.late_open, total.on_time_share) == (1, 1, 0.5)


def test_waiting_for_the_citizen_makes_no_ticket_late_and_no_late_one_punctual(office: Office) -> None:
    asked_in_time, asked_late = office.file(), office.file()
    for ticket, moment in ((asked_in_time, MONDAY + DAY), (asked_late, asked_late.due_at + HOUR)):
        office.take(ticket, "start", moment)
        office.take(ticket, "ask", moment)
    total = office.total(now=asked_late.due_at + 10 * DAY)
    assert (total.open, total.late_open) == (2, 1)


def test_what_was_refused_withdrawn_or_handed_off_is_not_answered(office: Office) -> None:
    for action in ("reject", "withdraw", "hand_off"):
        ticket = office.file()
        office.take(ticket, action, ticket.due_at + HOUR)
    total = office.total()
    assert (total.filed, total.open, total.answered, total.rejected, total.withdrawn) == (3, 0, 0, 1, 1)
    assert total.on_time_share is None
    assert total.median_days is None


def test_time_to_the_answer_leaves_out_the_waiting(office: Office) -> None:
    quick, asked = office.file(), office.file()
    office.answer(quick, MONDAY + HOUR)
    office.take(asked, "start", MONDAY + DAY)
    office.take(asked, "ask", MONDAY + DAY)
    office.take(asked, "citizen_reply", MONDAY + 4 * DAY)
    office.take(asked, "ask", MONDAY + 4 * DAY + HOUR)
    office.take(asked, "resume", MONDAY + 5 * DAY + HOUR)
    office.take(asked, "answer", MONDAY + 6 * DAY)
    assert office.total().median_days == pytest.approx((1 / 24 + 2) / 2)


def test_a_reopened_ticket_is_judged_by_its_new_clock(office: Office) -> None:
    ticket = office.file()
    office.take(ticket, "start", MONDAY)
    office.take(ticket, "ask", MONDAY + DAY)
    office.take(ticket, "citizen_reply", MONDAY + 2 * DAY)
    first_due = ticket.due_at
    office.take(ticket, "answer", first_due + DAY)
    assert office.total(now=first_due + 2 * DAY).late_answered == 1
    back = first_due + 3 * DAY
    office.take(ticket, "reopen", back)
    total = office.total(now=back + HOUR)
    assert (total.open, total.answered, total.late_open, total.reopened) == (1, 0, 0, 1)
    office.answer(ticket, back + 2 * DAY)
    total = office.total(now=back + 3 * DAY)
    assert (total.answered, total.on_time, total.reopened) == (1, 1, 1)
    assert total.median_days == pytest.approx(2.0), "the pause of the first run is not taken out of the second"


def test_tickets_that_are_answered_together_are_one_answer(office: Office) -> None:
    target, other = office.file(), office.file()
    office.take(other, "merge", MONDAY + HOUR, target=target)
    assert (office.total().filed, office.total().open) == (2, 1)
    office.answer(target, target.due_at + DAY)
    office.rate(target, 5)
    office.rate(other, 2)
    total = office.total()
    assert (total.filed, total.open, total.answered, total.late_answered) == (2, 0, 1, 1)
    assert (total.rating_mean, total.rating_n) == (3.5, 2), "both citizens were answered, both have a say"


def test_ratings_are_averaged_over_those_who_gave_one(session: Session, office: Office) -> None:
    rated, praised, moved = office.file(), office.file(), office.file()
    office.move(moved, OTHER_UNIT)
    office.rate(rated, 2)
    office.rate(praised, 5)
    units = figures(session, NOVEMBER, by="unit")
    assert (units[UNIT].rating_mean, units[UNIT].rating_n) == (3.5, 2)
    assert (units[OTHER_UNIT].rating_mean, units[OTHER_UNIT].rating_n) == (None, 0)


def test_a_purged_ticket_goes_on_counting(office: Office) -> None:
    ticket = office.file()
    office.answer(ticket, MONDAY + DAY)
    before = office.total()
    ticket.story, ticket.purged_at = "", NOW
    office.session.flush()
    assert office.total() == before
    assert before.filed == 1


def file_in_units(office: Office, sizes: dict[str, int]) -> None:
    for unit, size in sizes.items():
        for _ in range(size):
            ticket = office.file()
            if unit != ticket.unit_key:
                office.move(ticket, unit)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ((3, 4, 6), {"": 7, UNITS[2]: 6}),
        ((5, 5, 5), {UNITS[0]: 5, UNITS[1]: 5, UNITS[2]: 5}),
        ((1, 5, 6), {"": 6, UNITS[2]: 6}),  # one alone would be found by subtracting the others from the total
        ((2, 2, 0), {}),
    ],
)
def test_the_public_sees_no_group_that_points_at_persons(
    session: Session, office: Office, sizes: tuple[int, ...], shown: dict[str, int]
) -> None:
    file_in_units(office, dict(zip(UNITS, sizes, strict=True)))
    assert {key: one.filed for key, one in public_figures(session, NOVEMBER).items()} == shown


def test_folded_units_have_figures_of_their_own(session: Session, office: Office) -> None:
    file_in_units(office, {UNIT: 3, OTHER_UNIT: 3})
    for days, ticket in enumerate(queries.every(session)):
        office.answer(ticket, MONDAY + days * DAY + 2 * HOUR)
    folded = public_figures(session, NOVEMBER, smallest=4, now=NOW)
    assert folded == {"": office.total()}
    assert folded[""].median_days == pytest.approx(2.5 + 2 / 24)
    assert public_figures(session, NOVEMBER, smallest=3, now=NOW) == figures(session, NOVEMBER, by="unit", now=NOW)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.month(2028, 2), date(2028, 2, 1), date(2028, 2, 29)),
        (Period.month(2026, 12), date(2026, 12, 1), date(2026, 12, 31)),
        (Period.quarter(2026, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (Period.quarter(2026, 4), date(2026, 10, 1), date(2026, 12, 31)),
        (Period.year(2026), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_are_as_people_name_them(period: Period, first: date, last: date) -> None:
    assert period == Period(first, last)


@pytest.mark.parametrize("quarter", [0, 5])
def test_there_are_four_quarters(quarter: int) -> None:
    with pytest.raises(ValueError, match="month must be in"):
        Period.quarter(2026, quarter)


def test_a_period_does_not_run_backwards() -> None:
    with pytest.raises(Invalid):
        Period(date(2026, 11, 2), date(2026, 11, 1))


def test_the_oracle_is_not_fed_by_the_query_layer(session: Session, office: Office) -> None:
    """`recount` on one ticket whose figures are known by hand."""
    ticket = office.file()
    office.answer(ticket, MONDAY + 3 * DAY)
    known = Figures(filed=1, answered=1, on_time=1, on_time_share=1.0, median_days=3.0)
    assert recount(session, session.scalars(select(Ticket)), NOW) == known
