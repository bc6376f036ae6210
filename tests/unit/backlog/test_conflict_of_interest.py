"""Nobody gets a ticket about themselves: not by routing, transfer, assignment or a stale page."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from backlog import policy, queries, routing, tickets
from backlog.context import Change, Desk, staff_actor
from backlog.errors import NotAllowed, TicketNotFound
from backlog.model import Ticket
from backlog.policy import Permission
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_staff, make_ticket

CITY = "ubnd-tp-can-tho"
CENTRE = "ttpvhcc-can-tho"


@pytest.fixture
def desk(session: Session, facts: Facts, sealer: Sealer) -> Desk:
    return Desk(session, facts, sealer, MONDAY + timedelta(hours=1))


def sees(desk: Desk, role: str, unit: str | None, ticket: Ticket, name: str = "Trần Văn Thử") -> bool:
    staff = make_staff(desk.session, role, unit, full_name=name)
    return policy.can(desk.session, staff, Permission.VIEW_TICKETS, ticket)


@pytest.mark.parametrize(
    ("agency", "official", "unit"),
    [
        ("ttpvhcc:31510", "ông chủ tịch phường", CITY),  # he heads the unit above the counter
        ("ttpvhcc:31510", "bà giám đốc trung tâm", UNIT),
        ("ttpvhcc:31510", "bà phó giám đốc trung tâm", "ttpvhcc:31510"),
        ("cong-an:31510", "truong cong an phuong", "cong-an-can-tho"),
        ("thue-can-tho", "ông trưởng thuế", CITY),
        ("vp-ubnd-can-tho", "chánh văn phòng", CITY),
        ("vp-ubnd-can-tho", "phó chánh văn phòng", "vp-ubnd-can-tho"),
        ("so-noi-vu-can-tho", "trưởng phòng", "so-noi-vu-can-tho"),  # the director is his superior
        ("so-noi-vu-can-tho", "lãnh đạo sở", CITY),
        (UNIT, "sếp lớn ở đó", CITY),
    ],
)
def test_the_head_s_case_goes_above_the_unit_that_he_heads(
    facts: Facts, agency: str, official: str, unit: str
) -> None:
    found = routing.route(
        facts.routing, facts.agencies, agency_key=agency, place_key=None, official=official, on=date(2026, 11, 24)
    )
    assert found.unit == unit


def test_a_head_called_by_name_is_known_from_the_staff_list(session: Session, facts: Facts, sealer: Sealer) -> None:
    make_staff(session, "unit_head", UNIT, full_name="Lê Văn Tám")
    assert make_ticket(session, facts, sealer, official="ông Tám").unit_key == CITY
    assert make_ticket(session, facts, sealer, official="ông Chín").unit_key == UNIT


def test_a_case_about_a_head_cannot_be_sent_back_to_him(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, official="ông chủ tịch phường")
    actor = staff_actor(make_staff(desk.session, "coordinator", None))
    for unit in (UNIT, "ttpvhcc:31510"):  # his own unit, and one that answers to him
        with pytest.raises(NotAllowed, match="chính đơn vị"):
            tickets.change(desk, actor, ticket, "transfer", Change(unit=unit, reason="đúng nơi"))
    tickets.change(desk, actor, ticket, "transfer", Change(unit=CENTRE, reason="đúng nơi"))
    assert ticket.unit_key == CENTRE


def test_the_unit_of_the_head_complained_about_sees_nothing_whatever_the_role(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, agency_key=CENTRE, official="giám đốc trung tâm")
    assert ticket.unit_key == CITY
    for role in ("handler", "unit_head", "coordinator", "inspector", "admin"):
        assert not sees(desk, role, CENTRE, ticket)
    assert sees(desk, "coordinator", None, ticket)


def test_a_ticket_is_not_assigned_to_the_person_it_is_about(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, official="chị Hạnh")
    about = make_staff(desk.session, full_name="Nguyễn Thị Hạnh")
    colleague = make_staff(desk.session, full_name="Nguyễn Thị Hường")
    actor = staff_actor(make_staff(desk.session, "unit_head"))
    with pytest.raises(NotAllowed):
        tickets.change(desk, actor, ticket, "assign", Change(assignee=about))
    assert queries.assignable(desk.session, ticket) == [colleague, actor.staff]
    tickets.change(desk, actor, ticket, "assign", Change(assignee=colleague))
    assert ticket.assignee_id == colleague.id


def test_whoever_may_not_see_a_ticket_may_not_change_it_either(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, official="chị Hạnh")
    for staff in (
        make_staff(desk.session, unit_key=OTHER_UNIT),
        make_staff(desk.session, full_name="Nguyễn Thị Hạnh"),
        make_staff(desk.session, active=False),
    ):
        with pytest.raises(TicketNotFound):
            tickets.change(desk, staff_actor(staff), ticket, "start")
        with pytest.raises(TicketNotFound):
            tickets.note(desk, staff, ticket, "ghi chú")
    assert ticket.state == "received"


def test_a_name_in_the_story_counts_like_one_in_its_own_field(desk: Desk) -> None:
    story = "sáng nay ba Hanh ở quầy 2 nạt tôi, bắt về làm lại giấy"
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, story=story)
    assert not sees(desk, "handler", UNIT, ticket, "Nguyễn Thị Hạnh")
    assert sees(desk, "handler", UNIT, ticket, "Trần Thị Quầy")


def test_an_administrator_s_job_title_is_not_a_name(desk: Desk) -> None:
    """The first administrator is called "Quản trị viên": "nhân viên" must not hide tickets from them."""
    ticket = make_ticket(
        desk.session, desk.facts, desk.sealer, place_key=None, place_text="", official="nhân viên quầy 3"
    )
    assert sees(desk, "admin", None, ticket, "Quản trị viên")


def test_somebody_without_a_unit_is_known_by_the_full_name(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, place_key=None, official="bà Nguyễn Thị Hạnh")
    assert not sees(desk, "coordinator", None, ticket, "Nguyễn Thị Hạnh")
    assert sees(desk, "coordinator", None, ticket, "Lê Thị Hạnh")


def test_a_ticket_about_nobody_known_is_hidden_from_no_coordinator(desk: Desk) -> None:
    ticket = make_ticket(desk.session, desk.facts, desk.sealer, place_key=None, official="chị Hạnh")
    assert ticket.about_key is None
    for unit in (None, UNIT, CENTRE):
        assert sees(desk, "coordinator", unit, ticket)
