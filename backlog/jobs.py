"""What time does to a ticket. It enters by the same functions as a person, as the actor "system"."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backlog import audit, deadlines, queries, tickets
from backlog.model import Ticket
from backlog.tickets import DEADLINE_TASK, SYSTEM, Change, Desk
from catalogue.load import Facts
from kit import jobs
from kit.crypto import Sealer

__all__ = ["DEADLINE_TASK", "deadline_check"]


def deadline_check(session: Session, facts: Facts, sealer: Sealer, ticket_id: str, now: datetime) -> None:
    """Raise the escalation level, and send the interim reply that a late ticket owes, as of `now`.

    Calling it twice at one moment changes nothing the second time. A ticket whose clock does not run is left alone.
    """
    ticket = queries.by_id(session, uuid.UUID(ticket_id), lock=True)
    if ticket is None or ticket.clock_state != "run":
        return
    desk = Desk(session, facts, sealer, now)
    level = deadlines.level(ticket.clock_from, ticket.due_at, now, tickets.pauses_of(session, ticket))
    if level > ticket.level:
        _escalate(desk, ticket, level)
    owed = deadlines.next_interim(ticket.due_at, ticket.interim_at, now, facts.deadlines.interim_reply_days)
    if owed is not None and owed <= now:
        _interim(desk, ticket)


def _escalate(desk: Desk, ticket: Ticket, level: int) -> None:
    ticket.level = level
    audit.write(
        desk.session,
        at=desk.now,
        actor=SYSTEM.id,
        action="escalate",
        ticket_id=ticket.id,
        data={"level": level, "due": ticket.due_at.isoformat()},
    )


def _interim(desk: Desk, ticket: Ticket) -> None:
    """Tell the citizen that it is late and when they will hear again; look again by then."""
    ticket.interim_at = desk.now
    tickets.tell_all(desk, SYSTEM, ticket, "interim", Change())
    audit.write(desk.session, at=desk.now, actor=SYSTEM.id, action="interim_reply", ticket_id=ticket.id, data={})
    again = desk.now + timedelta(days=desk.facts.deadlines.interim_reply_days)
    jobs.defer(desk.session, DEADLINE_TASK, schedule_at=again, ticket_id=str(ticket.id))
