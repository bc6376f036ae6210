"""What a ticket's clock does around pauses, and what citizens of merged tickets go on hearing."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from backlog import deadlines, jobs, queries, receipts, tickets
from backlog.context import CITIZEN, Change, Desk, staff_actor
from backlog.deadlines import Pause
from backlog.errors import Incomplete, TooManyAttempts, WrongState
from backlog.identity import Contact
from backlog.model import Ticket
from backlog.views import status_for_citizen
from catalogue.load import Facts
from kit.clock import VIETNAM
from kit.crypto import Sealer
from kit.db import session_scope
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, make_conversation, make_staff, make_submission, make_ticket

DAY = timedelta(days=1)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=VIETNAM)


def desk_at(session: Session, facts: Facts, sealer: Sealer, moment: datetime) -> Desk:
    return Desk(session, facts, sealer, moment)


def told(session: Session, sealer: Sealer, ticket: Ticket) -> list[str]:
    query = select(OutboxMessage).where(OutboxMessage.conversation_id == ticket.conversation_id)
    return [read_body(sealer, row)["text"] for row in session.scalars(query.order_by(OutboxMessage.id))]


def planned(session: Session, ticket: Ticket, after: datetime) -> list[datetime]:
    query = "select scheduled_at from procrastinate_jobs where args ->> 'ticket_id' = :id and scheduled_at > :after"
    return sorted(session.execute(text(query), {"id": str(ticket.id), "after": after}).scalars())


@pytest.mark.parametrize(
    ("words", "start", "end", "due"),
    [
        ("asked in time: the two days are given back", "2026-11-24T09:00", "2026-11-26T09:00", "2026-12-02T17:00"),
        ("asked on the Saturday after the due Monday's week: nothing is given back",
         "2026-12-05T09:00", "2026-12-07T08:00", "2026-11-30T17:00"),
        ("asked one minute late", "2026-11-30T17:01", "2026-12-04T08:00", "2026-11-30T17:00"),
        ("asked and answered the same day", "2026-11-24T09:00", "2026-11-24T16:00", "2026-11-30T17:00"),
    ],
)  # fmt: skip
def test_a_question_after_the_deadline_does_not_make_the_ticket_punctual(
    facts: Facts, words: str, start: str, end: str, due: str
) -> None:
    rule = deadlines.rule_for(facts.deadlines, "phan_anh", ["attitude"], MONDAY.date(), facts.calendar)
    assert deadlines.due_at(rule, facts.calendar, MONDAY, [Pause(at(start), at(end))]) == at(due)


def test_waiting_for_the_citizen_uses_up_no_share_of_the_time() -> None:
    filed = at("2026-11-16T09:00")
    pause = Pause(filed + DAY, filed + 21 * DAY)
    due = filed + 30 * DAY  # ten days of its own
    assert deadlines.warning_points(filed, due, [pause]) == [filed + 25 * DAY, filed + 28 * DAY]
    assert deadlines.level(filed, due, filed + 22 * DAY, [pause]) == 0
    assert deadlines.level(filed, due, filed + 25 * DAY, [pause]) == 1


def test_a_long_wait_raises_no_alarm_when_it_ends(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    actor = staff_actor(make_staff(session))
    tickets.change(desk, actor, ticket, "start")
    tickets.change(desk, actor, ticket, "ask", Change(text="Mấy giờ?"))
    back = MONDAY + 21 * DAY
    tickets.citizen_reply(session, facts, ticket, "9 giờ", sealer=sealer, idempotency_key="w", now=back)
    jobs.deadline_check(session, facts, sealer, str(ticket.id), back + timedelta(hours=1))
    assert ticket.level == 0


def test_a_late_ticket_is_still_watched_after_a_question(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))
    late = ticket.due_at + timedelta(hours=20)
    jobs.deadline_check(session, facts, sealer, str(ticket.id), ticket.due_at)
    actor = staff_actor(make_staff(session))
    tickets.change(desk_at(session, facts, sealer, late), actor, ticket, "start")
    tickets.change(desk_at(session, facts, sealer, late), actor, ticket, "ask", Change(text="Mấy giờ?"))
    back = late + 20 * DAY
    tickets.citizen_reply(session, facts, ticket, "9 giờ", sealer=sealer, idempotency_key="x", now=back)
    assert planned(session, ticket, back - timedelta(seconds=1)), "nobody would ever look at this ticket again"
    before = len(told(session, sealer, ticket))
    jobs.deadline_check(session, facts, sealer, str(ticket.id), back)
    assert len(told(session, sealer, ticket)) == before + 1
    assert back + 7 * DAY in planned(session, ticket, back)


def test_the_citizen_of_a_merged_ticket_goes_on_hearing(session: Session, facts: Facts, sealer: Sealer) -> None:
    first, second = (
        make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer)) for _ in range(2)
    )
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    head = staff_actor(make_staff(session, "unit_head"))
    tickets.change(desk, head, second, "merge", Change(target=first))
    assert second.clock_state == "stop"
    tickets.change(desk, head, first, "start")
    tickets.change(desk, head, first, "ask", Change(text="Mấy giờ?"))
    assert len(told(session, sealer, second)) == 1  # a question is for the one who is asked
    tickets.change(desk, head, first, "resume")
    tickets.change(desk, head, first, "answer", Change(text="Đã nhắc nhở cán bộ.", checked="Đã hỏi hai bên."))
    last = told(session, sealer, second)[-1]
    assert second.number in last
    assert "Đã nhắc nhở cán bộ." in last
    assert first.number in status_for_citizen(session, second, facts, desk.now)


def test_a_ticket_is_merged_only_into_one_that_is_being_worked_on(
    session: Session, facts: Facts, sealer: Sealer
) -> None:
    first, second, third = (make_ticket(session, facts, sealer) for _ in range(3))
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    head = staff_actor(make_staff(session, "unit_head"))
    with pytest.raises(Incomplete):
        tickets.change(desk, head, first, "merge", Change(target=first))
    tickets.change(desk, head, second, "merge", Change(target=first))
    with pytest.raises(WrongState):
        tickets.change(desk, head, third, "merge", Change(target=second))
    with pytest.raises(WrongState):
        tickets.change(desk, head, second, "merge", Change(target=third))


def test_what_a_merged_citizen_adds_is_kept(session: Session, facts: Facts, sealer: Sealer) -> None:
    first, second = (make_ticket(session, facts, sealer) for _ in range(2))
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    tickets.change(desk, staff_actor(make_staff(session, "unit_head")), second, "merge", Change(target=first))
    tickets.citizen_reply(session, facts, second, "còn nữa", sealer=sealer, idempotency_key="m", now=desk.now)
    assert [message.text for message in queries.messages(session, second)] == ["còn nữa"]


def test_an_anonymous_ticket_keeps_no_way_back_to_its_citizen(session: Session, facts: Facts, sealer: Sealer) -> None:
    conversation = make_conversation(session, sealer)
    ticket = make_ticket(session, facts, sealer, conversation_id=conversation, contact=Contact("anonymous"))
    assert ticket.conversation_id is None
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    tickets.change(desk, CITIZEN, ticket, "withdraw")
    assert queries.by_conversation(session, conversation) == []


def test_why_a_citizen_reopens_is_in_the_thread_and_not_in_the_audit_trail(
    session: Session, facts: Facts, sealer: Sealer
) -> None:
    ticket = make_ticket(session, facts, sealer)
    desk = desk_at(session, facts, sealer, MONDAY + timedelta(hours=1))
    actor = staff_actor(make_staff(session))
    tickets.change(desk, actor, ticket, "start")
    tickets.change(desk, actor, ticket, "answer", Change(text="Đã nhắc nhở.", checked="Đã hỏi hai bên."))
    tickets.change(desk, CITIZEN, ticket, "reopen", Change(reason="tôi là Lê Thử, chưa ai gọi"))
    last = queries.messages(session, ticket)[-1]
    assert (last.author, last.text) == ("citizen", "tôi là Lê Thử, chưa ai gọi")
    assert "Lê Thử" not in str([row.data for row, _ in queries.history(session, ticket)])


def test_a_resent_draft_takes_no_number(session: Session, facts: Facts, sealer: Sealer) -> None:
    first = make_submission(session, facts, sealer, key="n1").ticket
    make_submission(session, facts, sealer, key="n1")
    following = make_submission(session, facts, sealer, key="n2").ticket
    assert int(following.number[8:14]) == int(first.number[8:14]) + 1


def test_guesses_in_parallel_are_counted_like_guesses_in_a_row(lasting: Engine, facts: Facts, sealer: Sealer) -> None:
    with session_scope(lasting) as session:
        number = make_ticket(session, facts, sealer).number

    def guess(_: int) -> bool:
        with session_scope(lasting) as session:
            try:
                receipts.open_ticket(session, number, uuid.uuid4().hex, MONDAY)
            except TooManyAttempts:
                return False
            return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(guess, range(24))) == 5


def test_a_silent_citizen_is_waited_for_thirty_days(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer)
    asked = MONDAY + timedelta(hours=1)
    desk, actor = desk_at(session, facts, sealer, asked), staff_actor(make_staff(session))
    tickets.change(desk, actor, ticket, "start")
    tickets.change(desk, actor, ticket, "ask", Change(text="Mấy giờ?"))
    assert asked + 30 * DAY in planned(session, ticket, asked)
    jobs.deadline_check(session, facts, sealer, str(ticket.id), asked + 29 * DAY)
    assert ticket.state == "waiting_citizen"
    jobs.deadline_check(session, facts, sealer, str(ticket.id), asked + 30 * DAY)
    assert (ticket.state, ticket.clock_state) == ("in_progress", "run")
    assert ticket.due_at > asked + 30 * DAY


def test_an_answer_that_nobody_objects_to_ends_the_ticket(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))
    said = MONDAY + timedelta(hours=1)
    desk, actor = desk_at(session, facts, sealer, said), staff_actor(make_staff(session))
    tickets.change(desk, actor, ticket, "start")
    tickets.change(desk, actor, ticket, "answer", Change(text="Đã nhắc nhở.", checked="Đã hỏi hai bên."))
    assert said + 14 * DAY in planned(session, ticket, said)
    jobs.deadline_check(session, facts, sealer, str(ticket.id), said + 13 * DAY)
    assert ticket.state == "answered"
    for _ in range(2):
        jobs.deadline_check(session, facts, sealer, str(ticket.id), said + 14 * DAY)
    assert ticket.state == "closed"
    assert len(told(session, sealer, ticket)) == 2
