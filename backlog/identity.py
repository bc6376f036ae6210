"""Sealed identities: encrypted apart from the ticket, opened by role and with a reason, always with an audit row.

Where somebody is said to have asked for money or favours, one person alone opens nothing: a second one must agree,
because whoever complained is in danger there. The citizen is told of every opening.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import audit, escalation, policy, queries, telling
from backlog.context import Change, Desk, staff_actor
from backlog.errors import Incomplete, NotAllowed, TicketNotFound, TwoPeopleNeeded
from backlog.model import IdentityRequest, SealedIdentity, Staff, Ticket
from backlog.policy import Permission
from kit.crypto import Sealer

TWO_PEOPLE = frozenset({"harassment"})
"""Categories in which a second person must agree."""
_SHORTEST_REASON = 10  # characters


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


def needs_two(ticket: Ticket) -> bool:
    """Whether a second person must agree before anybody opens it."""
    return bool(TWO_PEOPLE & set(ticket.categories))


def open_identity(desk: Desk, staff: Staff, ticket: Ticket, reason: str) -> Contact:
    """Name and telephone behind a ticket; the citizen is told that they were opened.

    Writes an audit row with the reason. Raises NotAllowed by role or visibility, Incomplete without a reason of at
    least ten characters, TicketNotFound when no name was left, TwoPeopleNeeded where nobody else has agreed yet.
    """
    row = _sealed(desk, staff, ticket, reason)
    if needs_two(ticket):
        _use_approval(desk, staff, ticket)
    _write(desk, staff, ticket, "open_identity", reason)
    telling.tell(desk, staff_actor(staff), ticket, "identity_opened", Change())
    body = json.loads(desk.sealer.open(row.body))
    return Contact("named", body["name"], body["phone"])


def ask_to_open(desk: Desk, staff: Staff, ticket: Ticket, reason: str) -> IdentityRequest:
    """Ask a second person to agree. Raises as `open_identity` does; asking twice is asking once."""
    _sealed(desk, staff, ticket, reason)
    if waiting := next((one for one in requests(desk.session, ticket) if _open_of(one, staff)), None):
        return waiting
    request = IdentityRequest(ticket_id=ticket.id, asked_by=staff.id, reason=reason.strip(), asked_at=desk.now)
    desk.session.add(request)
    desk.session.flush()
    _write(desk, staff, ticket, "ask_identity", reason)
    for other in approvers(desk, ticket):
        if other.id != staff.id:
            escalation.put(desk.session, other, ticket, "approval", str(request.id), desk.now)
    return request


def decide(desk: Desk, staff: Staff, ticket: Ticket, request: IdentityRequest, *, granted: bool) -> None:
    """Agree or refuse, as somebody other than who asked. Raises NotAllowed; a decision stands once it is made."""
    if not policy.can(desk.session, staff, Permission.APPROVE_IDENTITY, ticket) or request.asked_by == staff.id:
        raise NotAllowed("Người đồng ý phải là người khác, có thẩm quyền.")
    desk.session.refresh(request, with_for_update=True)  # two may be deciding at once
    if request.granted is not None or request.ticket_id != ticket.id:
        raise NotAllowed("Yêu cầu này đã được quyết định.")
    request.decided_by, request.decided_at, request.granted = staff.id, desk.now, granted
    _write(desk, staff, ticket, "allow_identity" if granted else "refuse_identity", request.reason)
    escalation.settle(desk.session, ticket, "approval", str(request.id), desk.now)
    if asker := desk.session.get(Staff, request.asked_by):
        escalation.put(desk.session, asker, ticket, "decided", str(request.id), desk.now)


def requests(session: Session, ticket: Ticket) -> Sequence[IdentityRequest]:
    """Who asked to open a ticket's identity, newest first."""
    wanted = select(IdentityRequest).where(IdentityRequest.ticket_id == ticket.id)
    return session.scalars(wanted.order_by(IdentityRequest.asked_at.desc())).all()


def approvers(desk: Desk, ticket: Ticket) -> list[Staff]:
    """Those who may agree: by role, and the ticket is not about them."""
    roles = [role for role, may in policy.ROLE_PERMISSIONS.items() if Permission.APPROVE_IDENTITY in may]
    found = [one for role in roles for one in queries.staff_of(desk.session, role=role)]
    return [one for one in found if policy.can(desk.session, one, Permission.APPROVE_IDENTITY, ticket)]


def _sealed(desk: Desk, staff: Staff, ticket: Ticket, reason: str) -> SealedIdentity:
    if not policy.can(desk.session, staff, Permission.OPEN_IDENTITY, ticket):
        raise NotAllowed
    if len(reason.strip()) < _SHORTEST_REASON:
        raise Incomplete("Anh/chị ghi rõ lý do cần mở danh tính (ít nhất 10 chữ cái).")
    row = desk.session.get(SealedIdentity, ticket.id)
    if row is None:
        raise TicketNotFound("Người gửi phiếu này không để lại tên.")
    return row


def _use_approval(desk: Desk, staff: Staff, ticket: Ticket) -> None:
    """An approval opens once."""
    agreed = next((one for one in requests(desk.session, ticket) if _open_of(one, staff) and one.granted), None)
    if agreed is not None:
        desk.session.refresh(agreed, with_for_update=True)  # two windows must not open twice
    if agreed is None or agreed.used_at is not None:
        raise TwoPeopleNeeded
    agreed.used_at = desk.now


def _open_of(request: IdentityRequest, staff: Staff) -> bool:
    return request.asked_by == staff.id and request.used_at is None and request.granted is not False


def _write(desk: Desk, staff: Staff, ticket: Ticket, action: str, reason: str) -> None:
    audit.write(
        desk.session,
        at=desk.now,
        actor=f"staff:{staff.id}",
        action=action,
        ticket_id=ticket.id,
        data={},
        texts={"reason": reason.strip()},
    )
