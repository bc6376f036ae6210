"""The one write path of tickets: check, change, audit, tell. Functions flush; whoever called them commits."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import audit, deadlines, identity, notices, numbers, policy, queries, routing, workflow
from backlog.deadlines import Pause
from backlog.errors import Incomplete, NotAllowed, ReopenTooLate, TicketNotFound, WrongState
from backlog.identity import Contact
from backlog.model import Staff, Ticket, TicketCounter, TicketMessage, TicketPause
from backlog.policy import Permission
from backlog.workflow import LONGEST_WAIT_DAYS, REOPEN_DAYS, State, Transition
from catalogue.load import Facts
from kit import clock, jobs, outbox
from kit.crypto import Sealer
from kit.outbox import Choice
from vntext.fold import fold

DEADLINE_TASK = "backlog.deadline"


@dataclass(frozen=True)
class Draft:
    """What a citizen has told and confirmed."""

    kind: str
    categories: list[str]
    story: str
    contact: Contact
    place_key: str | None = None
    place_text: str = ""
    agency_key: str | None = None
    counter: str = ""
    official: str = ""
    event_first: date | None = None
    event_last: date | None = None
    event_text: str = ""
    procedure_code: str | None = None
    procedure_name: str = ""
    trips: int | None = None
    money: str = ""


@dataclass(frozen=True)
class Submission:
    """A filed ticket; `created` is false when the same draft had been filed before."""

    ticket: Ticket
    created: bool


@dataclass(frozen=True)
class Actor:
    """Who changes a ticket: a member of staff, its citizen, or the system."""

    role: str
    staff: Staff | None = None

    @property
    def id(self) -> str:
        """How audit rows name the actor."""
        return f"staff:{self.staff.id}" if self.staff else self.role


CITIZEN = Actor("citizen")
SYSTEM = Actor("system")


def staff_actor(staff: Staff) -> Actor:
    """A member of staff as an actor."""
    return Actor(staff.role, staff)


@dataclass(frozen=True)
class Desk:
    """What every change needs beside the ticket: the database, facts, the sealer and the moment."""

    session: Session
    facts: Facts
    sealer: Sealer
    now: datetime


@dataclass(frozen=True)
class Change:
    """What an action brings along. Only the fields that the workflow asks for are looked at."""

    text: str = ""
    reason: str = ""
    legal_ground: str = ""
    onward: str = ""
    receiver: str = ""
    unit: str = ""
    assignee: Staff | None = None
    target: Ticket | None = None
    key: str | None = None
    filled: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        texts = {
            name: bool(str(getattr(self, name)).strip())
            for name in ("text", "reason", "legal_ground", "onward", "receiver", "unit")
        }
        texts |= {"assignee": self.assignee is not None, "target": self.target is not None}
        object.__setattr__(self, "filled", frozenset(name for name, there in texts.items() if there))


def submit(
    session: Session,
    facts: Facts,
    draft: Draft,
    *,
    sealer: Sealer,
    idempotency_key: str,
    conversation_id: uuid.UUID | None,
    now: datetime,
) -> Submission:
    """File a draft once: the same key gives the same ticket, also when two transactions try at once.

    Ticket, sealed identity, audit row and jobs are written in the caller's transaction.
    """
    if known := queries.by_key(session, idempotency_key):  # a resend takes no number
        return Submission(known, created=False)
    values = _new_values(session, facts, draft, idempotency_key, conversation_id, now)
    created = session.execute(
        insert(Ticket).values(values).on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(Ticket.id)
    ).scalar_one_or_none()
    ticket = queries.by_key(session, idempotency_key)
    assert ticket is not None  # ours, or the one whose transaction we have just waited for
    if created is None:
        return Submission(ticket, created=False)
    identity.seal(session, sealer, ticket, draft.contact, now)
    audit.write(
        session,
        at=now,
        actor=CITIZEN.id,
        action="submit",
        ticket_id=ticket.id,
        data={"number": ticket.number, "unit": ticket.unit_key, "rule": ticket.routing_rule},
    )
    _watch_deadline(session, facts, ticket, now)
    return Submission(ticket, created=True)


def change(desk: Desk, actor: Actor, ticket: Ticket, action: str, given: Change | None = None) -> Ticket:
    """Take one edge of the workflow: the only way in which a ticket's state changes.

    Raises TicketNotFound, WrongState, NotAllowed or Incomplete; then nothing has changed. Visibility is looked at
    again here, under the lock: since the page was opened the ticket may have gone to another unit.
    """
    given = given or Change()
    locked = _lock(desk.session, ticket, given.target)
    if actor.staff is not None and not policy.can(desk.session, actor.staff, Permission.VIEW_TICKETS, locked):
        raise TicketNotFound
    edge = workflow.check(action, locked.state, actor.role, given.filled)
    before = locked.state
    _apply(desk, locked, edge, given)
    _say_in_thread(desk, actor, locked, given)
    _run_clock(desk, locked, edge)
    audit.write(
        desk.session,
        at=desk.now,
        actor=actor.id,
        action=action,
        ticket_id=locked.id,
        data=_audit_data(actor, before, locked, given),
    )
    if edge.notice:
        tell_all(desk, actor, locked, edge.notice, given)
    desk.session.flush()
    return locked


def note(desk: Desk, staff: Staff, ticket: Ticket, text: str) -> None:
    """An internal note; the citizen never sees it.

    Raises TicketNotFound for a ticket that is not theirs to see, NotAllowed by role, Incomplete when empty.
    """
    if not policy.can(desk.session, staff, Permission.VIEW_TICKETS, ticket):
        raise TicketNotFound
    if not policy.has(staff, Permission.NOTE):
        raise NotAllowed
    if not text.strip():
        raise Incomplete("Ghi chú đang trống.")
    desk.session.add(
        TicketMessage(
            ticket_id=ticket.id,
            author="staff",
            staff_id=staff.id,
            audience="internal",
            text=text.strip(),
            at=desk.now,
        )
    )
    audit.write(desk.session, at=desk.now, actor=f"staff:{staff.id}", action="note", ticket_id=ticket.id, data={})


def citizen_reply(
    session: Session,
    facts: Facts,
    ticket: Ticket,
    text: str,
    *,
    sealer: Sealer,
    idempotency_key: str,
    now: datetime,
) -> None:
    """The citizen adds words to a ticket; if staff were waiting for them, the clock runs again.

    The same key adds them once.
    """
    desk = Desk(session, facts, sealer, now)
    ticket = _lock(session, ticket)  # staff may be asking, or going on without an answer, at this very moment
    added = session.execute(
        insert(TicketMessage)
        .values(ticket_id=ticket.id, author="citizen", audience="citizen", text=text, key=idempotency_key, at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(TicketMessage.id)
    ).scalar_one_or_none()
    if added is None:
        return
    if ticket.state == State.WAITING_CITIZEN:
        change(desk, CITIZEN, ticket, "citizen_reply", Change(text=text))
    else:
        audit.write(session, at=now, actor=CITIZEN.id, action="add_information", ticket_id=ticket.id, data={})


def tell(desk: Desk, actor: Actor, ticket: Ticket, notice: str, given: Change) -> None:
    """Put a notice to the ticket's citizen into the outbox, if there is a conversation to put it to."""
    if ticket.conversation_id is None:
        return
    said = preview(desk.facts, ticket, notice, given)
    reply: outbox.Reply = {
        "text": said.text,
        "from": "staff" if actor.staff and given.text else "system",
        "custom": {"ticket": {"number": ticket.number, "state": ticket.state, "due": ticket.due_at.isoformat()}},
    }
    if said.choices:
        reply["choices"] = [Choice(title=title, payload=payload) for title, payload in said.choices]
    key = f"ticket:{ticket.id}:{notice}:{desk.now.isoformat()}"
    outbox.put(desk.session, desk.sealer, ticket.conversation_id, reply, key)


