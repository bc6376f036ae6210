"""The one write path of tickets: check, change, audit, tell. Functions flush; whoever called them commits."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import (
    audit,
    clockwork,
    deadlines,
    effects,
    identity,
    numbers,
    policy,
    queries,
    routing,
    telling,
    workflow,
)
from backlog.context import CITIZEN, Actor, Change, Desk
from backlog.errors import Incomplete, NotAllowed, TicketNotFound
from backlog.identity import Contact
from backlog.model import Staff, Ticket, TicketCounter, TicketMessage
from backlog.policy import Permission
from backlog.workflow import State
from catalogue.load import Facts
from kit.crypto import Sealer
from vntext.fold import fold


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
    urgent: bool = False


@dataclass(frozen=True)
class Submission:
    """A filed ticket; `created` is false when the same draft had been filed before."""

    ticket: Ticket
    created: bool


def submit(
    session: Session,
    facts: Facts,
    draft: Draft,
    *,
    sealer: Sealer,
    idempotency_key: str,
    conversation_id: uuid.UUID | None,
    now: datetime,
    started: datetime | None = None,
) -> Submission:
    """File a draft once: the same key gives the same ticket, also when two transactions try at once.

    Ticket, sealed identity, audit row and jobs are written in the caller's transaction. `started`: when its clock
    began, for a part of a ticket that was filed earlier.
    """
    if known := queries.by_key(session, idempotency_key):  # a resend takes no number
        return Submission(known, created=False)
    values = _new_values(session, facts, draft, idempotency_key, conversation_id, now, started or now)
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
    clockwork.watch(session, facts, ticket, now)
    return Submission(ticket, created=True)


def draft_again(ticket: Ticket) -> Draft:
    """What was told in a ticket, as a draft for a part of it: same place, time and person, no name of the citizen."""
    told = {name: getattr(ticket, name) for name in Draft.__dataclass_fields__ if name != "contact"}
    return Draft(**told, contact=Contact(kind="chat"))


def change(desk: Desk, actor: Actor, ticket: Ticket, action: str, given: Change | None = None) -> Ticket:
    """Take one edge of the workflow: the only way in which a ticket's state changes.

    Raises TicketNotFound, WrongState, NotAllowed or Incomplete; then nothing has changed. Visibility is looked at
    again here, under the lock: since the page was opened the ticket may have gone to another unit.
    """
    given = given or Change()
    locked = queries.locked(desk.session, ticket, given.target)
    if actor.staff is not None and not policy.can(desk.session, actor.staff, Permission.VIEW_TICKETS, locked):
        raise TicketNotFound
    edge = workflow.check(action, locked.state, actor.role, given.filled)
    before = locked.state
    effects.apply(desk, actor, locked, edge, given)
    _say_in_thread(desk, actor, locked, given)
    clockwork.run(desk, locked, edge)
    audit.write(
        desk.session,
        at=desk.now,
        actor=actor.id,
        action=action,
        ticket_id=locked.id,
        data=_audit_data(before, locked, given),
        texts=_reasons(actor, given),
    )
    if edge.notice:
        telling.tell_all(desk, actor, locked, edge.notice, given)
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
    _add_message(desk, staff, ticket, "internal", text)
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
    ticket = queries.locked(
        session, ticket
    )  # staff may be asking, or going on without an answer, at this very moment
    added = session.execute(
        insert(TicketMessage)
        .values(ticket_id=ticket.id, author="citizen", audience="citizen", text=text, key=idempotency_key, at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(TicketMessage.id)
    ).scalar_one_or_none()
    if added is None:
        return
    ticket.official_folded = f"{ticket.official_folded} {routing.named_in(text)}".strip()  # who is named only now
    if ticket.state == State.WAITING_CITIZEN:
        change(desk, CITIZEN, ticket, "citizen_reply", Change(text=text))
    else:
        audit.write(session, at=now, actor=CITIZEN.id, action="add_information", ticket_id=ticket.id, data={})


def _new_values(
    session: Session,
    facts: Facts,
    draft: Draft,
    idempotency_key: str,
    conversation_id: uuid.UUID | None,
    now: datetime,
    started: datetime,
) -> dict[str, object]:
    rule = deadlines.rule_for(facts.deadlines, draft.kind, draft.categories, now.date(), facts.calendar)
    named = routing.about_unit(facts.agencies, draft.agency_key, draft.place_key, now.date())
    where = routing.route(
        facts.routing,
        facts.agencies,
        agency_key=draft.agency_key,
        place_key=draft.place_key,
        official=draft.official,
        on=now.date(),
        happened=draft.event_first,
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
        "clock_from": started,
        "due_at": deadlines.due_at(rule, facts.calendar, started),
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


def _say_in_thread(desk: Desk, actor: Actor, ticket: Ticket, given: Change) -> None:
    """What staff say to the citizen is part of the ticket's thread, and so is why a citizen is not content.

    How an answer was checked is for the staff's eyes.
    """
    said = [("citizen", given.reason)] if actor is CITIZEN else []
    if actor.staff is not None:
        said = [("internal", given.checked), ("citizen", given.text)]
    for audience, text in said:
        if text.strip():
            _add_message(desk, actor.staff, ticket, audience, text)


def _add_message(desk: Desk, staff: Staff | None, ticket: Ticket, audience: str, text: str) -> None:
    author, staff_id = ("staff", staff.id) if staff else ("citizen", None)
    message = TicketMessage(
        ticket_id=ticket.id, author=author, staff_id=staff_id, audience=audience, text=text.strip(), at=desk.now
    )
    desk.session.add(message)


def _audit_data(before: str, ticket: Ticket, given: Change) -> dict[str, str]:
    """Ids, states and dates: no row of the chain can be erased."""
    data = {"from": before, "to": ticket.state, "due": ticket.due_at.isoformat()}
    if given.unit:
        data["unit"] = given.unit
    if given.assignee:
        data["assignee"] = str(given.assignee.id)
    if given.target:
        data["target"] = given.target.number
    return data


def _reasons(actor: Actor, given: Change) -> dict[str, str]:
    """Why staff did it, in their own words; what a citizen says stands in the thread."""
    if actor is CITIZEN:
        return {}
    names = ("reason", "legal_ground", "onward", "receiver")
    return {name: str(getattr(given, name)).strip() for name in names if name in given.filled}
