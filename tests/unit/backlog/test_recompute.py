"""Rules and calendars change while tickets are under way: deadlines move, and those concerned are told."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from backlog import audit, jobs, queries, tickets
from backlog.context import CITIZEN, SYSTEM, Change, Desk, staff_actor
from backlog.identity import Contact
from backlog.model import AuditRow, Ticket, TicketPause
from backlog.recompute import recompute
from backlog.workflow import State
from catalogue.calendar import OutsideCalendar, SpecialDay
from catalogue.load import Facts
from kit.clock import VIETNAM
from kit.crypto import Sealer
from kit.db import session_scope
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, make_conversation, make_staff, make_ticket

DAY = timedelta(days=1)
TUESDAY = MONDAY + DAY
FIXED_DUE = datetime(2026, 11, 30, 17, tzinfo=VIETNAM)
"""Ten working days after MONDAY by the project's own data."""


@pytest.fixture
def session(session: Session) -> Session:
    """Other tests leave tickets behind; here their clocks stand still."""
    session.execute(update(Ticket).values(clock_state="stop"))
    return session


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))


def on(day: int, month: int = 11) -> datetime:
    """When offices close on a day of 2026."""
    return datetime(2026, month, day, 17, tzinfo=VIETNAM)


def with_day(facts: Facts, day: date, kind: Any) -> Facts:
    """A decision settles what a day is."""
    special = {**facts.calendar.special, day: SpecialDay(kind, "Quyết định", "thử")}
    return replace(facts, calendar=replace(facts.calendar, special=special))


def with_rule(facts: Facts, **more: Any) -> Facts:
    """The first rule changed, the others as they are."""
    first, *others = facts.deadlines.rules
    rules = [first.model_copy(update={"legal_basis": "Luật mới"} | more), *others]
    return replace(facts, deadlines=facts.deadlines.model_copy(update={"rules": rules}))


def ending(facts: Facts, year: int) -> Facts:
    """The same facts with a calendar that nobody has carried on."""
    return replace(facts, calendar=replace(facts.calendar, last_year=year))


def told(session: Session, sealer: Sealer, ticket: Ticket) -> list[str]:
    query = select(OutboxMessage).where(OutboxMessage.conversation_id == ticket.conversation_id)
    return [read_body(sealer, row)["text"] for row in session.scalars(query.order_by(OutboxMessage.id))]


def planned(session: Session, ticket: Ticket) -> list[datetime]:
    """When jobs will look at a ticket, in the order in which they were queued."""
    query = "select scheduled_at from procrastinate_jobs where args ->> 'ticket_id' = :id order by id"
    return list(session.execute(text(query), {"id": str(ticket.id)}).scalars())


def recomputed(session: Session, ticket: Ticket) -> list[AuditRow]:
    return [row for row, _ in queries.history(session, ticket) if row.action == "recompute"]


def test_with_the_same_data_nothing_moves(session: Session, facts: Facts, sealer: Sealer, ticket: Ticket) -> None:
    before = planned(session, ticket)
    assert recompute(session, facts, sealer, TUESDAY) == 0
    assert ticket.due_at == FIXED_DUE
    assert recomputed(session, ticket) == []
    assert told(session, sealer, ticket) == []
    assert planned(session, ticket) == before


