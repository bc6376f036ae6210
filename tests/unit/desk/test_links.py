"""Tickets around a ticket: what is not shown, what is refused, then linking, splitting and merging."""

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import links
from backlog.model import Staff, Ticket, TicketLink
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, OTHER_UNIT, UNIT, make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
Send = Callable[..., httpx.Response]
STORY = "cán bộ quầy số 3 nạt tôi rồi đòi thêm bản sao hộ khẩu"


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    return make_ticket(session, facts, sealer, story=STORY)


@pytest.fixture
def other(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    """The same event, told by somebody else."""
    return make_ticket(session, facts, sealer, story=f"<em>{STORY}</em> hôm qua")


def test_a_linked_ticket_that_one_may_not_see_stays_nameless(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session, ticket: Ticket, other: Ticket
) -> None:
    links.link(session, ticket, other, "related", MONDAY)
    other.unit_key = OTHER_UNIT
    session.flush()
    add("xuly", "handler", UNIT)
    sign_in("xuly")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "một phiếu khác" in page and "có liên quan" in page
    assert other.number not in page
    add()
    sign_in("hoa")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert other.number in page and "một phiếu khác" not in page and "mới nhận" in page


def test_a_handler_neither_links_nor_splits_nor_merges(
    client: httpx.Client, add: Add, sign_in: SignIn, send: Send, session: Session, ticket: Ticket, other: Ticket
) -> None:
    add("xuly", "handler", UNIT)
    sign_in("xuly")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "Có thể cùng một chuyện" in page
    assert "Nối với phiếu khác" not in page and "Tách thành" not in page and "Gộp vào" not in page
    assert send(f"tickets/{ticket.number}/relate", other=other.number).status_code == 403
    assert send(f"tickets/{ticket.number}/split", story="đòi tiền", categories=["delay"]).status_code == 403
    assert send(f"tickets/{ticket.number}/actions/merge", target=other.number).status_code == 409
    assert session.scalars(select(TicketLink)).all() == []


def test_a_link_is_made_by_number(
    client: httpx.Client, add: Add, sign_in: SignIn, send: Send, session: Session, ticket: Ticket, other: Ticket
) -> None:
    add()
    sign_in("hoa")
    for wrong, status in (("PA-2026-999999-9", 404), (ticket.number, 422), ("", 404)):
        assert send(f"tickets/{ticket.number}/relate", other=wrong).status_code == status
    assert session.scalars(select(TicketLink)).all() == []
    assert send(f"tickets/{ticket.number}/relate", other=f" {other.number.lower()} ").status_code == 303
    assert [one.number for one, _ in links.linked(session, ticket)] == [other.number]
    page = client.get(f"/desk/tickets/{ticket.number}?done=related").text
    assert "Đã nối hai phiếu" in page and other.number in page
    assert "Có thể cùng một chuyện" not in page, "what is linked already is suggested no more"


@pytest.mark.parametrize("data", [{"story": " ", "categories": ["delay"]}, {"story": "đòi tiền", "categories": "x"}])
def test_a_split_needs_a_story_and_a_known_category(
    add: Add, sign_in: SignIn, send: Send, session: Session, ticket: Ticket, data: dict[str, str | list[str]]
) -> None:
    add()
    sign_in("hoa")
    answer = send(f"tickets/{ticket.number}/split", **data)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert session.scalars(select(Ticket)).all() == [ticket]


def test_a_part_becomes_a_ticket_of_its_own(
    client: httpx.Client, add: Add, sign_in: SignIn, send: Send, session: Session, ticket: Ticket
) -> None:
    add()
    sign_in("hoa")
    part = "đòi thêm <u>bản sao</u> hộ khẩu"
    answer = send(f"tickets/{ticket.number}/split", story=part, categories=["obstruction", "delay", "khong-co"])
    assert answer.status_code == 303
    ((made, kind),) = links.linked(session, ticket)
    assert (made.story, kind) == (part, "split")
    assert sorted(made.categories) == ["delay", "obstruction"]
    assert made.number in client.get(answer.headers["location"]).text
    assert "&lt;u&gt;bản sao" in client.get(f"/desk/tickets/{made.number}").text


def test_a_suggestion_says_why_and_merges(
    client: httpx.Client, add: Add, sign_in: SignIn, send: Send, session: Session, ticket: Ticket, other: Ticket
) -> None:
    add()
    sign_in("hoa")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "cùng loại việc, lời kể giống" in page
    assert re.search(r"giống \d\d%</small>", page)
    assert f'name="target" value="{other.number}"' in page
    assert send(f"tickets/{ticket.number}/actions/merge", target=other.number).status_code == 303
    session.refresh(ticket)
    assert (ticket.state, ticket.merged_into) == ("merged", other.id)
    assert "phiếu này đã gộp vào đó" in client.get(f"/desk/tickets/{ticket.number}").text
    assert "đã gộp vào phiếu này" in client.get(f"/desk/tickets/{other.number}").text
