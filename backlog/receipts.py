"""Secret receipts: 16 digits that open one ticket from anywhere. Only their keyed hash is stored."""

import hmac
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import queries
from backlog.errors import TooManyAttempts
from backlog.model import Receipt, ReceiptAttempt, Ticket
from kit import clock, crypto

_WINDOW = timedelta(minutes=15)
_MOST_FOR_ONE_NUMBER = 5
_MOST_FOR_ALL = 200


def issue(session: Session, digest_key: str, ticket_id: str) -> str:
    """A new receipt for a ticket, as `1234 5678 9012 3456`; an older one dies.

    10^16 possibilities and five tries in a quarter of an hour: guessing one takes longer than history.
    """
    receipt = "".join(secrets.choice("0123456789") for _ in range(16))
    row = insert(Receipt).values(
        ticket_id=uuid.UUID(ticket_id), digest=digest(digest_key, receipt), issued_at=clock.now()
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["ticket_id"], set_={"digest": row.excluded.digest, "issued_at": row.excluded.issued_at}
        )
    )
    return " ".join(receipt[start : start + 4] for start in range(0, 16, 4))


def digest(digest_key: str, receipt: str) -> str:
    """The stored form of a receipt; spaces and dashes do not matter."""
    digits = "".join(char for char in receipt if char.isdigit())
    return crypto.digest(digest_key, f"receipt:{digits}")


def open_ticket(session: Session, number: str, receipt_digest: str, now: datetime) -> Ticket | None:
    """The ticket that number and receipt open together; None when they do not match.

    A failed look-up is counted in the caller's transaction. Raises TooManyAttempts after too many of them.
    """
    _refuse_when_tried_too_often(session, number, now)
    found = queries.with_receipt(session, number)
    ticket = found[0] if found and hmac.compare_digest(found[1], receipt_digest) else None
    if ticket is None:
        session.add(ReceiptAttempt(number=number, at=now))
        session.flush()
    return ticket


def _refuse_when_tried_too_often(session: Session, number: str, now: datetime) -> None:
    # Guesses at one number wait for each other, or many at once would all see a count of nought.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"receipt {number}"))))
    recent = select(func.count(ReceiptAttempt.id)).where(ReceiptAttempt.at > now - _WINDOW)
    if session.scalars(recent.where(ReceiptAttempt.number == number)).one() >= _MOST_FOR_ONE_NUMBER:
        raise TooManyAttempts
    if session.scalars(recent).one() >= _MOST_FOR_ALL:
        raise TooManyAttempts
