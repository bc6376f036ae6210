"""Files on the ticket page: for whoever may see the ticket, and never run by a browser."""

import io
import uuid
from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import evidence
from backlog.model import AuditRow, Evidence, Staff, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, OTHER_UNIT, make_conversation, make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
PDF = b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF"


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def attach(session: Session, facts: Facts, sealer: Sealer) -> Callable[..., tuple[Ticket, Evidence]]:
    """Files a ticket with one file."""

    def make(name: str, body: bytes) -> tuple[Ticket, Evidence]:
        conversation = make_conversation(session, sealer)
        ticket = make_ticket(session, facts, sealer, conversation_id=conversation)
        file = evidence.keep(session, sealer, evidence.clean(name, body), conversation, MONDAY)
        evidence.attach(session, ticket, conversation, [file.id], MONDAY)
        session.refresh(file)
        return ticket, file

    return make


def address(ticket: Ticket, file_id: object) -> str:
    return f"/desk/tickets/{ticket.number}/files/{file_id}"


def test_a_file_of_an_unseen_ticket_is_not_there(
    client: httpx.Client, add: Add, sign_in: SignIn, attach: Callable[..., tuple[Ticket, Evidence]]
) -> None:
    ticket, file = attach("giay.pdf", PDF)
    add("khac", "handler", OTHER_UNIT)
    sign_in("khac")
    assert client.get(address(ticket, file.id)).status_code == 404


def test_a_file_is_found_under_its_own_ticket_only(
    client: httpx.Client, add: Add, sign_in: SignIn, attach: Callable[..., tuple[Ticket, Evidence]]
) -> None:
    (ticket, file), (other, _) = attach("giay.pdf", PDF), attach("anh.jpg", jpeg())
    add()
    sign_in("hoa")
    assert client.get(address(ticket, file.id)).status_code == 200
    for wrong in (
        address(other, file.id),
        address(ticket, uuid.uuid4()),
        address(ticket, "..%2f"),
        address(ticket, 1),
    ):
        answer = client.get(wrong)
        assert answer.status_code == 404, wrong
        assert PDF not in answer.content


@pytest.mark.parametrize(
    ("name", "body", "media_type", "how"),
    [("giấy mời.pdf", PDF, "application/pdf", "attachment"), ("ảnh.png", jpeg(), "image/jpeg", "inline")],
)
def test_a_file_comes_as_it_is_and_may_do_nothing(
    client: httpx.Client,
    add: Add,
    sign_in: SignIn,
    attach: Callable[..., tuple[Ticket, Evidence]],
    session: Session,
    name: str,
    body: bytes,
    media_type: str,
    how: str,
) -> None:
    ticket, file = attach(name, body)
    add("doan", "inspector")
    sign_in("doan")
    rows = len(session.scalars(select(AuditRow)).all())
    answer = client.get(address(ticket, file.id))
    assert answer.headers["content-type"] == media_type
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f"{how}; filename*=UTF-8''")
    assert disposition.isascii() and " " not in disposition.partition("; ")[2]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["cache-control"] == "no-store"
    if how == "attachment":
        assert answer.content == body
    assert len(session.scalars(select(AuditRow)).all()) == rows


def test_the_page_lists_files_and_shows_pictures_small(
    client: httpx.Client, add: Add, sign_in: SignIn, attach: Callable[..., tuple[Ticket, Evidence]], session: Session
) -> None:
    ticket, file = attach("quay so 3.jpg", jpeg())
    add()
    sign_in("hoa")
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert f'class="thumb" src="{address(ticket, file.id)}"' in page
    assert "quay so 3.jpg" in page and "ảnh, 1 KB" in page
    assert "giữ nguyên như khi nhận" not in page
    file.name, file.media_type = '<b onclick="x">.pdf', "application/pdf"
    session.flush()
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert "&lt;b onclick=" in page and "<b onclick" not in page
    assert "thumb" not in page and "tài liệu" in page and "giữ nguyên như khi nhận" in page
