"""A ticket's clock: pauses, the deadline they move, and the jobs that look at the ticket when time has passed."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backlog import deadlines, queries
from backlog.context import Desk
from backlog.deadlines import Pause
from backlog.model import Ticket, TicketPause
from backlog.workflow import LONGEST_WAIT_DAYS, REOPEN_DAYS, State, Transition
from catalogue.load import Facts
from kit import clock, jobs

DEADLINE_TASK = "backlog.deadline"


def run(desk: Desk, ticket: Ticket, edge: Transition) -> None:
    """Pause, resume, stop or restart the deadline, as the edge says."""
    if edge.clock == "same":
        return
    waiting = next((pause for pause in queries.pauses(desk.session, ticket) if pause.ended_at is None), None)
    if edge.clock == "pause" and waiting is None:
        desk.session.add(TicketPause(ticket_id=ticket.id, started_at=desk.now))
    if edge.clock != "pause" and waiting is not None:
        waiting.ended_at = desk.now
    if edge.clock == "restart":
        ticket.clock_from, ticket.level, ticket.interim_at = desk.now, 0, None
    ticket.clock_state = {"pause": "pause", "stop": "stop"}.get(edge.clock, "run")
    desk.session.flush()
    if edge.clock == "pause":
        _look_again(desk, ticket, LONGEST_WAIT_DAYS)
    elif edge.target is State.ANSWERED:
        _look_again(desk, ticket, REOPEN_DAYS)
    if ticket.clock_state == "run":
        ticket.due_at, ticket.deadline_basis = reckon(desk, ticket)
        watch(desk.session, desk.facts, ticket, desk.now)


def _look_again(desk: Desk, ticket: Ticket, days: int) -> None:
    """A job comes back to a ticket that nobody may touch until then."""
    moment = desk.now + timedelta(days=days)
    jobs.defer(desk.session, DEADLINE_TASK, schedule_at=moment, ticket_id=str(ticket.id))


def reckon(desk: Desk, ticket: Ticket) -> tuple[datetime, str]:
    """When a ticket is due, by the rule of the day of filing, the calendar and the pauses; and the legal basis."""
    facts, filed_on = desk.facts, clock.require_aware(ticket.filed_at).date()
    rule = deadlines.rule_for(facts.deadlines, ticket.kind, ticket.categories, filed_on, facts.calendar)
    due = deadlines.due_at(rule, facts.calendar, ticket.clock_from, pauses_of(desk.session, ticket))
    return due, rule.legal_basis


def pauses_of(session: Session, ticket: Ticket) -> list[Pause]:
    """The pauses of the clock's present run: reopening starts a new one."""
    return [
        Pause(pause.started_at, pause.ended_at)
        for pause in queries.pauses(session, ticket)
        if pause.started_at >= ticket.clock_from
    ]


def watch(session: Session, facts: Facts, ticket: Ticket, now: datetime) -> None:
    """A job looks at the ticket when half and four fifths of its time are gone, and when it is late.

    For one that is late already, a job looks when the next word to its citizen is owed: those queued before a
    pause found the clock standing still, and none is left.
    """
    points = deadlines.warning_points(ticket.clock_from, ticket.due_at, pauses_of(session, ticket))
    coming = [moment for moment in [*points, ticket.due_at] if moment > now]
    owed = deadlines.next_interim(ticket.due_at, ticket.interim_at, now, facts.deadlines.interim_reply_days)
    if owed is not None:
        coming.append(max(owed, now))
    for moment in coming:
        jobs.defer(session, DEADLINE_TASK, schedule_at=moment, ticket_id=str(ticket.id))
