"""Which tickets a citizen may act on here: those that this conversation filed, and one that a receipt has opened."""

import hmac
from datetime import datetime, timedelta
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from sqlalchemy.orm import Session

from actions.heard import Heard
from backlog import queries
from backlog.model import Ticket
from vntext import patterns

OPEN_FOR = timedelta(minutes=30)
"""How long a receipt that was typed here goes on opening its ticket."""


def mine(session: Session, said: Heard, tracker: Tracker) -> list[Ticket]:
    """The newest first; a ticket that was just opened by its receipt before all others."""
    own = queries.by_conversation(session, said.conversation_id) if said.conversation_id else []
    opened = _opened(session, said, tracker)
    return [*([opened] if opened else []), *(ticket for ticket in own if opened is None or ticket.id != opened.id)]


def one_of_mine(session: Session, said: Heard, tracker: Tracker) -> Ticket | None:
    """The ticket that a message or a button names, or else the first; None when there is none, or it is another's."""
    number = ticket_number(said)
    return next((ticket for ticket in mine(session, said, tracker) if number in (None, ticket.number)), None)


def keep_open(ticket: Ticket, digest: str, now: datetime) -> EventType:
    """Remember that its receipt has opened a ticket here; `digest` is that receipt's stored form."""
    until: dict[str, Any] = {"number": ticket.number, "digest": digest, "until": (now + OPEN_FOR).isoformat()}
    return SlotSet("opened_ticket", until)


def ticket_number(said: Heard) -> str | None:
    """The ticket number in a message: from a button, or typed."""
    if named := said.value("ticket"):
        return named
    spans = patterns.find_ticket_numbers(said.text)
    return spans[0].value if spans else None


def _opened(session: Session, said: Heard, tracker: Tracker) -> Ticket | None:
    kept = tracker.get_slot("opened_ticket") or {}
    if not kept or datetime.fromisoformat(kept["until"]) < said.sent_at:
        return None
    found = queries.with_receipt(session, kept["number"])
    # A receipt that has been replaced opens nothing any more, not even what it had opened.
    return found[0] if found and hmac.compare_digest(found[1], kept["digest"]) else None
