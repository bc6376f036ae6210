"""Tickets in the database: filed once, changed by the table, audited, seen by those who may."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import InternalError, ProgrammingError
from sqlalchemy.orm import Session

from backlog import audit, identity, jobs, policy, queries, receipts, tickets
from backlog.context import CITIZEN, SYSTEM, Change, Desk, staff_actor
from backlog.errors import Incomplete, NotAllowed, ReopenTooLate, TicketNotFound, TooManyAttempts, WrongState
from backlog.identity import Contact
from backlog.model import ROLES, Staff, Ticket, TicketMessage
from backlog.policy import Permission
from backlog.views import status_for_citizen
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.db import session_scope
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_conversation, make_staff, make_submission, make_ticket

KEY = "d" * 32


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))


def later(desk: Desk, **time: float) -> Desk:
    return Desk(desk.session, desk.facts, desk.sealer, desk.now + timedelta(**time))


def told(session: Session, sealer: Sealer, ticket: Ticket) -> list[str]:
    rows = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.conversation_id == ticket.conversation_id)
        .order_by(OutboxMessage.id)
    )
    return [read_body(sealer, row)["text"] for row in rows]


def answer(desk: Desk, ticket: Ticket, staff: Staff) -> None:
    tickets.change(desk, staff_actor(staff), ticket, "start")
    tickets.change(
        desk, staff_actor(staff), ticket, "answer", Change(text="Chúng tôi xin lỗi.", checked="Đã hỏi hai bên.")
    )


def test_a_ticket_has_number_deadline_unit_audit_and_jobs(session: Session, ticket: Ticket) -> None:
    assert ticket.number.startswith("PA-2026-")
    assert ticket.due_at.date().isoformat() == "2026-11-30"
    assert ticket.unit_key == UNIT
    assert [row.action for row, _ in queries.history(session, ticket)] == ["submit"]
    count = session.execute(
        text("select count(*) from procrastinate_jobs where args ->> 'ticket_id' = :id"), {"id": str(ticket.id)}
    ).scalar_one()
    assert count == 3


def test_the_same_draft_is_filed_once(session: Session, facts: Facts, sealer: Sealer) -> None:
    first = make_submission(session, facts, sealer, key="k1")
    again = make_submission(session, facts, sealer, key="k1")
    assert (first.created, again.created) == (True, False)
    assert first.ticket.id == again.ticket.id


def test_two_transactions_at_once_file_one_ticket(lasting: Engine, facts: Facts, sealer: Sealer) -> None:
    key = uuid.uuid4().hex

    def submit(_: int) -> tuple[uuid.UUID, bool]:
        with session_scope(lasting) as session:
            done = make_submission(session, facts, sealer, key=key)
            return done.ticket.id, done.created

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(submit, range(4)))
    assert len({ticket_id for ticket_id, _ in results}) == 1
    assert sum(created for _, created in results) == 1


def test_numbers_are_never_given_twice(lasting: Engine, facts: Facts, sealer: Sealer) -> None:
    def submit(_: int) -> str:
        with session_scope(lasting) as session:
            return make_ticket(session, facts, sealer).number

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(submit, range(12)))) == 12


def test_an_answer_reaches_the_citizen_and_stops_the_clock(desk: Desk, ticket: Ticket) -> None:
    answer(desk, ticket, make_staff(desk.session))
    assert (ticket.state, ticket.clock_state) == ("answered", "stop")
    assert "Chúng tôi xin lỗi." in told(desk.session, desk.sealer, ticket)[-1]


def test_a_refused_change_changes_nothing(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    with pytest.raises(WrongState):
        tickets.change(desk, staff_actor(handler), ticket, "close")
    with pytest.raises(NotAllowed):
        tickets.change(desk, staff_actor(handler), ticket, "triage")
    tickets.change(desk, staff_actor(handler), ticket, "start")
    with pytest.raises(Incomplete):
        tickets.change(desk, staff_actor(handler), ticket, "answer", Change(text="  ", checked="Đã hỏi hai bên."))
    assert ticket.state == "in_progress"
    assert len(queries.history(desk.session, ticket)) == 2


def test_a_question_pauses_the_clock_until_the_citizen_answers(desk: Desk, ticket: Ticket) -> None:
    handler, due = make_staff(desk.session), ticket.due_at
    tickets.change(desk, staff_actor(handler), ticket, "start")
    tickets.change(desk, staff_actor(handler), ticket, "ask", Change(text="Mấy giờ?"))
    assert ticket.clock_state == "pause"
    for _ in range(2):  # the second is a resend
        tickets.citizen_reply(
            desk.session,
            desk.facts,
            ticket,
            "9 giờ",
            sealer=desk.sealer,
            idempotency_key="r1",
            now=later(desk, days=2).now,
        )
    assert (ticket.state, ticket.clock_state) == ("in_progress", "run")
    assert ticket.due_at == due + timedelta(days=2)
    assert [message.text for message in queries.messages(desk.session, ticket)] == ["Mấy giờ?", "9 giờ"]


def test_reopening_is_possible_once_within_fourteen_days(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    answer(desk, ticket, handler)
    with pytest.raises(ReopenTooLate):
        tickets.change(later(desk, days=15), CITIZEN, ticket, "reopen", Change(reason="chưa được"))
    tickets.change(later(desk, days=3), CITIZEN, ticket, "reopen", Change(reason="chưa được"))
    assert ticket.due_at > desk.now + timedelta(days=14)
    answer(later(desk, days=4), ticket, handler)
    with pytest.raises(ReopenTooLate):
        tickets.change(later(desk, days=5), CITIZEN, ticket, "reopen", Change(reason="vẫn chưa"))


def test_a_transfer_keeps_the_deadline_and_leaves_the_unit(desk: Desk, ticket: Ticket) -> None:
    head, due = make_staff(desk.session, "unit_head"), ticket.due_at
    tickets.change(desk, staff_actor(head), ticket, "transfer", Change(unit=OTHER_UNIT, reason="không thuộc phường"))
    assert (ticket.unit_key, ticket.due_at) == (OTHER_UNIT, due)
    with pytest.raises(TicketNotFound):
        queries.get(desk.session, head, ticket.number)


def test_only_colleagues_can_be_assigned(desk: Desk, ticket: Ticket) -> None:
    head = make_staff(desk.session, "unit_head")
    stranger = make_staff(desk.session, unit_key=OTHER_UNIT)
    with pytest.raises(NotAllowed):
        tickets.change(desk, staff_actor(head), ticket, "assign", Change(assignee=stranger))


def test_a_late_ticket_climbs_and_tells_its_citizen_once_a_week(desk: Desk, ticket: Ticket) -> None:
    def look(**time: float) -> None:
        jobs.deadline_check(desk.session, desk.facts, desk.sealer, str(ticket.id), ticket.due_at + timedelta(**time))

    look(days=-20)
    assert ticket.level == 0
    for _ in range(2):
        look(hours=1)
    assert ticket.level == 3
    assert len(told(desk.session, desk.sealer, ticket)) == 1
    look(days=8)
    assert ticket.level == 4
    assert len(told(desk.session, desk.sealer, ticket)) == 2


def test_a_stopped_clock_is_left_alone(desk: Desk, ticket: Ticket) -> None:
    answer(desk, ticket, make_staff(desk.session))
    jobs.deadline_check(desk.session, desk.facts, desk.sealer, str(ticket.id), ticket.due_at + timedelta(days=30))
    assert ticket.level == 0


def test_the_citizen_reads_plain_words(desk: Desk, ticket: Ticket) -> None:
    words = status_for_citizen(desk.session, ticket, desk.facts, desk.now)
    assert ticket.number in words
    assert "thứ Hai, 30/11/2026" in words
    tickets.note(desk, make_staff(desk.session), ticket, "bí mật nội bộ")
    assert "bí mật" not in status_for_citizen(desk.session, ticket, desk.facts, desk.now)


# Audit


def test_every_change_writes_one_row_and_the_chain_holds(desk: Desk, ticket: Ticket) -> None:
    answer(desk, ticket, make_staff(desk.session))
    tickets.change(desk, SYSTEM, ticket, "close")
    assert [row.action for row, _ in queries.history(desk.session, ticket)] == ["submit", "start", "answer", "close"]
    assert audit.verify(desk.session) == []


def test_audit_rows_hold_no_words_of_the_story(desk: Desk, ticket: Ticket) -> None:
    answer(desk, ticket, make_staff(desk.session))
    data = str([row.data for row, _ in queries.history(desk.session, ticket)])
    assert "nạt" not in data
    assert "xin lỗi" not in data


@pytest.mark.parametrize(
    "attack", ["update audit_row set action = 'x'", "delete from audit_row", "truncate audit_row"]
)
def test_the_database_refuses_to_change_audit_rows(session: Session, ticket: Ticket, attack: str) -> None:
    with pytest.raises((InternalError, ProgrammingError), match="append-only"):
        session.execute(text(attack))


@pytest.mark.parametrize(
    "attack",
    [
        "update audit_row set action = 'close' where seq = (select max(seq) from audit_row)",
        'update audit_row set data = \'{"unit": "x"}\' where seq = (select min(seq) from audit_row)',
        "delete from audit_row where seq = (select min(seq) + 1 from audit_row)",
        "delete from audit_row where seq = (select max(seq) from audit_row)",
        "insert into audit_row select max(seq) + 1, now(), 'system', 'x', null, '{}', 'p', 'h' from audit_row",
    ],
)
def test_tampering_past_the_database_is_found(desk: Desk, ticket: Ticket, attack: str) -> None:
    answer(desk, ticket, make_staff(desk.session))
    desk.session.execute(text("alter table audit_row disable trigger user"))
    desk.session.execute(text(attack))
    desk.session.execute(text("alter table audit_row enable trigger user"))
    desk.session.expire_all()
    assert audit.verify(desk.session) != []


# Receipts


def test_number_and_receipt_open_a_ticket(session: Session, ticket: Ticket) -> None:
    receipt = receipts.issue(session, KEY, str(ticket.id))
    assert len(receipt.replace(" ", "")) == 16
    digest = receipts.digest(KEY, receipt.replace(" ", "-"))
    assert receipts.open_ticket(session, ticket.number, digest, MONDAY) is ticket


def test_a_receipt_is_stored_only_as_a_digest_and_dies_when_replaced(session: Session, ticket: Ticket) -> None:
    old = receipts.issue(session, KEY, str(ticket.id))
    stored = session.execute(text("select digest from receipt")).scalars().all()
    assert old.replace(" ", "") not in stored
    new = receipts.issue(session, KEY, str(ticket.id))
    assert receipts.open_ticket(session, ticket.number, receipts.digest(KEY, old), MONDAY) is None
    assert receipts.open_ticket(session, ticket.number, receipts.digest(KEY, new), MONDAY) is ticket


def test_guessing_is_stopped(session: Session, ticket: Ticket) -> None:
    receipt = receipts.issue(session, KEY, str(ticket.id))
    for _ in range(5):
        assert receipts.open_ticket(session, ticket.number, "wrong", MONDAY) is None
    right = receipts.digest(KEY, receipt)
    with pytest.raises(TooManyAttempts):
        receipts.open_ticket(session, ticket.number, right, MONDAY)
    assert receipts.open_ticket(session, ticket.number, right, MONDAY + timedelta(minutes=16)) is ticket


# Who sees what


def test_visible_and_allowed_agree_for_every_role(desk: Desk, ticket: Ticket) -> None:
    for role in ROLES:
        for unit in (UNIT, OTHER_UNIT):
            staff = make_staff(desk.session, role, unit)
            rows = desk.session.scalars(policy.visible_tickets(staff)).all()
            may = policy.can(desk.session, staff, Permission.VIEW_TICKETS, ticket)
            assert may == (ticket in rows)


@pytest.mark.parametrize(
    ("role", "unit", "sees"),
    [
        ("handler", UNIT, True),
        ("handler", OTHER_UNIT, False),
        ("unit_head", UNIT, True),
        ("unit_head", OTHER_UNIT, False),
        ("coordinator", None, True),
        ("inspector", None, True),
        ("admin", None, True),
        ("trainer", None, False),
    ],
)
def test_roles(desk: Desk, ticket: Ticket, role: str, unit: str | None, sees: bool) -> None:
    staff = make_staff(desk.session, role, unit)
    assert policy.can(desk.session, staff, Permission.VIEW_TICKETS, ticket) is sees


def test_somebody_who_left_sees_nothing(desk: Desk, ticket: Ticket) -> None:
    assert not policy.can(desk.session, make_staff(desk.session, active=False), Permission.VIEW_TICKETS, ticket)


def test_the_person_complained_about_does_not_see_it(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, official="chị Hạnh hộ tịch")
    about = make_staff(session, full_name="Nguyễn Thị Hạnh")
    colleague = make_staff(session, full_name="Trần Văn Hạng")
    assert not policy.can(session, about, Permission.VIEW_TICKETS, ticket)
    assert policy.can(session, colleague, Permission.VIEW_TICKETS, ticket)


def test_the_head_complained_about_does_not_see_it(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, official="ông chủ tịch phường")
    assert ticket.unit_key == "ubnd-tp-can-tho"
    assert not policy.can(session, make_staff(session, "unit_head"), Permission.VIEW_TICKETS, ticket)


def test_a_handler_does_not_see_what_a_colleague_was_given(desk: Desk, ticket: Ticket) -> None:
    head, mine, other = (make_staff(desk.session, role) for role in ("unit_head", "handler", "handler"))
    tickets.change(desk, staff_actor(head), ticket, "assign", Change(assignee=mine))
    assert policy.can(desk.session, mine, Permission.VIEW_TICKETS, ticket)
    assert not policy.can(desk.session, other, Permission.VIEW_TICKETS, ticket)


# Identity


def named(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, contact=Contact("named", "Lê Thị Thử", "0912345678"))


def test_an_identity_is_opened_by_role_with_a_reason_and_leaves_a_trace(desk: Desk) -> None:
    ticket = named(desk.session, desk.facts, desk.sealer)
    inspector = make_staff(desk.session, "inspector", None)
    with pytest.raises(Incomplete):
        identity.open_identity(desk, inspector, ticket, "xem")
    contact = identity.open_identity(desk, inspector, ticket, "xác minh lời kể")
    assert (contact.name, contact.phone) == ("Lê Thị Thử", "0912345678")
    last, texts = queries.history(desk.session, ticket)[-1]
    assert (last.action, texts) == ("open_identity", {"reason": "xác minh lời kể"})
    assert "xác minh" not in str(last.data)


@pytest.mark.parametrize("role", ["handler", "unit_head", "coordinator", "admin", "trainer"])
def test_others_may_not_open_an_identity(desk: Desk, role: str) -> None:
    ticket = named(desk.session, desk.facts, desk.sealer)
    with pytest.raises(NotAllowed):
        identity.open_identity(desk, make_staff(desk.session, role), ticket, "muốn biết ai gửi")


def test_no_table_holds_the_name_in_clear(desk: Desk) -> None:
    ticket = named(desk.session, desk.facts, desk.sealer)
    row: Any = desk.session.execute(
        text("select row_to_json(t)::text from ticket t where id = :id"), {"id": ticket.id}
    )
    assert "Thử" not in row.scalar_one()
    assert "Thử" not in str(desk.session.execute(text("select body from sealed_identity")).scalars().all())


def test_notes_are_internal(desk: Desk, ticket: Ticket) -> None:
    tickets.note(desk, make_staff(desk.session), ticket, "gọi hỏi lại")
    assert queries.messages(desk.session, ticket, citizen_only=True) == []
    count = desk.session.scalar(select(func.count(TicketMessage.id)).where(TicketMessage.ticket_id == ticket.id))
    assert count == 1
