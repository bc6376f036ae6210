"""Every SELECT on tickets. Staff see what policy.visible_tickets says; a citizen sees what a conversation filed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backlog import policy
from backlog.errors import TicketNotFound
from backlog.model import AuditRow, AuditText, Receipt, Staff, Ticket, TicketMessage, TicketPause
from backlog.workflow import OPEN, State

PAGE_SIZE = 40


@dataclass(frozen=True)
class QueueFilters:
    """What the queue shows. `state` is a state, "open" or "all"."""

    state: str = "open"
    unit: str = ""
    mine: bool = False
    late: bool = False
    number: str = ""


def get(session: Session, staff: Staff, number: str) -> Ticket:
    """A ticket that somebody may see. Raises TicketNotFound for one that is not there or not theirs to see."""
    known = "\0" not in number  # PostgreSQL refuses to look for it
    ticket = session.scalar(policy.visible_tickets(staff).where(Ticket.number == number)) if known else None
    if ticket is None:
        raise TicketNotFound
    return ticket


def queue(
    session: Session, staff: Staff, filters: QueueFilters, now: datetime, page: int = 1
) -> tuple[Sequence[Ticket], int]:
    """One page of the visible tickets, the most urgent first, and how many there are in all."""
    wanted = _filtered(policy.visible_tickets(staff), staff, filters, now)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(
        wanted.order_by(Ticket.due_at, Ticket.number).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    )
    return rows.all(), total


def ticking(session: Session) -> Sequence[Ticket]:
    """The tickets whose clock runs or is paused."""
    return session.scalars(select(Ticket).where(Ticket.clock_state != "stop")).all()


def every(session: Session) -> Sequence[Ticket]:
    """All tickets, for the command line of the machine's owner."""
    return session.scalars(select(Ticket).order_by(Ticket.filed_at)).all()


def by_conversation(session: Session, conversation_id: uuid.UUID) -> Sequence[Ticket]:
    """The tickets that a conversation filed, newest first."""
    return session.scalars(
        select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.filed_at.desc())
    ).all()


def by_key(session: Session, idempotency_key: str) -> Ticket | None:
    """The ticket that was filed under a key."""
    return session.scalar(select(Ticket).where(Ticket.idempotency_key == idempotency_key))


def by_id(session: Session, ticket_id: uuid.UUID, *, lock: bool = False) -> Ticket | None:
    """A ticket by its id, for jobs; `lock` holds its row until the transaction ends."""
    wanted = select(Ticket).where(Ticket.id == ticket_id)
    return session.scalar(wanted.with_for_update().execution_options(populate_existing=True) if lock else wanted)


def locked(session: Session, ticket: Ticket, other: Ticket | None = None) -> Ticket:
    """The ticket as it is now, held until the transaction ends. Raises TicketNotFound.

    With another one beside it both are held, in one order for everybody, so that two merges cannot deadlock.
    """
    for key in sorted({ticket.id, other.id} if other else {ticket.id}):
        by_id(session, key, lock=True)
    found = by_id(session, ticket.id)
    if found is None:
        raise TicketNotFound
    return found


def by_number(session: Session, number: str) -> Ticket | None:
    """A ticket by its number, for the system's own use."""
    return session.scalar(select(Ticket).where(Ticket.number == number))


def history(session: Session, ticket: Ticket) -> Sequence[tuple[AuditRow, dict[str, str]]]:
    """What happened to a ticket, oldest first, each with the reasons that were given for it."""
    rows = select(AuditRow, AuditText.texts).outerjoin(AuditText, AuditText.seq == AuditRow.seq)
    found = session.execute(rows.where(AuditRow.ticket_id == ticket.id).order_by(AuditRow.seq))
    return [(row, texts or {}) for row, texts in found]


def messages(session: Session, ticket: Ticket, *, citizen_only: bool = False) -> Sequence[TicketMessage]:
    """The thread, oldest first; what is internal only when asked for by staff."""
    wanted = select(TicketMessage).where(TicketMessage.ticket_id == ticket.id).order_by(TicketMessage.id)
    return session.scalars(wanted.where(TicketMessage.audience == "citizen") if citizen_only else wanted).all()


def pauses(session: Session, ticket: Ticket) -> Sequence[TicketPause]:
    """When the clock stood still."""
    wanted = select(TicketPause).where(TicketPause.ticket_id == ticket.id).order_by(TicketPause.id)
    # As they are now: another transaction may have ended one since the session read it.
    return session.scalars(wanted.execution_options(populate_existing=True)).all()


def staff_of(session: Session, *, role: str, unit_key: str | None = None) -> Sequence[Staff]:
    """Active members of staff of a role, of one unit or of all."""
    wanted = select(Staff).where(Staff.active, Staff.role == role).order_by(Staff.full_name)
    return session.scalars(wanted.where(Staff.unit_key == unit_key) if unit_key else wanted).all()


def staff_of_unit(session: Session, unit_key: str) -> Sequence[Staff]:
    """Who may be given a ticket of a unit: its active handlers and heads."""
    return session.scalars(
        select(Staff)
        .where(Staff.active, Staff.unit_key == unit_key, Staff.role.in_(("handler", "unit_head")))
        .order_by(Staff.full_name)
    ).all()


def assignable(session: Session, ticket: Ticket) -> Sequence[Staff]:
    """Colleagues of the handling unit who may be given this ticket: not the one it is about."""
    colleagues = staff_of_unit(session, ticket.unit_key)
    return [staff for staff in colleagues if not policy.in_conflict(session, staff, ticket)]


def heads_of(session: Session, unit_key: str) -> Sequence[str]:
    """Full names of the heads of a unit."""
    heads = select(Staff.full_name).where(Staff.active, Staff.unit_key == unit_key, Staff.role == "unit_head")
    return session.scalars(heads).all()


def merged_into(session: Session, ticket: Ticket) -> Sequence[Ticket]:
    """The tickets that are answered together with this one."""
    merged = select(Ticket).where(Ticket.merged_into == ticket.id, Ticket.state == State.MERGED)
    return session.scalars(merged.order_by(Ticket.filed_at)).all()


def with_receipt(session: Session, number: str) -> tuple[Ticket, str] | None:
    """A ticket and the digest of its receipt; None when either is missing."""
    query = select(Ticket, Receipt.digest).join(Receipt, Receipt.ticket_id == Ticket.id)
    row = session.execute(query.where(Ticket.number == number)).one_or_none()
    return (row[0], row[1]) if row else None


def staff_names(session: Session) -> dict[uuid.UUID, str]:
    """Names of staff by id, for history and threads."""
    return {row.id: row.full_name for row in session.scalars(select(Staff))}


def _filtered(wanted: Select[Ticket], staff: Staff, filters: QueueFilters, now: datetime) -> Select[Ticket]:
    if filters.number:
        return wanted.where(Ticket.number.contains(filters.number.strip().upper(), autoescape=True))
    if filters.state == "open":
        wanted = wanted.where(Ticket.state.in_([str(state) for state in OPEN]))
    elif filters.state != "all":
        wanted = wanted.where(Ticket.state == filters.state)
    if filters.unit:
        wanted = wanted.where(Ticket.unit_key == filters.unit)
    if filters.mine:
        wanted = wanted.where(Ticket.assignee_id == staff.id)
    if filters.late:
        wanted = wanted.where(Ticket.due_at < now, Ticket.clock_state == "run")
    return wanted
