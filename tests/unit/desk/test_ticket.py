"""Queue and ticket page: what is not visible, what is refused, then what works."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import tickets
from backlog.identity import Contact
from backlog.model import AuditRow, Staff, Ticket, TicketMessage
from backlog.tickets import Draft
from catalogue.load import Facts
from kit import clock
from kit.crypto import Sealer

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
STORY = "cán bộ quầy số 3 <b>nạt</b> tôi khi làm giấy khai sinh"
NAME, PHONE = "Trần Văn Tám", "0901234567"


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    """A complaint with a name behind it."""
    draft = Draft("phan_anh", ["attitude"], STORY, Contact("named", NAME, PHONE), place_key="2024:31510")
    now = clock.now()
    filed = tickets.submit(session, facts, draft, sealer=sealer, idempotency_key="one", conversation_id=None, now=now)
    return filed.ticket


def post(client: httpx.Client, ticket: Ticket, path: str, **data: str) -> httpx.Response:
    page = client.get("/desk/password").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    return client.post(f"/desk/tickets/{ticket.number}/{path}", data={"csrf": csrf, **data})


def test_a_ticket_of_another_unit_is_not_there(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket, facts: Facts
) -> None:
    other = next(agency.key for agency in facts.agencies if agency.key != ticket.unit_key)
    add("khac", "handler", other)
    sign_in("khac")
    assert ticket.number not in client.get("/desk?state=all").text
    assert client.get(f"/desk/tickets/{ticket.number}").status_code == 404
    for path in ("actions/start", "note"):
        assert post(client, ticket, path, text="thử").status_code == 404


def test_a_trainer_has_no_business_here(client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket) -> None:
    add("hl", "trainer")
    sign_in("hl")
    assert client.get("/desk").status_code == 403
    assert client.get(f"/desk/tickets/{ticket.number}").status_code == 403


def test_an_inspector_sees_it_but_may_not_work_it(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket
) -> None:
    add("doan", "inspector")
    sign_in("doan")
    page = client.get(f"/desk/tickets/{ticket.number}")
    assert page.status_code == 200
    assert "Việc làm được" not in page.text
    assert post(client, ticket, "actions/start").status_code == 403
    assert ticket.state == "received"


def test_nobody_but_the_inspector_opens_an_identity(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket
) -> None:
    add("dieu-phoi", "coordinator")
    sign_in("dieu-phoi")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "Mở danh tính" not in page
    assert "niêm phong" in page
    answer = post(client, ticket, "identity", reason="cần gọi lại hỏi thêm chi tiết")
    assert answer.status_code == 403
    assert NAME not in page + answer.text


def test_an_identity_is_opened_for_a_reason_and_leaves_a_trace(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket, session: Session
) -> None:
    add("doan", "inspector")
    sign_in("doan")
    assert NAME not in client.get(f"/desk/tickets/{ticket.number}").text
    refused = post(client, ticket, "identity", reason="xem")
    assert refused.status_code == 422
    assert NAME not in refused.text
    opened = post(client, ticket, "identity", reason="xác minh trực tiếp với người phản ánh")
    assert NAME in opened.text and PHONE in opened.text
    traces = select(AuditRow).where(AuditRow.action == "open_identity", AuditRow.ticket_id == ticket.id)
    assert len(session.scalars(traces).all()) == 1
    assert NAME not in client.get(f"/desk/tickets/{ticket.number}").text


@pytest.mark.parametrize(
    ("action", "data", "status"),
    [
        ("close", {}, 409),
        ("khong-co", {}, 409),
        ("reject", {"reason": "không thuộc thẩm quyền"}, 422),
        ("transfer", {"unit": "khong-co", "reason": "nhầm nơi"}, 422),
        ("merge", {"target": "PA-2026-999999-9"}, 404),
    ],
)
def test_a_refused_action_changes_nothing_and_says_why(
    client: httpx.Client,
    add: Add,
    sign_in: SignIn,
    ticket: Ticket,
    session: Session,
    action: str,
    data: dict[str, str],
    status: int,
) -> None:
    add()
    sign_in("hoa")
    unit, rows = ticket.unit_key, len(session.scalars(select(AuditRow)).all())
    answer = post(client, ticket, f"actions/{action}", **data)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    session.expire_all()
    assert (ticket.state, ticket.unit_key) == ("received", unit)
    assert len(session.scalars(select(AuditRow)).all()) == rows


def test_what_the_citizen_wrote_is_shown_as_text(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket
) -> None:
    add()
    sign_in("hoa")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "&lt;b&gt;nạt&lt;/b&gt;" in page
    assert "<b>nạt" not in page
    assert "Phường 2" in page and "nay thuộc" in page


def test_a_preview_sends_nothing_and_the_answer_is_written_once(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket, session: Session
) -> None:
    add()
    sign_in("hoa")
    assert post(client, ticket, "actions/start").status_code == 303
    text = "Chúng tôi đã nhắc nhở cán bộ. Xin lỗi anh/chị."
    preview = post(client, ticket, "actions/answer", text=text, checked="Đã hỏi hai bên.", preview="1")
    assert "Người dân sẽ đọc:" in preview.text and "Chưa gửi." in preview.text
    assert session.scalars(select(TicketMessage)).all() == []
    assert post(client, ticket, "actions/answer", text=text, checked="Đã hỏi hai bên.").status_code == 303
    said = [(message.audience, message.text) for message in session.scalars(select(TicketMessage))]
    assert said == [("internal", "Đã hỏi hai bên."), ("citizen", text)]
    assert post(client, ticket, "actions/answer", text=text, checked="Đã hỏi hai bên.").status_code == 409


def test_a_note_stays_inside(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket, session: Session
) -> None:
    add()
    sign_in("hoa")
    assert post(client, ticket, "note", text=" ").status_code == 422
    assert post(client, ticket, "note", text="đã gọi\0 quầy số 3").status_code == 303
    message = session.scalars(select(TicketMessage)).one()
    assert (message.audience, message.text) == ("internal", "đã gọi quầy số 3")


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=99999", "page=²", "page=9999999999", "state=x", "number=%00"]
)
def test_a_bent_address_still_gives_a_page(client: httpx.Client, add: Add, sign_in: SignIn, query: str) -> None:
    add()
    sign_in("hoa")
    assert client.get(f"/desk?{query}").status_code == 200


def test_the_queue_tells_lateness_in_words(
    client: httpx.Client, add: Add, sign_in: SignIn, ticket: Ticket, session: Session
) -> None:
    add()
    sign_in("hoa")
    for days, words in ((-3, "quá hạn"), (1, "dưới 2 ngày"), (9, "còn 8 ngày")):
        ticket.due_at = clock.now() + timedelta(days=days)
        session.flush()
        assert words in client.get("/desk").text
