"""What edges change beside the state: who starts, who takes over, and the one appeal to the level above."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import effects, policy, queries, tickets
from backlog.context import CITIZEN, SYSTEM, Change, Desk, staff_actor
from backlog.errors import AppealRefused, Incomplete, NotAllowed, ReopenTooLate, WrongState
from backlog.model import Staff, Ticket
from backlog.policy import Permission
from catalogue.load import Facts
from kit.crypto import Sealer
from kit.outbox import OutboxMessage, read_body
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_conversation, make_staff, make_ticket

CITY = "ubnd-tp-can-tho"
CENTRE = "ttpvhcc-can-tho"
WHY = Change(reason="chưa ai xin lỗi tôi")


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))


@pytest.fixture
def handler(session: Session) -> Staff:
    return make_staff(session)


def later(desk: Desk, **time: float) -> Desk:
    return Desk(desk.session, desk.facts, desk.sealer, desk.now + timedelta(**time))


def told(desk: Desk, ticket: Ticket) -> list[str]:
    query = select(OutboxMessage).where(OutboxMessage.conversation_id == ticket.conversation_id)
    return [read_body(desk.sealer, row)["text"] for row in desk.session.scalars(query.order_by(OutboxMessage.id))]


def answer(desk: Desk, ticket: Ticket, staff: Staff) -> None:
    tickets.change(desk, staff_actor(staff), ticket, "start")
    tickets.change(desk, staff_actor(staff), ticket, "answer", Change(text="Đã nhắc nhở.", checked="Đã hỏi."))


def answered_twice(desk: Desk, ticket: Ticket, staff: Staff) -> Desk:
    """Answered, reopened by the citizen, answered again; the desk at the moment of the second answer."""
    answer(desk, ticket, staff)
    again = later(desk, days=1)
    tickets.change(again, CITIZEN, ticket, "reopen", WHY)
    second = later(desk, days=2)
    answer(second, ticket, staff)
    return second


# Starting


def test_whoever_starts_on_what_nobody_has_has_it(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    tickets.change(desk, staff_actor(handler), ticket, "start")
    assert (ticket.state, ticket.assignee_id) == ("in_progress", handler.id)
    other = make_staff(desk.session)
    assert not policy.can(desk.session, other, Permission.VIEW_TICKETS, ticket)


def test_starting_takes_nothing_away_from_a_colleague(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    head = staff_actor(make_staff(desk.session, "unit_head"))
    tickets.change(desk, head, ticket, "assign", Change(assignee=handler))
    tickets.change(desk, head, ticket, "start")
    assert ticket.assignee_id == handler.id


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_somebody_outside_the_unit_starts_but_does_not_have_it(desk: Desk, ticket: Ticket, role: str) -> None:
    tickets.change(desk, staff_actor(make_staff(desk.session, role, None)), ticket, "start")
    assert (ticket.state, ticket.assignee_id) == ("in_progress", None)


# Reassigning


@pytest.fixture
def asked(desk: Desk, ticket: Ticket, handler: Staff) -> Ticket:
    """A ticket that waits for its citizen."""
    tickets.change(desk, staff_actor(handler), ticket, "start")
    return tickets.change(desk, staff_actor(handler), ticket, "ask", Change(text="Mấy giờ?"))


def test_a_handler_may_be_changed_while_the_citizen_is_waited_for(desk: Desk, asked: Ticket) -> None:
    new = make_staff(desk.session)
    head = staff_actor(make_staff(desk.session, "unit_head"))
    due, said = asked.due_at, len(told(desk, asked))
    tickets.change(later(desk, days=1), head, asked, "reassign", Change(assignee=new))
    assert (asked.state, asked.assignee_id, asked.clock_state) == ("waiting_citizen", new.id, "pause")
    assert asked.due_at == due
    assert len(told(desk, asked)) == said
    (pause,) = queries.pauses(desk.session, asked)
    assert pause.ended_at is None


def test_reassigning_needs_somebody(desk: Desk, asked: Ticket) -> None:
    with pytest.raises(Incomplete):
        tickets.change(desk, staff_actor(make_staff(desk.session, "unit_head")), asked, "reassign")


@pytest.mark.parametrize("who", ["elsewhere", "left"])
def test_only_a_colleague_who_is_there_takes_over(desk: Desk, asked: Ticket, handler: Staff, who: str) -> None:
    new = make_staff(desk.session, unit_key=OTHER_UNIT if who == "elsewhere" else UNIT, active=who != "left")
    with pytest.raises(NotAllowed):
        tickets.change(
            desk, staff_actor(make_staff(desk.session, "unit_head")), asked, "reassign", Change(assignee=new)
        )
    assert asked.assignee_id == handler.id


def test_the_person_complained_about_does_not_take_over(desk: Desk, handler: Staff) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, official="chị Hạnh")
    handler.full_name = "Lê Văn Tư"
    tickets.change(desk, staff_actor(handler), ticket, "start")
    tickets.change(desk, staff_actor(handler), ticket, "ask", Change(text="Mấy giờ?"))
    about = make_staff(desk.session, full_name="Nguyễn Thị Hạnh")
    head = staff_actor(make_staff(desk.session, "unit_head", full_name="Võ Văn Đầu"))
    with pytest.raises(NotAllowed):
        tickets.change(desk, head, ticket, "reassign", Change(assignee=about))


def test_a_handler_reassigns_nothing(desk: Desk, asked: Ticket, handler: Staff) -> None:
    with pytest.raises(NotAllowed):
        tickets.change(desk, staff_actor(handler), asked, "reassign", Change(assignee=make_staff(desk.session)))


def test_reassigning_is_only_for_what_waits(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    head = staff_actor(make_staff(desk.session, "unit_head"))
    with pytest.raises(WrongState):
        tickets.change(desk, head, ticket, "reassign", Change(assignee=handler))


# Appeal


def test_an_appeal_goes_one_level_up_with_a_clock_of_its_own(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    second = answered_twice(desk, ticket, handler)
    now = later(second, days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    assert (ticket.state, ticket.unit_key, ticket.assignee_id) == ("reopened", CITY, None)
    assert (ticket.appealed, ticket.answered_at, ticket.closed_at) == (True, None, None)
    assert (ticket.clock_from, ticket.clock_state, ticket.level, ticket.interim_at) == (now.now, "run", 0, None)
    assert ticket.due_at > now.now
    said = told(desk, ticket)[-1]
    assert ticket.number in said
    assert desk.facts.agencies.get(CITY).name in said


def test_nobody_who_had_it_before_sees_it_any_more(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    head = make_staff(desk.session, "unit_head")
    now = later(answered_twice(desk, ticket, handler), days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    for staff in (handler, head):
        assert not policy.can(desk.session, staff, Permission.VIEW_TICKETS, ticket)
    assert policy.can(desk.session, make_staff(desk.session, "unit_head", CITY), Permission.VIEW_TICKETS, ticket)


def test_the_level_above_works_on_it_and_answers(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    now = later(answered_twice(desk, ticket, handler), days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    staff = make_staff(desk.session, "handler", CITY)
    answer(later(now, days=1), ticket, staff)
    assert (ticket.state, ticket.assignee_id) == ("answered", staff.id)
    said = told(desk, ticket)[-1]
    assert desk.facts.agencies.get(CITY).name in said


def test_an_appeal_is_not_sent_back_down_to_the_unit_it_complains_of(
    desk: Desk, ticket: Ticket, handler: Staff
) -> None:
    now = later(answered_twice(desk, ticket, handler), days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    actor = staff_actor(make_staff(desk.session, "coordinator", None))
    with pytest.raises(NotAllowed):
        tickets.change(now, actor, ticket, "transfer", Change(unit=UNIT, reason="về đúng nơi"))


def test_an_appeal_never_goes_to_the_head_whom_it_is_about(desk: Desk) -> None:
    ticket = make_ticket(
        desk.session, desk.facts, desk.sealer, place_key=None, agency_key=CITY, official="ông chủ tịch thành phố"
    )
    about = make_staff(desk.session, "unit_head", CITY, full_name="Võ Thị Đứng Đầu")
    assert ticket.unit_key == CENTRE
    assert not policy.can(desk.session, about, Permission.VIEW_TICKETS, ticket)
    second = answered_twice(desk, ticket, make_staff(desk.session, "handler", CENTRE))
    with pytest.raises(AppealRefused):
        tickets.change(later(second, days=1), CITIZEN, ticket, "appeal", WHY)
    assert not policy.can(desk.session, about, Permission.VIEW_TICKETS, ticket)


def test_there_is_no_appeal_before_a_reopening(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    answer(desk, ticket, handler)
    with pytest.raises(AppealRefused):
        tickets.change(later(desk, days=1), CITIZEN, ticket, "appeal", WHY)
    assert (ticket.unit_key, ticket.state, ticket.appealed) == (UNIT, "answered", False)


def test_there_is_one_appeal(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    now = later(answered_twice(desk, ticket, handler), days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    staff = make_staff(desk.session, "handler", CITY)
    answer(later(now, days=1), ticket, staff)
    with pytest.raises(AppealRefused):
        tickets.change(later(now, days=2), CITIZEN, ticket, "appeal", WHY)
    with pytest.raises(ReopenTooLate):
        tickets.change(later(now, days=2), CITIZEN, ticket, "reopen", WHY)


@pytest.mark.parametrize(
    ("words", "after", "taken"),
    [
        ("the last moment of fourteen days", timedelta(days=14), True),
        ("a second after", timedelta(days=14, seconds=1), False),
        ("a year after", timedelta(days=365), False),
    ],
)
def test_an_appeal_has_fourteen_days_from_the_second_answer(
    desk: Desk, ticket: Ticket, handler: Staff, words: str, after: timedelta, taken: bool
) -> None:
    second = answered_twice(desk, ticket, handler)
    now = Desk(desk.session, desk.facts, desk.sealer, second.now + after)
    if taken:
        tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    else:
        with pytest.raises(AppealRefused):
            tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    assert ticket.appealed is taken


def test_closing_in_between_does_not_lengthen_the_fourteen_days(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    second = answered_twice(desk, ticket, handler)
    tickets.change(later(second, days=13), CITIZEN, ticket, "close")
    with pytest.raises(AppealRefused):
        tickets.change(later(second, days=15), CITIZEN, ticket, "appeal", WHY)


def test_at_the_top_there_is_nobody_to_appeal_to(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, official="ông chủ tịch phường")
    assert ticket.unit_key == CITY
    assert effects.level_up(desk, ticket) is None
    second = answered_twice(desk, ticket, make_staff(desk.session, "handler", CITY))
    with pytest.raises(AppealRefused):
        tickets.change(later(second, days=1), CITIZEN, ticket, "appeal", WHY)
    assert ticket.unit_key == CITY


def test_an_appeal_says_why_and_is_the_citizen_s_alone(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    now = later(answered_twice(desk, ticket, handler), days=1)
    with pytest.raises(Incomplete):
        tickets.change(now, CITIZEN, ticket, "appeal", Change(reason="  "))
    for actor in (SYSTEM, staff_actor(handler), staff_actor(make_staff(desk.session, "admin", None))):
        with pytest.raises(NotAllowed):
            tickets.change(now, actor, ticket, "appeal", WHY)
    assert not ticket.appealed


def test_what_is_being_worked_on_is_not_appealed(desk: Desk, ticket: Ticket, handler: Staff) -> None:
    answer(desk, ticket, handler)
    tickets.change(later(desk, days=1), CITIZEN, ticket, "reopen", WHY)
    with pytest.raises(WrongState):
        tickets.change(later(desk, days=1), CITIZEN, ticket, "appeal", WHY)


def test_the_citizen_s_reason_is_in_the_thread_and_not_in_the_chain(
    desk: Desk, ticket: Ticket, handler: Staff
) -> None:
    now = later(answered_twice(desk, ticket, handler), days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    assert queries.messages(desk.session, ticket)[-1].text == WHY.reason
    row, texts = queries.history(desk.session, ticket)[-1]
    assert (row.action, texts) == ("appeal", {})
    assert WHY.reason not in str(row.data)


def test_a_rejected_ticket_can_be_reopened_and_then_appealed(desk: Desk, ticket: Ticket) -> None:
    head = staff_actor(make_staff(desk.session, "unit_head"))
    no = Change(reason="không rõ", legal_ground="Điều 1", onward="hỏi nơi khác")
    tickets.change(desk, head, ticket, "reject", no)
    tickets.change(later(desk, days=1), CITIZEN, ticket, "reopen", WHY)
    tickets.change(later(desk, days=2), head, ticket, "reject", no)
    tickets.change(later(desk, days=3), CITIZEN, ticket, "appeal", WHY)
    assert ticket.unit_key == CITY


@pytest.fixture
def twin(session: Session, desk: Desk, ticket: Ticket) -> Ticket:
    """Another citizen's ticket, answered together with the first."""
    twin = make_ticket(session, desk.facts, desk.sealer, conversation_id=make_conversation(session, desk.sealer))
    head = staff_actor(make_staff(session, "unit_head"))
    return tickets.change(desk, head, twin, "merge", Change(target=ticket))


