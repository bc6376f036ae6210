"""What time does to a ticket. It enters by the same functions as a person, as the actor "system"."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backlog import audit, clockwork, deadlines, escalation, queries, telling, tickets
from backlog.clockwork import DEADLINE_TASK
from backlog.context import SYSTEM, Change, Desk
from backlog.model import Ticket
from backlog.workflow import LONGEST_WAIT_DAYS, REOPEN_DAYS, State
from catalogue.load import Facts
from kit import jobs
from kit.crypto import Sealer

__all__ = ["DEADLINE_TASK", "deadline_check"]


def deadline_check(session: Session, facts: Facts, sealer: Sealer, ticket_id: str, now: datetime) -> None:
    """Do what time asks for, as of `now`; calling it twice at one moment changes nothing the second time.

    A running clock: raise the escalation level, and send the interim reply that a late ticket owes. A citizen who
    has not answered for 30 days is waited for no longer; an answer that nobody objected to for 14 days ends the
    ticket.
    """
    ticket = queries.by_id(session, uuid.UUID(ticket_id), lock=True)
    if ticket is None:
        return
    desk = Desk(session, facts, sealer, now)
    if (action := _run_out(session, ticket, now)) is not None:
        tickets.change(desk, SYSTEM, ticket, action)
    if ticket.clock_state != "run":
        return
    level = deadlines.level(ticket.clock_from, ticket.due_at, now, clockwork.pauses_of(session, ticket))
    if level > ticket.level:
        _escalate(desk, ticket, level)
    owed = deadlines.next_interim(ticket.due_at, ticket.interim_at, now, facts.deadlines.interim_reply_days)
    if owed is not None and owed <= now:
        _interim(desk, ticket)


def _run_out(session: Session, ticket: Ticket, now: datetime) -> str | None:
    """The step that the system takes because the citizen's time to speak is over; None while it is not."""
    if ticket.state == State.WAITING_CITIZEN:
        waiting = [pause.started_at for pause in queries.pauses(session, ticket) if pause.ended_at is None]
        return "resume" if waiting and now >= waiting[0] + timedelta(days=LONGEST_WAIT_DAYS) else None
    if ticket.state == State.ANSWERED and ticket.answered_at is not None:
        return "close" if now >= ticket.answered_at + timedelta(days=REOPEN_DAYS) else None
    return None


def _escalate(desk: Desk, ticket: Ticket, level: int) -> None:
    """Every rung on the way hears of it: a job that came late must not leave the lower ones out."""
    told = {one.id for step in range(ticket.level + 1, level + 1) for one in escalation.tell(desk, ticket, step)}
    ticket.level = level
    audit.write(
        desk.session,
        at=desk.now,
        actor=SYSTEM.id,
        action="escalate",
        ticket_id=ticket.id,
        data={"level": level, "due": ticket.due_at.isoformat(), "told": sorted(map(str, told))},
    )


def _interim(desk: Desk, ticket: Ticket) -> None:
    """Tell the citizen that it is late and when they will hear again; look again by then."""
    ticket.interim_at = desk.now
    telling.tell_all(desk, SYSTEM, ticket, "interim", Change())
    audit.write(desk.session, at=desk.now, actor=SYSTEM.id, action="interim_reply", ticket_id=ticket.id, data={})
    again = desk.now + timedelta(days=desk.facts.deadlines.interim_reply_days)
    jobs.defer(desk.session, DEADLINE_TASK, schedule_at=again, ticket_id=str(ticket.id))