def tell_all(desk: Desk, actor: Actor, ticket: Ticket, notice: str, given: Change) -> None:
    """Tell the ticket's citizen, and those whose tickets are answered together with it."""
    tell(desk, actor, ticket, notice, given)
    if notice in notices.FOR_MERGED:
        for other in queries.merged_into(desk.session, ticket):
            tell(desk, actor, other, notice, given)


def preview(facts: Facts, ticket: Ticket, notice: str, given: Change) -> notices.Notice:
    """What `tell` would say."""
    values: Mapping[str, str] = {
        "number": ticket.number,
        "unit": facts.agencies.get(ticket.unit_key).name,
        "due": clock.say_date(ticket.due_at.date()),
        "text": given.text.strip(),
        "reason": given.reason.strip(),
        "legal_ground": given.legal_ground.strip(),
        "onward": given.onward.strip(),
        "receiver": given.receiver.strip(),
        "target": given.target.number if given.target else "",
    }
    return notices.render(notice, values)


def _new_values(
    session: Session,
    facts: Facts,
    draft: Draft,
    idempotency_key: str,
    conversation_id: uuid.UUID | None,
    now: datetime,
) -> dict[str, object]:
    rule = deadlines.rule_for(facts.deadlines, draft.kind, draft.categories, now.date())
    named = routing.about_unit(facts.agencies, draft.agency_key, draft.place_key, now.date())
    where = routing.route(
        facts.routing,
        facts.agencies,
        agency_key=draft.agency_key,
        place_key=draft.place_key,
        official=draft.official,
        on=now.date(),
        heads=queries.heads_of(session, named.key) if named else (),
    )
    story = {name: getattr(draft, name) for name in Draft.__dataclass_fields__ if name != "contact"}
    return story | {
        "id": uuid.uuid4(),
        "number": _next_number(session, now.year),
        "idempotency_key": idempotency_key,
        "conversation_id": None if draft.contact.kind == "anonymous" else conversation_id,
        "official_folded": f"{fold(draft.official)} {routing.named_in(draft.story)}".strip(),
        "unit_key": where.unit,
        "about_key": where.about,
        "routing_rule": where.rule,
        "routing_explanation": where.explanation,
        "filed_at": now,
        "clock_from": now,
        "due_at": deadlines.due_at(rule, facts.calendar, now),
        "deadline_basis": rule.legal_basis,
    }


