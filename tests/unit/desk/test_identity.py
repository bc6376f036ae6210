"""Opening a sealed identity at the desk: who may not, then how two people do it."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import escalation
from backlog.identity import Contact
from backlog.model import IdentityRequest, SealedIdentity, Staff, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import UNIT, make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
Send = Callable[..., httpx.Response]
NAME, PHONE = "Trần Văn Tám", "0901234567"
REASON = "gặp trực tiếp để <i>lấy lời kể</i>"


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    """Somebody was asked for money, and left a name."""
    return make_ticket(
        session, facts, sealer, categories=["harassment"], contact=Contact("named", NAME, PHONE), key="one"
    )


@pytest.fixture
def asked(session: Session, add: Add, sign_in: SignIn, send: Send, ticket: Ticket) -> IdentityRequest:
    """The inspector "doan" has asked; the inspector "doan2" and the coordinator "hoa" are there."""
    add("doan", "inspector"), add("doan2", "inspector"), add()
    sign_in("doan")
    assert send(f"tickets/{ticket.number}/identity/requests", reason=REASON).status_code == 303
    return session.scalars(select(IdentityRequest)).one()


def answer_path(request: IdentityRequest, ticket: Ticket) -> str:
    return f"tickets/{ticket.number}/identity/requests/{request.id}"


@pytest.mark.parametrize(("role", "unit"), [("handler", UNIT), ("unit_head", UNIT), ("admin", None)])
def test_those_without_the_right_neither_ask_nor_agree_nor_open(
    client: httpx.Client,
    add: Add,
    sign_in: SignIn,
    send: Send,
    ticket: Ticket,
    asked: IdentityRequest,
    role: str,
    unit: str | None,
) -> None:
    add("khac", role, unit)
    sign_in("khac")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "niêm phong" in page and "/identity" not in page and "xin mở danh tính<" not in page
    assert send(f"tickets/{ticket.number}/identity", reason=REASON).status_code == 403
    assert send(f"tickets/{ticket.number}/identity/requests", reason=REASON).status_code == 403
    assert send(answer_path(asked, ticket), answer="allow").status_code == 403
    assert asked.granted is None


def test_one_person_alone_opens_nothing(
    client: httpx.Client, send: Send, ticket: Ticket, asked: IdentityRequest
) -> None:
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "Đang chờ người thứ hai đồng ý" in page and "Mở và lưu vết" not in page
    opened = send(f"tickets/{ticket.number}/identity", reason=REASON)
    assert opened.status_code == 403
    own = send(answer_path(asked, ticket), answer="allow")
    assert own.status_code == 403 and "phải là người khác" in own.text
    assert NAME not in page + opened.text + own.text
    assert asked.granted is None


@pytest.mark.parametrize("second", ["doan2", "hoa"])
def test_a_second_person_agrees_and_the_first_opens_once(
    client: httpx.Client, sign_in: SignIn, send: Send, ticket: Ticket, asked: IdentityRequest, second: str
) -> None:
    sign_in(second)
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "xin mở danh tính" in page and "&lt;i&gt;lấy lời kể&lt;/i&gt;" in page
    assert send(answer_path(asked, ticket), answer="allow").headers["location"].endswith("done=allowed")
    if second == "hoa":
        assert send(f"tickets/{ticket.number}/identity", reason=REASON).status_code == 403
    sign_in("doan")
    assert "Anh/chị mở được một lần" in client.get(f"/desk/tickets/{ticket.number}").text
    opened = send(f"tickets/{ticket.number}/identity", reason=REASON)
    assert NAME in opened.text and PHONE in opened.text
    again = send(f"tickets/{ticket.number}/identity", reason=REASON)
    assert again.status_code == 403 and NAME not in again.text
    assert "Muốn mở nữa, anh/chị xin lại" in client.get(f"/desk/tickets/{ticket.number}").text


def test_a_refusal_is_told_and_stands(
    client: httpx.Client, sign_in: SignIn, send: Send, ticket: Ticket, asked: IdentityRequest, session: Session
) -> None:
    sign_in("doan2")
    assert send(answer_path(asked, ticket), answer="refuse").status_code == 303
    assert send(answer_path(asked, ticket), answer="allow").status_code == 403
    sign_in("doan")
    asker = session.get_one(Staff, asked.asked_by)
    assert [notice.kind for notice, _ in escalation.unread(session, asker)] == ["decided"]
    assert "yêu cầu mở danh tính của anh/chị đã có quyết định" in client.get("/desk").text
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "không đồng ý" in page and "Xin mở danh tính" in page
    assert send(f"tickets/{ticket.number}/identity", reason=REASON).status_code == 403


def test_a_bent_answer_decides_nothing(
    sign_in: SignIn,
    send: Send,
    ticket: Ticket,
    asked: IdentityRequest,
    session: Session,
    facts: Facts,
    sealer: Sealer,
) -> None:
    other = make_ticket(session, facts, sealer)
    sign_in("doan2")
    assert send(answer_path(asked, ticket), answer="maybe").status_code == 422
    assert send(answer_path(asked, other), answer="allow").status_code == 404
    assert send(f"tickets/{ticket.number}/identity/requests/x", answer="allow").status_code == 404
    assert asked.granted is None


def test_a_short_reason_asks_nobody(
    add: Add, sign_in: SignIn, send: Send, ticket: Ticket, session: Session, client: httpx.Client
) -> None:
    add("doan", "inspector")
    sign_in("doan")
    assert "Hiện chưa ai khác có quyền đồng ý" in client.get(f"/desk/tickets/{ticket.number}").text
    assert send(f"tickets/{ticket.number}/identity/requests", reason="xem").status_code == 422
    assert session.scalars(select(IdentityRequest)).all() == []


def test_a_seal_that_cannot_be_opened_uses_no_approval_up(
    sign_in: SignIn, send: Send, ticket: Ticket, asked: IdentityRequest, session: Session
) -> None:
    sign_in("hoa")
    send(answer_path(asked, ticket), answer="allow")
    session.get_one(SealedIdentity, ticket.id).body = "hỏng"
    session.flush()
    sign_in("doan")
    assert send(f"tickets/{ticket.number}/identity", reason=REASON).status_code == 500
    session.expire_all()
    assert asked.used_at is None
