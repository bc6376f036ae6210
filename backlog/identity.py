"""Sealed identities: encrypted apart from the ticket, opened by role and with a reason, always with an audit row."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from backlog import audit, policy
from backlog.errors import Incomplete, NotAllowed, TicketNotFound
from backlog.model import SealedIdentity, Staff, Ticket
from backlog.policy import Permission
from kit.crypto import Sealer


@dataclass(frozen=True)
class Contact:
    """How the citizen wants to be known.

    "chat": no name, answers go to the conversation; "anonymous": not even that.
    """

    kind: Literal["anonymous", "chat", "named"]
    name: str = ""
    phone: str = ""


def seal(session: Session, sealer: Sealer, ticket: Ticket, contact: Contact, now: datetime) -> None:
    """Store name and telephone of a citizen who gave them."""
    if contact.kind == "named":
        body = sealer.seal(json.dumps({"name": contact.name, "phone": contact.phone}, ensure_ascii=False))
        session.add(SealedIdentity(ticket_id=ticket.id, body=body, sealed_at=now))
        session.flush()


def has_identity(session: Session, ticket: Ticket) -> bool:
    """Whether a name was left; tells nothing of it."""
    return session.get(SealedIdentity, ticket.id) is not None


def open_identity(
    session: Session, sealer: Sealer, staff: Staff, ticket: Ticket, reason: str, now: datetime
) -> Contact:
    """Name and telephone behind a ticket.

    Writes an audit row with the reason. Raises NotAllowed by role or visibility, Incomplete without a reason of at
    least ten characters, TicketNotFound when no name was left.
    """
    if not policy.can(session, staff, Permission.OPEN_IDENTITY, ticket):
        raise NotAllowed
    if len(reason.strip()) < 10:
        raise Incomplete("Anh/chị ghi rõ lý do cần mở danh tính (ít nhất 10 chữ cái).")
    row = session.get(SealedIdentity, ticket.id)
    if row is None:
        raise TicketNotFound("Người gửi phiếu này không để lại tên.")
    audit.write(
        session,
        at=now,
        actor=f"staff:{staff.id}",
        action="open_identity",
        ticket_id=ticket.id,
        data={"reason": reason.strip()},
    )
    body = json.loads(sealer.open(row.body))
    return Contact("named", body["name"], body["phone"])