def _next_number(session: Session, year: int) -> str:
    row = insert(TicketCounter).values(year=year, last=1)
    serial = session.execute(
        row.on_conflict_do_update(index_elements=["year"], set_={"last": TicketCounter.last + 1}).returning(
            TicketCounter.last
        )
    ).scalar_one()
    return numbers.make(year, serial)


def _apply(desk: Desk, ticket: Ticket, edge: Transition, given: Change) -> None:
    """What an edge changes beside the state."""
    if edge.action == "reopen":
        _check_reopening(ticket, desk.now)
        ticket.reopened += 1
        ticket.answered_at = ticket.closed_at = None
    if edge.action == "assign" and given.assignee is not None:
        ticket.assignee_id = _fit_to_handle(desk, ticket, given.assignee).id
    if edge.action == "transfer":
        ticket.unit_key = _receiving_unit(desk, ticket, given.unit)
        ticket.assignee_id = None
    if edge.action == "merge" and given.target is not None:
        if given.target.id == ticket.id:
            raise Incomplete("Không gộp một phiếu vào chính nó.")
        if not State(given.target.state).is_open:
            raise WrongState("Phiếu kia đã xong hoặc đã gộp vào phiếu khác. Anh/chị chọn phiếu đang xử lý.")
        ticket.merged_into = given.target.id
    ticket.state = edge.target.value
    if edge.target is State.ANSWERED:
        ticket.answered_at = desk.now
    elif not edge.target.is_open:
        ticket.closed_at = desk.now


def _fit_to_handle(desk: Desk, ticket: Ticket, staff: Staff) -> Staff:
    """Somebody of the handling unit whom the ticket is not about."""
    if staff.unit_key != ticket.unit_key or not staff.active:
        raise NotAllowed("Người này không thuộc đơn vị đang xử lý phiếu.")
    if policy.in_conflict(desk.session, staff, ticket):
        raise NotAllowed("Phiếu này nói về chính người được giao. Anh/chị chọn người khác giúp.")
    return staff


