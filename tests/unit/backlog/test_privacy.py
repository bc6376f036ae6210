"""What is held of a citizen, and what goes at once on their wish."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backlog import audit, evidence, identity, privacy, queries, tickets
from backlog.context import CITIZEN, Change, Desk, staff_actor
from backlog.identity import Contact
from backlog.model import AuditRow, Evidence, Staff, Ticket
from backlog.privacy import Erased, HeldTicket, Holdings, Opening
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.outbox import OutboxMessage
from tests.factories import MONDAY, make_conversation, make_staff, make_ticket

NAMED = Contact("named", "Lý Thị Bí Mật", "0912345678")


class Citizen:
    """One conversation, with what it files."""

    def __init__(self, session: Session, facts: Facts, sealer: Sealer) -> None:
        self.session, self.sealer = session, sealer
        self.desk = Desk(session, facts, sealer, MONDAY)
        self.id = make_conversation(session, sealer)
        self.admin = make_staff(session, "admin", None, full_name="Quản Trị Viên")

    def file(self, **more: Any) -> Ticket:
        return make_ticket(self.session, self.desk.facts, self.sealer, conversation_id=self.id, **more)

    def take(self, ticket: Ticket, *actions: str, **given: Any) -> Ticket:
        words = dict.fromkeys(("text", "checked", "reason", "legal_ground", "onward", "receiver"), "như đã nói")
        for action in actions:
            tickets.change(self.desk, staff_actor(self.admin), ticket, action, Change(**{**words, **given}))
        return ticket

    def closed(self, **more: Any) -> Ticket:
        return self.take(self.file(**more), "start", "answer", "close")

    def send(self, content: bytes, ticket: Ticket | None = None) -> uuid.UUID:
        clean = evidence.Clean("document", "application/pdf", "a.pdf", b"%PDF " + content)
        file = evidence.keep(self.session, self.sealer, clean, self.id, MONDAY)
        if ticket is not None:
            evidence.attach(self.session, ticket, self.id, [file.id], MONDAY)
        return file.id

    def holdings(self) -> Holdings:
        return privacy.holdings(self.session, self.id)

    def erase(self) -> Erased:
        return privacy.erase(self.desk, self.id)


@pytest.fixture
def citizen(session: Session, facts: Facts, sealer: Sealer) -> Citizen:
    return Citizen(session, facts, sealer)


def rows(session: Session, action: str) -> list[AuditRow]:
    return list(session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.seq)))


def opens(citizen: Citizen, ticket: Ticket, staff: Staff, hours: int) -> None:
    desk = Desk(citizen.session, citizen.desk.facts, citizen.sealer, MONDAY + timedelta(hours=hours))
    identity.open_identity(desk, staff, ticket, "cần gọi hỏi thêm")


# What is held


def test_somebody_who_filed_nothing_has_nothing(citizen: Citizen) -> None:
    assert citizen.holdings() == Holdings((), 0)


def test_tickets_names_files_and_openings_are_told(citizen: Citizen) -> None:
    closed = citizen.closed(now=MONDAY - timedelta(days=1))
    named = citizen.file(contact=NAMED)
    citizen.send(b"1", named)
    citizen.send(b"2", named)
    citizen.send(b"3")
    inspector = make_staff(citizen.session, "inspector", None)
    opens(citizen, named, inspector, 1)
    opens(citizen, named, inspector, 2)
    openings = tuple(Opening(MONDAY + timedelta(hours=hours), "inspector") for hours in (1, 2))
    assert citizen.holdings() == Holdings(
        (HeldTicket(named.number, True, True, 2, openings), HeldTicket(closed.number, False, False, 0, ())), 1
    )


def test_what_others_filed_and_sent_is_not_told(
    citizen: Citizen, session: Session, facts: Facts, sealer: Sealer
) -> None:
    other = Citizen(session, facts, sealer)
    opens(other, other.file(contact=NAMED), make_staff(session, "inspector", None), 1)
    other.send(b"1")
    mine = citizen.file()
    assert citizen.holdings() == Holdings((HeldTicket(mine.number, True, False, 0, ()),), 0)


def test_an_anonymous_ticket_is_nobodys(citizen: Citizen) -> None:
    citizen.file(contact=Contact("anonymous"))
    assert citizen.holdings().tickets == ()


@pytest.mark.parametrize(
    ("actions", "is_open"),
    [((), True), (("start", "ask"), True), (("start", "answer"), True), (("reject",), False), (("hand_off",), False)],
)
def test_open_means_that_something_is_to_come(citizen: Citizen, actions: tuple[str, ...], is_open: bool) -> None:
    citizen.take(citizen.file(), *actions)
    assert [ticket.open for ticket in citizen.holdings().tickets] == [is_open]


# What is erased


def test_names_go_from_open_and_closed_tickets(citizen: Citizen) -> None:
    both = [citizen.file(contact=NAMED), citizen.closed(contact=NAMED)]
    nameless = citizen.file()
    assert citizen.erase().names == tuple(ticket.number for ticket in both)
    assert not any(identity.has_identity(citizen.session, ticket) for ticket in (*both, nameless))


def test_closed_tickets_lose_their_citizen_and_keep_their_story(citizen: Citizen) -> None:
    closed, still_open = citizen.closed(), citizen.file()
    file = citizen.send(b"1", closed)
    erased = citizen.erase()
    assert (erased.untied, erased.kept) == ((closed.number,), (still_open.number,))
    assert (closed.conversation_id, still_open.conversation_id) == (None, citizen.id)
    assert closed.story == "cán bộ nạt tôi"
    citizen.session.expire_all()
    kept = citizen.session.get_one(Evidence, file)
    assert (kept.ticket_id, kept.conversation_id) == (closed.id, None)
    assert [ticket.number for ticket in citizen.holdings().tickets] == [still_open.number]


def test_an_answer_still_reaches_the_citizen_of_an_open_ticket(citizen: Citizen) -> None:
    ticket = citizen.file(contact=NAMED)
    citizen.erase()
    citizen.take(ticket, "start", "answer")
    told = citizen.session.scalars(select(OutboxMessage).where(OutboxMessage.conversation_id == citizen.id)).all()
    assert len(told) == 1


def test_a_merged_ticket_waits_for_the_answer_to_the_other_one(
    citizen: Citizen, facts: Facts, sealer: Sealer
) -> None:
    target = make_ticket(citizen.session, facts, sealer)
    merged = citizen.take(citizen.file(), "merge", target=target)
    assert citizen.erase().kept == (merged.number,)
    citizen.take(target, "start", "answer", "close")
    assert citizen.erase().untied == (merged.number,)


def test_loose_files_go_and_those_of_tickets_and_of_others_stay(
    citizen: Citizen, session: Session, facts: Facts, sealer: Sealer
) -> None:
    theirs = Citizen(session, facts, sealer).send(b"1")
    attached = citizen.send(b"1", citizen.file())
    citizen.send(b"2")
    citizen.send(b"3")
    assert citizen.erase().files == 2
    assert {theirs, attached} <= set(session.scalars(select(Evidence.id)))
    assert citizen.holdings().loose_files == 0


def test_other_citizens_are_left_alone(citizen: Citizen, session: Session, facts: Facts, sealer: Sealer) -> None:
    other = Citizen(session, facts, sealer)
    closed, named = other.closed(), other.file(contact=NAMED)
    before = other.holdings()
    citizen.erase()
    assert other.holdings() == before
    assert closed.conversation_id == other.id
    assert identity.has_identity(session, named)


def test_every_change_has_an_audit_row_without_content(citizen: Citizen) -> None:
    named, closed = citizen.file(contact=NAMED), citizen.closed()
    citizen.file()
    citizen.send(b"1")
    citizen.erase()
    written = rows(citizen.session, "erase")
    assert [(row.ticket_id, row.data) for row in written] == [
        (None, {"files": 1}),
        (named.id, {"number": named.number, "identity": True, "conversation": False}),
        (closed.id, {"number": closed.number, "identity": False, "conversation": True}),
    ]
    assert {row.actor for row in written} == {CITIZEN.id}
    assert str(citizen.id) not in str([row.data for row in written])
    assert audit.verify(citizen.session) == []


def test_erasing_again_changes_nothing(citizen: Citizen) -> None:
    open_number = citizen.file(contact=NAMED).number
    citizen.closed()
    citizen.send(b"1")
    citizen.erase()
    head = audit.head(citizen.session)
    assert citizen.erase() == Erased((), (), (open_number,), 0)
    assert audit.head(citizen.session) == head


def test_nothing_in_a_closed_ticket_leads_back_to_its_citizen(citizen: Citizen) -> None:
    ticket = citizen.file(contact=NAMED)
    citizen.send(b"1", ticket)
    opens(citizen, ticket, make_staff(citizen.session, "inspector", None), 1)
    citizen.take(ticket, "start", "answer", "close")
    citizen.erase()
    left = str([row.data for row, _ in queries.history(citizen.session, ticket)])
    for table, key in (("ticket", "id"), ("evidence", "ticket_id"), ("ticket_message", "ticket_id")):
        left += str(
            citizen.session.execute(text(f"select * from {table} where {key} = :id"), {"id": ticket.id}).all()
        )
    assert str(citizen.id) not in left


def test_texts_are_forgotten_after_the_turn_that_asks_for_it(citizen: Citizen) -> None:
    privacy.forget_later(citizen.session, citizen.id)
    job = citizen.session.execute(
        text("select task_name, lock, args from procrastinate_jobs order by id desc limit 1")
    ).one()
    assert tuple(job) == ("assembly.forget", f"turn:{citizen.id}", {"conversation_id": str(citizen.id)})
