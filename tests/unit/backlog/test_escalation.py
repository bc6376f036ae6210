"""The ladder: who hears that time runs out, who is passed over, and what waits on whose desk."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backlog import escalation, jobs, queries, tickets
from backlog.context import Change, Desk, staff_actor
from backlog.model import Staff, StaffNotice, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_conversation, make_staff, make_ticket

CITY = "ubnd-tp-can-tho"


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))


@pytest.fixture
def ladder(session: Session) -> dict[str, Staff]:
    """Somebody on every rung, and somebody who stands on none."""
    return {
        "handler": make_staff(session),
        "head": make_staff(session, "unit_head"),
        "city head": make_staff(session, "unit_head", CITY),
        "inspector": make_staff(session, "inspector", None),
        "coordinator": make_staff(session, "coordinator", None),
        "elsewhere": make_staff(session, "unit_head", OTHER_UNIT),
    }


def notices(session: Session, staff: Staff) -> int:
    return session.scalars(select(func.count(StaffNotice.id)).where(StaffNotice.staff_id == staff.id)).one()


@pytest.mark.parametrize(
    ("level", "who"),
    [
        (1, {"handler"}),
        (2, {"head"}),
        (3, {"city head"}),
        (4, {"inspector"}),
        (5, {"city head", "coordinator"}),
        (6, {"city head", "coordinator"}),
    ],
)
def test_each_level_has_its_rung(
    desk: Desk, ticket: Ticket, ladder: dict[str, Staff], level: int, who: set[str]
) -> None:
    reached = {staff.id for staff in escalation.tell(desk, ticket, level)}
    assert reached == {ladder[name].id for name in who}
    for name, staff in ladder.items():
        assert notices(desk.session, staff) == (name in who)


def test_whoever_has_the_ticket_hears_of_it_and_not_the_colleagues(desk: Desk, ticket: Ticket) -> None:
    mine, other = make_staff(desk.session), make_staff(desk.session)
    ticket.assignee_id = mine.id
    assert escalation.tell(desk, ticket, 1) == [mine]
    assert notices(desk.session, other) == 0


def test_the_person_complained_about_is_passed_over(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, official="chị Hạnh")
    desk = Desk(session, facts, sealer, MONDAY)
    about = make_staff(session, full_name="Nguyễn Thị Hạnh")
    colleague = make_staff(session, full_name="Trần Văn Hùng")
    assert escalation.tell(desk, ticket, 1) == [colleague]
    assert notices(session, about) == 0


def test_alone_on_a_rung_they_are_passed_over_upwards(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, official="chị Hạnh")
    desk = Desk(session, facts, sealer, MONDAY)
    make_staff(session, full_name="Nguyễn Thị Hạnh")
    about_too = make_staff(session, "unit_head", full_name="Lê Thị Hạnh")
    above = make_staff(session, "unit_head", CITY)
    assert escalation.tell(desk, ticket, 1) == [above]
    assert notices(session, about_too) == 0


def test_the_head_whom_it_is_about_hears_nothing_on_any_level(session: Session, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(session, facts, sealer, official="ông chủ tịch phường")
    desk = Desk(session, facts, sealer, MONDAY)
    about, his_clerk = make_staff(session, "unit_head"), make_staff(session)
    coordinator = make_staff(session, "coordinator", None)
    for level in range(1, escalation.HIGHEST + 1):
        assert coordinator in escalation.tell(desk, ticket, level)
    assert notices(session, about) == notices(session, his_clerk) == 0


def test_not_even_the_head_of_the_city_is_warned_of_a_ticket_about_them(
    session: Session, facts: Facts, sealer: Sealer
) -> None:
    ticket = make_ticket(session, facts, sealer, place_key=None, agency_key=CITY, official="ông chủ tịch thành phố")
    desk = Desk(session, facts, sealer, MONDAY)
    about = make_staff(session, "unit_head", CITY)
    inspector = make_staff(session, "inspector", None)
    assert escalation.tell(desk, ticket, 3) == [inspector]
    assert escalation.tell(desk, ticket, 5) == []
    assert notices(session, about) == 0


@pytest.mark.parametrize("gone", ["left", "never there"])
def test_a_rung_on_which_nobody_stands_goes_up(desk: Desk, ticket: Ticket, gone: str) -> None:
    if gone == "left":
        left = make_staff(desk.session, active=False)
        ticket.assignee_id = left.id
    head = make_staff(desk.session, "unit_head")
    assert escalation.tell(desk, ticket, 1) == [head]


def test_nobody_at_all_is_nobody_and_no_error(desk: Desk, ticket: Ticket) -> None:
    make_staff(desk.session, "trainer", None)
    make_staff(desk.session, "unit_head", OTHER_UNIT)
    for level in range(1, escalation.HIGHEST + 1):
        assert escalation.tell(desk, ticket, level) == []
    assert desk.session.scalars(select(func.count(StaffNotice.id))).one() == 0


def test_a_warning_is_put_once_however_often_somebody_looks(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    for _ in range(3):
        assert escalation.tell(desk, ticket, 1) == [handler]
    assert notices(desk.session, handler) == 1


def test_each_level_is_a_warning_of_its_own(desk: Desk, ticket: Ticket) -> None:
    coordinator = make_staff(desk.session, "coordinator", None)
    for level in range(1, escalation.HIGHEST + 1):
        escalation.tell(desk, ticket, level)
    assert notices(desk.session, coordinator) == escalation.HIGHEST


def test_a_new_deadline_is_a_new_warning(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    escalation.tell(desk, ticket, 1)
    ticket.due_at += timedelta(days=3)
    escalation.tell(desk, ticket, 1)
    assert notices(desk.session, handler) == 2


def test_a_job_that_runs_again_tells_nobody_again(desk: Desk, ticket: Ticket, ladder: dict[str, Staff]) -> None:
    late = ticket.due_at + timedelta(minutes=1)
    for _ in range(3):
        jobs.deadline_check(desk.session, desk.facts, desk.sealer, str(ticket.id), late)
    assert ticket.level == 3
    assert notices(desk.session, ladder["city head"]) == 1


def test_the_newest_notice_comes_first_until_it_is_read(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    escalation.put(desk.session, handler, ticket, "deadline", "old", MONDAY)
    escalation.put(desk.session, handler, ticket, "deadline", "new", MONDAY + timedelta(hours=1))
    keys = [notice.key for notice, _ in escalation.unread(desk.session, handler)]
    assert [key.rsplit(":", 1)[1] for key in keys] == ["new", "old"]
    escalation.mark_read(desk.session, handler, ticket.id, desk.now)
    assert escalation.unread(desk.session, handler) == []


def test_reading_reads_only_one_s_own_and_only_this_ticket(
    session: Session, facts: Facts, sealer: Sealer, ticket: Ticket, desk: Desk
) -> None:
    handler, other = make_staff(session), make_staff(session)
    second = make_ticket(session, facts, sealer)
    for staff, about in ((handler, ticket), (handler, second), (other, ticket)):
        escalation.put(session, staff, about, "deadline", "k", MONDAY)
    escalation.mark_read(session, handler, ticket.id, desk.now)
    assert [about for _, about in escalation.unread(session, handler)] == [second]
    assert [about for _, about in escalation.unread(session, other)] == [ticket]


def test_a_question_waits_until_it_is_answered_and_not_until_it_is_seen(desk: Desk, ticket: Ticket) -> None:
    first, second = make_staff(desk.session, "coordinator", None), make_staff(desk.session, "inspector", None)
    for staff in (first, second):
        escalation.put(desk.session, staff, ticket, "approval", "q", MONDAY)
    escalation.mark_read(desk.session, first, ticket.id, desk.now)
    assert len(escalation.unread(desk.session, first)) == 1
    escalation.settle(desk.session, ticket, "approval", "q", desk.now)
    assert [escalation.unread(desk.session, staff) for staff in (first, second)] == [[], []]


def test_a_notice_of_a_ticket_that_went_elsewhere_is_shown_no_more(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    escalation.tell(desk, ticket, 1)
    assert len(escalation.unread(desk.session, handler)) == 1
    head = staff_actor(make_staff(desk.session, "unit_head"))
    tickets.change(desk, head, ticket, "transfer", Change(unit=OTHER_UNIT, reason="nhầm nơi"))
    assert escalation.unread(desk.session, handler) == []


def test_a_desk_shows_at_most_fifty(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    for at in range(escalation.MOST_SHOWN + 1):
        escalation.put(desk.session, handler, ticket, "deadline", str(at), MONDAY + timedelta(minutes=at))
    shown = escalation.unread(desk.session, handler)
    assert len(shown) == escalation.MOST_SHOWN
    assert shown[0][0].key.endswith(":50")


def test_after_a_reopening_the_ladder_starts_again(desk: Desk, ticket: Ticket) -> None:
    handler = make_staff(desk.session)
    escalation.tell(desk, ticket, 1)
    tickets.change(desk, staff_actor(handler), ticket, "start")
    tickets.change(desk, staff_actor(handler), ticket, "answer", Change(text="Xong.", checked="Đã hỏi."))
    later = Desk(desk.session, desk.facts, desk.sealer, desk.now + timedelta(days=1))
    head = staff_actor(make_staff(desk.session, "unit_head", UNIT))
    tickets.change(later, head, ticket, "reopen", Change(reason="chưa đúng"))
    escalation.tell(later, ticket, 1)
    assert notices(desk.session, handler) == 2


@pytest.mark.parametrize("there", [True, False])
def test_the_audit_row_says_who_was_told_also_when_it_was_nobody(desk: Desk, ticket: Ticket, there: bool) -> None:
    told = [str(make_staff(desk.session, "coordinator", None).id)] if there else []
    jobs.deadline_check(desk.session, desk.facts, desk.sealer, str(ticket.id), ticket.due_at)
    (row,) = [row for row, _ in queries.history(desk.session, ticket) if row.action == "escalate"]
    assert row.data["told"] == told
