"""Not taking a ticket: its ground is chosen from the data, or written by hand where the data has none."""

import dataclasses
from collections.abc import Callable
from datetime import date

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from backlog import queries
from backlog.model import Staff, Ticket
from catalogue.legal import LegalText, LegalTexts
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import make_ticket

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
Send = Callable[..., httpx.Response]
WHY = {"reason": "việc của tòa án", "onward": "nộp đơn ở tòa án khu vực"}
GROUND = 'Việc đã có "kết luận" <cuối> (Luật thử, Điều 1)'


def text(key: str, words: str, **more: date) -> LegalText:
    return LegalText(
        key=key, text=words, source="Luật thử, Điều 1", as_of=date(2026, 11, 24), confidence="high", **more
    )


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer, add: Add, sign_in: SignIn) -> Ticket:
    """A ticket, with a coordinator signed in."""
    add()
    sign_in("hoa")
    return make_ticket(session, facts, sealer)


@pytest.fixture
def with_grounds(app: FastAPI, facts: Facts) -> None:
    """Data with one ground that holds, one that held once, and another text."""
    texts = [
        text("reject_settled", 'Việc đã có "kết luận" <cuối>.'),
        text("reject_old", "Căn cứ cũ.", valid_to=date(2025, 1, 1)),
        text("phan_anh", "Phản ánh là gì."),
    ]
    app.state.services.facts = dataclasses.replace(facts, legal=LegalTexts(texts))


@pytest.fixture
def without_grounds(app: FastAPI, facts: Facts) -> None:
    """Data without any ground."""
    app.state.services.facts = dataclasses.replace(facts, legal=LegalTexts([text("phan_anh", "Phản ánh là gì.")]))


def ground_of(session: Session, ticket: Ticket) -> str:
    return queries.history(session, ticket)[-1][1]["legal_ground"]


@pytest.mark.usefixtures("without_grounds")
def test_without_data_the_ground_is_written_by_hand(
    client: httpx.Client, send: Send, session: Session, ticket: Ticket
) -> None:
    page = client.get(f"/desk/tickets/{ticket.number}").text
    assert '<textarea id="reject-legal_ground"' in page and '<select id="reject-legal_ground"' not in page
    assert send(f"tickets/{ticket.number}/actions/reject", **WHY).status_code == 422
    assert send(f"tickets/{ticket.number}/actions/reject", legal_ground="Điều 3", **WHY).status_code == 303
    assert ground_of(session, ticket) == "Điều 3"


@pytest.mark.usefixtures("with_grounds")
def test_the_grounds_of_today_are_offered_with_their_source(client: httpx.Client, ticket: Ticket) -> None:
    page = client.get(f"/desk/tickets/{ticket.number}").text
    offered = page.split('<select id="reject-legal_ground"')[1].split("</select>")[0]
    assert offered.count("<option") == 2
    assert "&lt;cuối&gt; (Luật thử, Điều 1)" in offered and "<cuối>" not in page
    assert "Căn cứ cũ" not in page


@pytest.mark.usefixtures("with_grounds")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([GROUND, ""], GROUND),
        (["", "Điều 3"], "Điều 3"),
        ([GROUND, "Điều 3"], f"{GROUND}. Điều 3"),
    ],
)
def test_what_was_chosen_or_written_is_kept(
    send: Send, session: Session, ticket: Ticket, sent: list[str], kept: str
) -> None:
    shown = send(f"tickets/{ticket.number}/actions/reject", legal_ground=sent, preview="1", **WHY).text
    assert "Người dân sẽ đọc:" in shown
    assert shown.count(" selected>") == (1 if sent[0] else 0)
    assert f'maxlength="1000" value="{sent[1]}"' in shown or f'value="{sent[1]}" maxlength="1000"' in shown
    assert send(f"tickets/{ticket.number}/actions/reject", legal_ground=sent, **WHY).status_code == 303
    assert ground_of(session, ticket) == kept


@pytest.mark.usefixtures("with_grounds")
def test_no_ground_at_all_is_refused(send: Send, ticket: Ticket) -> None:
    answer = send(f"tickets/{ticket.number}/actions/reject", legal_ground=["", " "], **WHY)
    assert answer.status_code == 422 and "căn cứ pháp lý" in answer.text