def test_citizens_of_merged_tickets_hear_of_a_reopening_and_the_new_answer(
    desk: Desk, ticket: Ticket, twin: Ticket, handler: Staff
) -> None:
    answered_twice(desk, ticket, handler)
    heard = told(desk, twin)
    assert len(heard) == 4  # merged, answered, reopened, answered
    assert all(twin.number in words for words in heard)


def test_citizens_of_merged_tickets_hear_of_an_appeal(
    desk: Desk, ticket: Ticket, twin: Ticket, handler: Staff
) -> None:
    second = answered_twice(desk, ticket, handler)
    before = len(told(desk, twin))
    tickets.change(later(second, days=1), CITIZEN, ticket, "appeal", WHY)
    assert len(told(desk, twin)) == before + 1


def test_citizens_of_merged_tickets_read_which_unit_answers(
    desk: Desk, ticket: Ticket, twin: Ticket, handler: Staff
) -> None:
    second = answered_twice(desk, ticket, handler)
    now = later(second, days=1)
    tickets.change(now, CITIZEN, ticket, "appeal", WHY)
    answer(now, ticket, make_staff(desk.session, "handler", CITY))
    names = {key: desk.facts.agencies.get(key).name for key in (CITY, UNIT)}
    said = told(desk, twin)[-1]
    assert names[CITY] in said
    assert names[UNIT] not in said
