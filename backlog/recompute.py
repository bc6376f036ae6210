"""Deadlines reckoned anew for tickets that are under way, after the rules or the calendar have changed."""

from datetime import datetime

from sqlalchemy.orm import Session

from backlog import audit, clockwork, deadlines, queries, telling
from backlog.context import SYSTEM, Change, Desk
from backlog.model import Ticket
from catalogue.load import Facts
from kit import clock, jobs
from kit.crypto import Sealer


def recompute(session: Session, facts: Facts, sealer: Sealer, now: datetime) -> int:
    """Give every open ticket the deadline that the rules and the calendar of `facts` give it; how many changed.

    The rule is the one that holds for the day of filing; pauses count as they always do. Doing it again changes
    nothing. Raises LookupError or OutsideCalendar when the data do not reach as far as a ticket: then the caller
    rolls back.
    """
    desk = Desk(session, facts, sealer, now)
    moved = [ticket.id for ticket in queries.ticking(session) if clockwork.reckon(desk, ticket)[0] != ticket.due_at]
    session.flush()
    session.expire_all()  # what was read without being held may be old by the time it is held
    # All are held before the first audit row is written: whoever changes a ticket holds the ticket first and the
    # end of the audit chain after it, and two who took them the other way round would wait for each other.
    held = [queries.by_id(session, key, lock=True) for key in sorted(moved)]
    return sum(_reschedule(desk, ticket) for ticket in held if ticket is not None)


def _reschedule(desk: Desk, ticket: Ticket) -> bool:
    """Move the deadline of a ticket that is held; False when somebody has ended the ticket or moved it meanwhile."""
    before, (due, basis) = ticket.due_at, clockwork.reckon(desk, ticket)
    if ticket.clock_state == "stop" or due == before:
        return False
    ticket.due_at, ticket.deadline_basis = due, basis
    audit.write(
        desk.session,
        at=desk.now,
        actor=SYSTEM.id,
        action="recompute",
        ticket_id=ticket.id,
        data={name: clock.require_aware(moment).isoformat() for name, moment in (("from", before), ("to", due))},
    )
    _look_anew(desk, ticket, later=due > before)
    # One that is late under the new date hears so, with the date, from the job that is queued for now.
    if due > desk.now and clock.require_aware(due).date() != clock.require_aware(before).date():
        telling.tell_all(desk, SYSTEM, ticket, "rescheduled", Change())
    return True


def _look_anew(desk: Desk, ticket: Ticket, *, later: bool) -> None:
    """The ladder of escalation for the new deadline, and the jobs that climb it.

    More time takes back warnings that no longer hold. With less of it a warning may be due already: a job gives it
    now. While the clock is paused no job is needed: the jobs are queued when it runs again.
    """
    pauses = clockwork.pauses_of(desk.session, ticket)
    stands_at = next((pause.start for pause in pauses if pause.end is None), desk.now)
    level = deadlines.level(ticket.clock_from, ticket.due_at, stands_at, pauses)
    if later:
        ticket.level = min(ticket.level, level)
        ticket.interim_at = ticket.interim_at if stands_at >= ticket.due_at else None
    if ticket.clock_state == "pause":
        return
    clockwork.watch(desk.session, desk.facts, ticket, desk.now)
    if level > ticket.level:
        jobs.defer(desk.session, clockwork.DEADLINE_TASK, schedule_at=desk.now, ticket_id=str(ticket.id))
