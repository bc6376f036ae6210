"""Which tickets a citizen may act on: the conversation's own, and one that a receipt opened a short while ago."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from rasa_sdk import Tracker
from sqlalchemy.orm import Session

from actions.heard import Heard
from actions.mine import OPEN_FOR, keep_open, mine, one_of_mine, ticket_number
from backlog.identity import Contact
from backlog.model import Receipt, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, make_conversation, make_ticket


def said(conversation: uuid.UUID | None, text: str = "", at: datetime = MONDAY, **values: str) -> Heard:
    """A message of a conversation; `values` are what a button carries."""
    metadata: dict[str, Any] = {"sent_at": at.isoformat()}
    if conversation:
        metadata["conversation_id"] = str(conversation)
    return Heard(
        text=text,
        message_id="web:1",
        intent="ticket_status",
        confidence=0.9,
        also=[],
        entities=[{"entity": name, "value": value} for name, value in values.items()],
        aspects=[],
        categories=[],
        link=None,
        metadata=metadata,
    )


def digest_of(ticket: Ticket) -> str:
    return f"digest of {ticket.number}"


def with_receipt(session: Session, ticket: Ticket) -> Ticket:
    session.add(Receipt(ticket_id=ticket.id, digest=digest_of(ticket), issued_at=MONDAY))
    session.flush()
    return ticket


def tracker(opened: Ticket | None = None, at: datetime = MONDAY) -> Tracker:
    """A conversation; a receipt may have opened a ticket in it at a moment."""
    slots = {} if opened is None else {"opened_ticket": keep_open(opened, digest_of(opened), at)["value"]}
    return Tracker("citizen", slots, {}, [], False, None, {}, "action_listen")


@pytest.fixture
def here(session: Session, sealer: Sealer) -> uuid.UUID:
    return make_conversation(session, sealer)


@pytest.fixture
def own(session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID) -> list[Ticket]:
    """Two tickets of this conversation, the newer one first."""
    filed = [MONDAY + timedelta(days=1), MONDAY]
    made = [make_ticket(session, facts, sealer, conversation_id=here, now=now) for now in filed]
    return [with_receipt(session, ticket) for ticket in made]


@pytest.fixture
def foreign(session: Session, facts: Facts, sealer: Sealer) -> Ticket:
    """A ticket of somebody else."""
    made = make_ticket(session, facts, sealer, conversation_id=make_conversation(session, sealer))
    return with_receipt(session, made)


def test_a_conversation_has_its_own_tickets_and_nobody_else_s(
    session: Session, here: uuid.UUID, own: list[Ticket], foreign: Ticket
) -> None:
    assert mine(session, said(here), tracker()) == own
    assert one_of_mine(session, said(here), tracker()) is own[0]


def test_the_number_says_which_ticket(session: Session, here: uuid.UUID, own: list[Ticket]) -> None:
    older = own[1].number
    assert one_of_mine(session, said(here, ticket=older), tracker()) is own[1]
    assert one_of_mine(session, said(here, f"rút phiếu {older.lower()} giúp tôi"), tracker()) is own[1]


def test_the_number_of_another_s_ticket_opens_nothing(
    session: Session, here: uuid.UUID, own: list[Ticket], foreign: Ticket
) -> None:
    for guess in (
        said(here, ticket=foreign.number),
        said(here, f"phiếu {foreign.number}"),
        said(None, foreign.number),
    ):
        assert one_of_mine(session, guess, tracker()) is None
    assert one_of_mine(session, said(here, ticket="PA-2026-999999-9"), tracker()) is None


def test_nobody_s_conversation_has_no_ticket(
    session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID, own: list[Ticket]
) -> None:
    make_ticket(session, facts, sealer, conversation_id=None)
    assert mine(session, said(None), tracker()) == []


def test_an_anonymous_ticket_is_not_found_by_its_conversation(
    session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID
) -> None:
    make_ticket(session, facts, sealer, conversation_id=here, contact=Contact("anonymous"))
    assert mine(session, said(here), tracker()) == []


def test_a_receipt_opens_its_ticket_before_all_others(
    session: Session, here: uuid.UUID, own: list[Ticket], foreign: Ticket
) -> None:
    assert mine(session, said(here), tracker(foreign)) == [foreign, *own]
    assert one_of_mine(session, said(here), tracker(foreign)) is foreign
    assert one_of_mine(session, said(here, ticket=own[1].number), tracker(foreign)) is own[1]


def test_an_opened_ticket_of_one_s_own_stands_there_once(
    session: Session, here: uuid.UUID, own: list[Ticket]
) -> None:
    assert mine(session, said(here), tracker(own[1])) == [own[1], own[0]]


@pytest.mark.parametrize(
    ("words", "after", "open_still"),
    [
        ("at once", timedelta(), True),
        ("the last second", OPEN_FOR, True),
        ("one second too late", OPEN_FOR + timedelta(seconds=1), False),
        ("the next day", timedelta(days=1), False),
    ],
)
def test_a_receipt_opens_its_ticket_for_half_an_hour(
    session: Session, here: uuid.UUID, foreign: Ticket, words: str, after: timedelta, open_still: bool
) -> None:
    found = mine(session, said(here, at=MONDAY + after), tracker(foreign, MONDAY))
    assert (found == [foreign]) is open_still


def test_a_ticket_that_is_gone_opens_nothing(session: Session, here: uuid.UUID) -> None:
    slots = {"opened_ticket": {"number": "PA-2026-000001-0", "until": (MONDAY + OPEN_FOR).isoformat()}}
    kept = Tracker("citizen", slots, {}, [], False, None, {}, "action_listen")
    assert mine(session, said(here), kept) == []


def test_a_button_wins_over_a_number_in_the_words(own: list[Ticket], here: uuid.UUID) -> None:
    assert ticket_number(said(here, f"phiếu {own[0].number}", ticket=own[1].number)) == own[1].number
    assert ticket_number(said(here, "phiếu của tôi tới đâu rồi")) is None


def test_a_replaced_receipt_opens_nothing_that_it_had_opened(session: Session, foreign: Ticket) -> None:
    before = tracker(foreign)
    assert one_of_mine(session, said(None), before) is foreign
    session.get_one(Receipt, foreign.id).digest = "another"
    session.flush()
    assert one_of_mine(session, said(None), before) is None
