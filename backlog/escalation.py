"""Who hears that a ticket's time runs out: the ladder, rung by rung, and the notices that stand on their desks.

Công văn 510/UBND-TH (mục 2 and 8): whoever is responsible answers for delay, and the head of the agency, the
inspection team and the chairman learn of it in turn. The levels are those of `deadlines.level`.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import policy, queries
from backlog.context import Desk
from backlog.model import Staff, StaffNotice, Ticket

# Rungs of the ladder by level: 1 half the time gone, 2 four fifths, 3 late, 4 a week late, 5 and 6 later still.
HIGHEST = 6


def tell(desk: Desk, ticket: Ticket, level: int) -> Sequence[Staff]:
    """Put a notice on the desk of everybody on the rung of a level, once; returns them.

    Whoever the ticket must be kept from is left out. A rung on which nobody stands is passed over, upwards: a
    warning must reach somebody. Nobody at all is an empty list, and the audit row of the caller says so.
    """
    for rung in range(level, HIGHEST + 1):
        reached = [one for one in _rung(desk, ticket, rung) if not policy.in_conflict(desk.session, one, ticket)]
        if reached:
            for staff in reached:
                run = ticket.clock_from.isoformat()
                put(desk.session, staff, ticket, "deadline", f"{run}:{ticket.due_at.isoformat()}:{level}", desk.now)
            return reached
    return []


def put(session: Session, staff: Staff, ticket: Ticket, kind: str, key: str, now: datetime) -> None:
    """One notice on somebody's desk; the same key of a ticket puts it there once."""
    row = insert(StaffNotice).values(
        staff_id=staff.id, ticket_id=ticket.id, kind=kind, key=f"{kind}:{ticket.id}:{key}", at=now
    )
    session.execute(row.on_conflict_do_nothing(constraint="uq_staff_notice_staff_key"))


MOST_SHOWN = 50


def unread(session: Session, staff: Staff) -> Sequence[tuple[StaffNotice, Ticket]]:
    """The newest of what waits on somebody's desk, as far as they may still see the ticket."""
    seen = policy.visible_tickets(staff).subquery()
    found = session.execute(
        select(StaffNotice, Ticket)
        .join(Ticket, Ticket.id == StaffNotice.ticket_id)
        .where(StaffNotice.staff_id == staff.id, StaffNotice.read_at.is_(None), Ticket.id.in_(select(seen.c.id)))
        .order_by(StaffNotice.at.desc())
        .limit(MOST_SHOWN)
    )
    return [(notice, ticket) for notice, ticket in found]


def mark_read(session: Session, staff: Staff, ticket_id: uuid.UUID, now: datetime) -> None:
    """Whoever has opened the ticket has read what was said about it; a question to them waits for their word."""
    session.execute(
        update(StaffNotice)
        .where(
            StaffNotice.staff_id == staff.id,
            StaffNotice.ticket_id == ticket_id,
            StaffNotice.read_at.is_(None),
            StaffNotice.kind != "approval",
        )
        .values(read_at=now)
    )


def settle(session: Session, ticket: Ticket, kind: str, key: str, now: datetime) -> None:
    """What was asked of several people has been answered by one: it waits for nobody any more."""
    waiting = update(StaffNotice).where(StaffNotice.key == f"{kind}:{ticket.id}:{key}", StaffNotice.read_at.is_(None))
    session.execute(waiting.values(read_at=now))


def _rung(desk: Desk, ticket: Ticket, level: int) -> Sequence[Staff]:
    """Handler, head of the unit, head of the agency above, inspection team, and at last the city's head."""
    session, agencies, today = desk.session, desk.facts.agencies, desk.now.date()
    if level <= 1:
        if ticket.assignee_id is None:
            return queries.staff_of(session, role="handler", unit_key=ticket.unit_key)
        handler = session.get(Staff, ticket.assignee_id)
        return [handler] if handler is not None and handler.active else []
    if level == 2:
        return queries.staff_of(session, role="unit_head", unit_key=ticket.unit_key)
    if level == 3:
        above = agencies.parent(ticket.unit_key, today)
        return queries.staff_of(session, role="unit_head", unit_key=above.key) if above else []
    if level == 4:
        return queries.staff_of(session, role="inspector")
    top = agencies.top(ticket.unit_key, today)
    return [
        *queries.staff_of(session, role="unit_head", unit_key=top.key),
        *queries.staff_of(session, role="coordinator"),
    ]