def _receiving_unit(desk: Desk, ticket: Ticket, key: str) -> str:
    """The unit that a ticket may go to: never back under the head whom it is about."""
    agencies, today = desk.facts.agencies, desk.now.date()
    if key not in agencies:
        raise Incomplete("Đơn vị nhận không có trong danh mục.")
    about = agencies.get(ticket.about_key) if ticket.about_key else None
    heads = queries.heads_of(desk.session, about.key) if about else ()
    headed = routing.headed_unit(agencies, about, ticket.official, today, heads)
    # Above the city there is nobody to send it to: there the rules of data/routing.yml stand.
    if headed is not None and headed.parent and routing.answers_to(agencies, key, headed.key, today):
        raise NotAllowed("Phiếu nói về người đứng đầu, không chuyển về chính đơn vị của người đó được.")
    return key


def _check_reopening(ticket: Ticket, now: datetime) -> None:
    ended = ticket.answered_at or ticket.closed_at
    if ticket.reopened or ended is None or now > ended + timedelta(days=REOPEN_DAYS):
        raise ReopenTooLate


def _say_in_thread(desk: Desk, actor: Actor, ticket: Ticket, given: Change) -> None:
    """What staff say to the citizen is part of the ticket's thread, and so is why a citizen is not content."""
    if actor is CITIZEN and given.reason.strip():
        why = given.reason.strip()
        desk.session.add(
            TicketMessage(ticket_id=ticket.id, author="citizen", audience="citizen", text=why, at=desk.now)
        )
    if actor.staff is None or not given.text.strip():
        return
    desk.session.add(
        TicketMessage(
            ticket_id=ticket.id,
            author="staff",
            staff_id=actor.staff.id,
            audience="citizen",
            text=given.text.strip(),
            at=desk.now,
        )
    )


def _run_clock(desk: Desk, ticket: Ticket, edge: Transition) -> None:
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
        _reckon_deadline(desk, ticket)
        _watch_deadline(desk.session, desk.facts, ticket, desk.now)


def _look_again(desk: Desk, ticket: Ticket, days: int) -> None:
    """A job comes back to a ticket that nobody may touch until then."""
    moment = desk.now + timedelta(days=days)
    jobs.defer(desk.session, DEADLINE_TASK, schedule_at=moment, ticket_id=str(ticket.id))


def _reckon_deadline(desk: Desk, ticket: Ticket) -> None:
    rule = deadlines.rule_for(desk.facts.deadlines, ticket.kind, ticket.categories, ticket.filed_at.date())
    ticket.due_at = deadlines.due_at(rule, desk.facts.calendar, ticket.clock_from, pauses_of(desk.session, ticket))


def pauses_of(session: Session, ticket: Ticket) -> list[Pause]:
    """The pauses of the clock's present run: reopening starts a new one."""
    return [
        Pause(pause.started_at, pause.ended_at)
        for pause in queries.pauses(session, ticket)
        if pause.started_at >= ticket.clock_from
    ]


def _watch_deadline(session: Session, facts: Facts, ticket: Ticket, now: datetime) -> None:
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


def _lock(session: Session, ticket: Ticket, other: Ticket | None = None) -> Ticket:
    """The ticket as it is now, held until the transaction ends. Raises TicketNotFound.

    With another one beside it both are held, in one order for everybody, so that two merges cannot deadlock.
    """
    for key in sorted({ticket.id, other.id} if other else {ticket.id}):
        queries.by_id(session, key, lock=True)
    locked = queries.by_id(session, ticket.id)
    if locked is None:
        raise TicketNotFound
    return locked


def _audit_data(actor: Actor, before: str, ticket: Ticket, given: Change) -> dict[str, str]:
    """The reasons of staff and places, never what was said to or by the citizen: no row here can be erased."""
    data = {"from": before, "to": ticket.state, "due": ticket.due_at.isoformat()}
    data |= {
        name: str(getattr(given, name)).strip()
        for name in ("reason", "legal_ground", "onward", "receiver", "unit")
        if name in given.filled and actor is not CITIZEN
    }
    if given.assignee:
        data["assignee"] = str(given.assignee.id)
    if given.target:
        data["target"] = given.target.number
    return data
