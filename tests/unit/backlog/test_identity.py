"""A sealed name where money or favours were asked for: two people agree, once, and the citizen is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from backlog import escalation, identity, queries
from backlog.context import Desk
from backlog.errors import Incomplete, NotAllowed, TicketNotFound, TwoPeopleNeeded
from backlog.identity import Contact
from backlog.model import IdentityRequest, SealedIdentity, Staff, StaffNotice, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.db import session_scope
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, make_conversation, make_staff, make_ticket

NAMED = Contact("named", "Lê Thị Thử", "0912345678")
WHY = "cần gặp người gửi để xác minh"


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


def file(desk: Desk, categories: tuple[str, ...] = ("harassment",), **more: Any) -> Ticket:
    conversation = make_conversation(desk.session, desk.sealer)
    values: dict[str, Any] = {"contact": NAMED, "conversation_id": conversation} | more
    return make_ticket(desk.session, desk.facts, desk.sealer, categories=list(categories), **values)


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return file(desk)


@pytest.fixture
def asker(session: Session) -> Staff:
    return make_staff(session, "inspector", None, full_name="Lý Văn Hỏi")


@pytest.fixture
def second(session: Session) -> Staff:
    return make_staff(session, "coordinator", None, full_name="Võ Thị Duyệt")


def told(desk: Desk, ticket: Ticket) -> list[str]:
    query = select(OutboxMessage).where(OutboxMessage.conversation_id == ticket.conversation_id)
    return [read_body(desk.sealer, row)["text"] for row in desk.session.scalars(query.order_by(OutboxMessage.id))]


def actions(desk: Desk, ticket: Ticket) -> list[str]:
    return [row.action for row, _ in queries.history(desk.session, ticket)][1:]


def waiting(desk: Desk, staff: Staff) -> list[str]:
    return [notice.kind for notice, _ in escalation.unread(desk.session, staff)]


@pytest.mark.parametrize(
    ("categories", "two"),
    [(("harassment",), True), (("attitude", "harassment"), True), (("attitude",), False), ((), False)],
)
def test_two_must_agree_where_somebody_asked_for_money(desk: Desk, categories: tuple[str, ...], two: bool) -> None:
    assert identity.needs_two(file(desk, categories)) is two


def test_one_person_alone_opens_nothing(desk: Desk, ticket: Ticket, asker: Staff) -> None:
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, ticket, WHY)
    identity.ask_to_open(desk, asker, ticket, WHY)
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, ticket, WHY)
    assert told(desk, ticket) == []
    assert actions(desk, ticket) == ["ask_identity"]


def test_a_second_one_agrees_and_the_first_opens(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    request = identity.ask_to_open(desk, asker, ticket, f"  {WHY} ")
    identity.decide(desk, second, ticket, request, granted=True)
    assert identity.open_identity(desk, asker, ticket, WHY) == NAMED
    assert actions(desk, ticket) == ["ask_identity", "allow_identity", "open_identity"]
    for row, texts in queries.history(desk.session, ticket)[1:]:
        assert texts == {"reason": WHY}
        assert WHY not in str(row.data)


def test_the_citizen_is_told_each_time_and_without_the_reason(
    desk: Desk, ticket: Ticket, asker: Staff, second: Staff
) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    identity.decide(desk, second, ticket, request, granted=True)
    assert told(desk, ticket) == []
    identity.open_identity(desk, asker, ticket, WHY)
    (said,) = told(desk, ticket)
    assert ticket.number in said
    for secret in (WHY, NAMED.name, NAMED.phone, asker.full_name):
        assert secret not in said


def test_an_approval_opens_once(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    identity.decide(desk, second, ticket, request, granted=True)
    identity.open_identity(desk, asker, ticket, WHY)
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, ticket, WHY)
    assert len(told(desk, ticket)) == 1
    again = identity.ask_to_open(desk, asker, ticket, WHY)
    assert again.id != request.id


def test_an_approval_is_only_for_who_asked(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    identity.decide(desk, second, ticket, identity.ask_to_open(desk, asker, ticket, WHY), granted=True)
    other = make_staff(desk.session, "inspector", None, full_name="Đặng Văn Ké")
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, other, ticket, WHY)


def test_an_approval_is_only_for_its_ticket(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    elsewhere = file(desk)
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    with pytest.raises(NotAllowed):
        identity.decide(desk, second, elsewhere, request, granted=True)
    identity.decide(desk, second, ticket, request, granted=True)
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, elsewhere, WHY)


def test_nobody_agrees_to_their_own_question(desk: Desk, ticket: Ticket, asker: Staff) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    for granted in (True, False):
        with pytest.raises(NotAllowed):
            identity.decide(desk, asker, ticket, request, granted=granted)
    assert request.granted is None


@pytest.mark.parametrize("first", [True, False])
def test_a_decision_stands(desk: Desk, ticket: Ticket, asker: Staff, second: Staff, first: bool) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    identity.decide(desk, second, ticket, request, granted=first)
    third = make_staff(desk.session, "inspector", None, full_name="Đặng Văn Ba")
    for staff in (second, third):
        with pytest.raises(NotAllowed, match="đã được quyết định"):
            identity.decide(desk, staff, ticket, request, granted=not first)
    assert (request.granted, request.decided_by) == (first, second.id)


def test_a_refusal_opens_nothing_and_leaves_the_way_to_ask_again(
    desk: Desk, ticket: Ticket, asker: Staff, second: Staff
) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    identity.decide(desk, second, ticket, request, granted=False)
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, ticket, WHY)
    assert identity.ask_to_open(desk, asker, ticket, WHY).id != request.id
    assert actions(desk, ticket) == ["ask_identity", "refuse_identity", "ask_identity"]


def test_asking_twice_is_asking_once(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    first = identity.ask_to_open(desk, asker, ticket, WHY)
    assert identity.ask_to_open(desk, asker, ticket, "một lý do khác hẳn").id == first.id
    assert actions(desk, ticket) == ["ask_identity"]
    assert waiting(desk, second) == ["approval"]


@pytest.mark.parametrize("role", ["handler", "unit_head", "admin", "trainer"])
def test_only_some_may_agree(desk: Desk, ticket: Ticket, asker: Staff, role: str) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    with pytest.raises(NotAllowed):
        identity.decide(desk, make_staff(desk.session, role), ticket, request, granted=True)


@pytest.mark.parametrize("role", ["handler", "unit_head", "coordinator", "admin", "trainer"])
def test_only_the_inspection_team_may_ask(desk: Desk, ticket: Ticket, role: str) -> None:
    with pytest.raises(NotAllowed):
        identity.ask_to_open(desk, make_staff(desk.session, role), ticket, WHY)
    assert identity.requests(desk.session, ticket) == []


def test_the_person_complained_about_neither_asks_nor_agrees_nor_is_asked(desk: Desk, asker: Staff) -> None:
    ticket = file(desk, official="bà Nguyễn Thị Hạnh")
    about = make_staff(desk.session, "coordinator", None, full_name="Nguyễn Thị Hạnh")
    about_too = make_staff(desk.session, "inspector", None, full_name="Nguyễn Thị Hạnh")
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    assert identity.approvers(desk, ticket) == [asker]
    for staff in (about, about_too):
        with pytest.raises(NotAllowed):
            identity.decide(desk, staff, ticket, request, granted=True)
    with pytest.raises(NotAllowed):
        identity.ask_to_open(desk, about_too, ticket, WHY)
    puts = select(StaffNotice.id).where(StaffNotice.staff_id.in_([about.id, about_too.id]))
    assert desk.session.scalars(puts).all() == []


def test_somebody_who_has_left_neither_asks_nor_agrees(desk: Desk, ticket: Ticket, asker: Staff) -> None:
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    left = make_staff(desk.session, "inspector", None, active=False)
    assert left not in identity.approvers(desk, ticket)
    with pytest.raises(NotAllowed):
        identity.decide(desk, left, ticket, request, granted=True)


def test_an_approval_is_worth_nothing_once_the_asker_has_left(
    desk: Desk, ticket: Ticket, asker: Staff, second: Staff
) -> None:
    identity.decide(desk, second, ticket, identity.ask_to_open(desk, asker, ticket, WHY), granted=True)
    asker.active = False
    desk.session.flush()
    with pytest.raises(NotAllowed):
        identity.open_identity(desk, asker, ticket, WHY)


@pytest.mark.parametrize("reason", ["", " " * 20, "xem", "xem cho", "   123456789   "])
def test_a_reason_has_at_least_ten_characters(desk: Desk, ticket: Ticket, asker: Staff, reason: str) -> None:
    with pytest.raises(Incomplete):
        identity.ask_to_open(desk, asker, ticket, reason)
    with pytest.raises(Incomplete):
        identity.open_identity(desk, asker, ticket, reason)


@pytest.mark.parametrize("contact", [Contact("chat"), Contact("anonymous")])
def test_where_no_name_was_left_there_is_nothing_to_ask_for(desk: Desk, asker: Staff, contact: Contact) -> None:
    ticket = file(desk, contact=contact)
    assert not identity.has_identity(desk.session, ticket)
    for attempt in (identity.ask_to_open, identity.open_identity):
        with pytest.raises(TicketNotFound):
            attempt(desk, asker, ticket, WHY)


def test_the_question_waits_with_the_others_and_the_answer_with_the_asker(
    desk: Desk, ticket: Ticket, asker: Staff, second: Staff
) -> None:
    third = make_staff(desk.session, "inspector", None, full_name="Đặng Văn Ba")
    request = identity.ask_to_open(desk, asker, ticket, WHY)
    assert [waiting(desk, one) for one in (second, third, asker)] == [["approval"], ["approval"], []]
    identity.decide(desk, second, ticket, request, granted=True)
    assert [waiting(desk, one) for one in (second, third, asker)] == [[], [], ["decided"]]


def test_a_category_corrected_to_harassment_needs_two_from_then_on(desk: Desk, asker: Staff) -> None:
    ticket = file(desk, ("attitude",))
    assert identity.open_identity(desk, asker, ticket, WHY) == NAMED
    ticket.categories = ["harassment"]
    desk.session.flush()
    with pytest.raises(TwoPeopleNeeded):
        identity.open_identity(desk, asker, ticket, WHY)


def test_name_and_number_stand_nowhere_in_clear(desk: Desk, ticket: Ticket, asker: Staff, second: Staff) -> None:
    identity.decide(desk, second, ticket, identity.ask_to_open(desk, asker, ticket, WHY), granted=True)
    identity.open_identity(desk, asker, ticket, WHY)
    for table in ("ticket", "sealed_identity", "identity_request", "audit_row", "audit_text", "outbox_message"):
        rows = desk.session.execute(text(f"select row_to_json(t)::text from {table} t")).scalars().all()
        assert rows
        assert not any("Thị Thử" in row or "0912345678" in row for row in rows), table
    assert desk.session.get(SealedIdentity, ticket.id) is not None


def test_two_windows_open_one_approval_once(lasting: Engine, facts: Facts, sealer: Sealer) -> None:
    with session_scope(lasting) as session:
        desk = Desk(session, facts, sealer, MONDAY)
        ticket = file(desk)
        asker = make_staff(session, "inspector", None, full_name="Lý Văn Hỏi")
        second = make_staff(session, "coordinator", None, full_name="Võ Thị Duyệt")
        identity.decide(desk, second, ticket, identity.ask_to_open(desk, asker, ticket, WHY), granted=True)
        ids = ticket.id, asker.id

    def open_it(_: int) -> bool:
        with session_scope(lasting) as session:
            ticket, asker = session.get_one(Ticket, ids[0]), session.get_one(Staff, ids[1])
            try:
                identity.open_identity(Desk(session, facts, sealer, MONDAY), asker, ticket, WHY)
            except TwoPeopleNeeded:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(open_it, range(4))) == 1


def test_two_who_decide_at_once_decide_once(lasting: Engine, facts: Facts, sealer: Sealer) -> None:
    with session_scope(lasting) as session:
        desk = Desk(session, facts, sealer, MONDAY)
        ticket = file(desk)
        asker = make_staff(session, "inspector", None, full_name="Lý Văn Hỏi")
        seconds = [make_staff(session, "coordinator", None, full_name=f"Võ Thị {name}").id for name in ("A", "B")]
        ids = ticket.id, identity.ask_to_open(desk, asker, ticket, WHY).id

    def decide(at: int) -> bool:
        with session_scope(lasting) as session:
            staff, request = session.get_one(Staff, seconds[at]), session.get_one(IdentityRequest, ids[1])
            ticket = session.get_one(Ticket, ids[0])
            try:
                identity.decide(Desk(session, facts, sealer, MONDAY), staff, ticket, request, granted=bool(at))
            except NotAllowed:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(decide, range(2))) == 1
