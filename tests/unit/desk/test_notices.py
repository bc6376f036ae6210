"""What waits for somebody at the desk, and the tags and sentences of a ticket that is not an ordinary one."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.orm import Session

from backlog import escalation
from backlog.model import Rating, Staff, Ticket
from catalogue.load import Facts
from desk.queue import MOST_WAITING
from kit.crypto import Sealer
from tests.factories import MONDAY, OTHER_UNIT, make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer)


def test_nothing_waits_and_nothing_is_said(client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket) -> None:
    add()
    sign_in("hoa")
    page = client.get("/desk").text
    assert "Việc cần để ý" not in page and 'class="count"' not in page


def test_a_notice_waits_on_one_desk_until_its_ticket_is_opened(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, ticket: Ticket
) -> None:
    hoa = add()
    add("lan", "coordinator")
    for level, hours in ((3, 0), (4, 1)):
        moment = MONDAY + timedelta(hours=hours)
        escalation.put(session, hoa, ticket, "deadline", f"{ticket.clock_from.isoformat()}:{level}", moment)
    escalation.put(session, hoa, ticket, "approval", "x", MONDAY)
    sign_in("lan")
    assert "Việc cần để ý" not in client.get("/desk").text
    sign_in("hoa")
    page = client.get("/desk").text
    assert "quá hạn trên 1 tuần" in page and "có người xin mở danh tính" in page
    assert page.count(f'/desk/tickets/{ticket.number}"') == 3, "the older warning is no news, and the queue has one"
    assert '<span class="count">2<' in client.get("/desk/figures").text
    assert '<span class="count">1<' in client.get(f"/desk/tickets/{ticket.number}").text
    page = client.get("/desk").text
    assert "quá hạn trên 1 tuần" not in page
    assert "có người xin mở danh tính" in page, "somebody waits for a word, not for an eye"


def test_a_notice_about_a_ticket_that_went_elsewhere_is_silent(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, ticket: Ticket
) -> None:
    head = add("truong", "unit_head", ticket.unit_key)
    escalation.put(session, head, ticket, "deadline", "x:2", MONDAY)
    ticket.unit_key = OTHER_UNIT
    session.flush()
    sign_in("truong")
    assert ticket.number not in client.get("/desk").text


def test_a_long_list_is_cut_and_says_so(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, facts: Facts, sealer: Sealer
) -> None:
    hoa = add()
    for _ in range(MOST_WAITING + 2):
        escalation.put(session, hoa, make_ticket(session, facts, sealer), "deadline", "x:3", MONDAY)
    sign_in("hoa")
    assert "Còn 2 việc nữa" in client.get("/desk").text


def test_urgent_reopened_appealed_and_rated_are_said_in_words(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, ticket: Ticket
) -> None:
    add()
    sign_in("hoa")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "Khẩn cấp" not in page and "mở lại" not in page and "chấm" not in page
    ticket.urgent, ticket.reopened = True, 1
    session.add(Rating(ticket_id=ticket.id, stars=2, word="<b>chưa</b> nghe ai xin lỗi", at=MONDAY))
    session.flush()
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "Khẩn cấp" in page and "Khẩn cấp" in client.get("/desk").text
    assert "Đã mở lại một lần" in page
    assert "chấm 2 trên 5" in page and "&lt;b&gt;chưa&lt;/b&gt;" in page
    ticket.appealed = True
    session.flush()
    assert "đề nghị cấp trên xem lại" in client.get(f"/desk/tickets/{ticket.number}").text