def test_a_day_that_is_declared_off_moves_the_deadline_by_one(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    before = len(planned(session, ticket))
    settled = with_day(facts, date(2026, 11, 24), "off")
    assert recompute(session, settled, sealer, TUESDAY) == 1
    assert ticket.due_at == on(1, 12)
    (row,) = recomputed(session, ticket)
    assert (row.actor, row.at) == (SYSTEM.id, TUESDAY)
    assert row.data == {"from": "2026-11-30T17:00:00+07:00", "to": "2026-12-01T17:00:00+07:00"}
    assert audit.verify(session) == []
    (said,) = told(session, sealer, ticket)
    assert ticket.number in said
    assert "thứ Ba, 01/12/2026" in said
    new = planned(session, ticket)[before:]
    assert len(new) == 3
    assert new[-1] == ticket.due_at


def test_doing_it_again_changes_nothing(session: Session, facts: Facts, sealer: Sealer, ticket: Ticket) -> None:
    settled = with_day(facts, date(2026, 11, 24), "off")
    recompute(session, settled, sealer, TUESDAY)
    before = planned(session, ticket)
    for now in (TUESDAY, TUESDAY + DAY):
        assert recompute(session, settled, sealer, now) == 0
    assert len(recomputed(session, ticket)) == 1
    assert len(told(session, sealer, ticket)) == 1
    assert planned(session, ticket) == before


def test_a_shorter_limit_brings_the_deadline_forward_and_names_its_law(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    assert recompute(session, with_rule(facts, days=5), sealer, TUESDAY) == 1
    assert (ticket.due_at, ticket.deadline_basis) == (on(23), "Luật mới")
    assert "thứ Hai, 23/11/2026" in told(session, sealer, ticket)[-1]


def test_a_rule_that_holds_only_for_later_tickets_moves_none_of_today(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    first = facts.deadlines.rules[0]
    new = first.model_copy(update={"days": 5, "valid_from": TUESDAY.date()})
    old = first.model_copy(update={"valid_to": MONDAY.date()})
    rules = [old, new, *facts.deadlines.rules[1:]]
    later = replace(facts, deadlines=facts.deadlines.model_copy(update={"rules": rules}))
    assert recompute(session, later, sealer, TUESDAY + DAY) == 0


def test_only_the_categories_of_a_rule_are_concerned(session: Session, facts: Facts, sealer: Sealer) -> None:
    about_delay = make_ticket(session, facts, sealer, categories=["delay", "attitude"])
    about_hours = make_ticket(session, facts, sealer, categories=["working_hours"])
    rule = facts.deadlines.rules[0].model_copy(update={"days": 3, "category": "delay"})
    rules = [rule, *facts.deadlines.rules]
    stricter = replace(facts, deadlines=facts.deadlines.model_copy(update={"rules": rules}))
    assert recompute(session, stricter, sealer, TUESDAY) == 1
    assert (about_delay.due_at, about_hours.due_at) == (on(19), FIXED_DUE)


def test_a_warning_that_is_due_under_the_new_date_comes_at_once(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    now = on(20)  # more than half of the way to the 23rd
    recompute(session, with_rule(facts, days=5), sealer, now)
    assert planned(session, ticket)[-1] == now
    jobs.deadline_check(session, facts, sealer, str(ticket.id), now)
    assert ticket.level == 1


def test_a_ticket_that_is_late_under_the_new_date_hears_that_it_is_late_and_only_that(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    stricter, now = with_rule(facts, days=3), on(23)
    assert recompute(session, stricter, sealer, now) == 1
    assert told(session, sealer, ticket) == []
    assert now in planned(session, ticket)
    jobs.deadline_check(session, stricter, sealer, str(ticket.id), now)
    (said,) = told(session, sealer, ticket)
    assert "quá hạn" in said
    assert "19/11/2026" in said
    assert ticket.level == 3


def test_more_time_takes_back_what_was_said_about_lateness(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    late = FIXED_DUE + DAY
    jobs.deadline_check(session, facts, sealer, str(ticket.id), late)
    assert (ticket.level, ticket.interim_at) == (3, late)
    longer = with_rule(facts, days=30)
    recompute(session, longer, sealer, late)
    assert ticket.level == 0
    assert ticket.interim_at is None
    jobs.deadline_check(session, longer, sealer, str(ticket.id), ticket.due_at)
    assert ticket.level == 3
    assert "quá hạn" in told(session, sealer, ticket)[-1]


def test_a_paused_ticket_moves_too_and_is_watched_when_it_runs_again(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    desk, handler = Desk(session, facts, sealer, TUESDAY), staff_actor(make_staff(session))
    tickets.change(desk, handler, ticket, "start")
    tickets.change(desk, handler, ticket, "ask", Change(text="Mấy giờ?"))
    before, settled = planned(session, ticket), with_day(facts, date(2026, 11, 27), "off")
    assert recompute(session, settled, sealer, TUESDAY + DAY) == 1
    assert (ticket.due_at, ticket.clock_state) == (on(1, 12), "pause")
    assert planned(session, ticket) == before
    back = TUESDAY + 2 * DAY  # Thursday: two working days to be given back
    tickets.citizen_reply(session, settled, ticket, "9 giờ", sealer=sealer, idempotency_key="p", now=back)
    assert ticket.due_at == on(3, 12)
    assert ticket.due_at in planned(session, ticket)
    assert recompute(session, settled, sealer, back) == 0


def test_pauses_and_a_new_start_count_as_they_always_do(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    handler = staff_actor(make_staff(session))
    tickets.change(Desk(session, facts, sealer, TUESDAY), handler, ticket, "start")
    tickets.change(Desk(session, facts, sealer, TUESDAY), handler, ticket, "ask", Change(text="Mấy giờ?"))
    tickets.change(Desk(session, facts, sealer, TUESDAY + 2 * DAY), handler, ticket, "resume")
    assert ticket.due_at == on(2, 12)
    recompute(session, with_rule(facts, days=11), sealer, TUESDAY + 2 * DAY)
    assert ticket.due_at == on(3, 12)
    answered = Change(text="Đã nhắc nhở.", checked="Đã hỏi cán bộ.")
    tickets.change(Desk(session, facts, sealer, TUESDAY + 3 * DAY), handler, ticket, "answer", answered)
    again = TUESDAY + 6 * DAY  # Monday the 23rd
    tickets.change(Desk(session, facts, sealer, again), CITIZEN, ticket, "reopen", Change(reason="vẫn chưa được"))
    assert ticket.due_at == on(7, 12)
    assert recompute(session, with_rule(facts, days=11), sealer, again) == 1
    assert ticket.due_at == on(8, 12)


def test_what_has_ended_is_left_alone(session: Session, facts: Facts, sealer: Sealer, ticket: Ticket) -> None:
    tickets.change(Desk(session, facts, sealer, TUESDAY), CITIZEN, ticket, "withdraw")
    assert recompute(session, with_rule(facts, days=5), sealer, TUESDAY) == 0
    assert ticket.due_at == FIXED_DUE


def test_a_change_of_hours_within_the_day_is_recorded_and_bothers_nobody(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    assert recompute(session, with_day(facts, FIXED_DUE.date(), "half"), sealer, TUESDAY) == 1
    assert ticket.due_at == datetime.combine(FIXED_DUE.date(), time(11), VIETNAM)
    assert len(recomputed(session, ticket)) == 1
    assert told(session, sealer, ticket) == []


def test_a_ticket_without_a_conversation_moves_in_silence(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, contact=Contact("anonymous"))
    said = session.execute(text("select count(*) from outbox_message")).scalar_one()
    assert recompute(session, with_rule(facts, days=5), sealer, TUESDAY) == 1
    assert ticket.due_at == on(23)
    assert session.execute(text("select count(*) from outbox_message")).scalar_one() == said


def test_every_open_ticket_is_counted(session: Session, facts: Facts, sealer: Sealer) -> None:
    moved = [make_ticket(session, facts, sealer, now=MONDAY + hours * DAY / 24) for hours in range(5)]
    praise = make_ticket(session, facts, sealer, kind="khen")
    assert recompute(session, with_rule(facts, days=5), sealer, TUESDAY) == 5
    assert {ticket.due_at for ticket in moved} == {on(23)}
    assert praise.due_at == FIXED_DUE


def test_data_that_do_not_reach_as_far_are_an_error(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket
) -> None:
    with pytest.raises(LookupError):
        recompute(session, with_rule(facts, valid_from=TUESDAY.date()), sealer, TUESDAY)
    with pytest.raises(OutsideCalendar):
        recompute(session, with_rule(ending(facts, 2026), days=200), sealer, TUESDAY)
    assert ticket.due_at == FIXED_DUE


# Others at work at the same time


def committed(lasting: Engine, facts: Facts, sealer: Sealer) -> Ticket:
    """A ticket that other transactions see, whose citizen has been asked something on TUESDAY."""
    with session_scope(lasting) as session:
        ticket = make_ticket(session, facts, sealer)
        ticket.state, ticket.clock_state = State.WAITING_CITIZEN.value, "pause"
        session.add(TicketPause(ticket_id=ticket.id, started_at=TUESDAY))
        return ticket


def recompute_apart(lasting: Engine, facts: Facts, sealer: Sealer, ticket: Ticket) -> tuple[datetime, int]:
    """In a transaction of its own, which is given up: the deadline that it came to, and how often it was moved."""
    with Session(lasting) as session:
        read_before = queries.pauses(session, ticket)
        recompute(session, with_rule(facts, days=5), sealer, TUESDAY)
        found = queries.by_id(session, ticket.id)
        assert read_before
        assert found is not None
        return found.due_at, len(recomputed(session, found))


@pytest.mark.parametrize(
    ("meanwhile", "due", "moved"),
    [("the citizen takes it back", FIXED_DUE, 0), ("the citizen answers on Thursday", on(25), 1)],
)
def test_what_happens_to_a_ticket_meanwhile_counts(
    lasting: Engine, facts: Facts, sealer: Sealer, meanwhile: str, due: datetime, moved: int
) -> None:
    ticket = committed(lasting, facts, sealer)
    with ThreadPoolExecutor(1) as pool:
        with session_scope(lasting) as session:
            desk = Desk(session, facts, sealer, TUESDAY + 2 * DAY)
            action = "withdraw" if moved == 0 else "citizen_reply"
            tickets.change(desk, CITIZEN, ticket, action, Change(text="9 giờ"))
            running = pool.submit(recompute_apart, lasting, facts, sealer, ticket)
            wait_for_the_lock(lasting)
        assert running.result() == (due, moved), meanwhile


def wait_for_the_lock(lasting: Engine) -> None:
    """Until another transaction waits for a ticket that this one holds."""
    query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%FOR UPDATE%'"
    with lasting.connect() as connection:
        for _ in range(20_000):
            if connection.execute(text(query)).scalar_one():
                return
            connection.rollback()
    raise AssertionError("nobody waited")
