"""Tickets that belong together: linked, split from one another, or perhaps the same story told twice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rapidfuzz import fuzz
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog import audit, policy, queries, telling, tickets, words
from backlog.context import Actor, Change, Desk
from backlog.errors import Incomplete, NotAllowed, TicketNotFound
from backlog.model import Ticket, TicketLink
from backlog.policy import Permission
from backlog.workflow import LEADS, OPEN
from vntext.fold import fold

_ALIKE = 0.55  # found by hand on pairs of stories: below it they are about other things
_NEAR = timedelta(days=14)  # between the filing of two tickets about one event
MOST_SUGGESTED = 3


@dataclass(frozen=True)
class Alike:
    """Another ticket that may tell the same story; `score` from 0 to 1, and why."""

    ticket: Ticket
    score: float
    why: str


def link(session: Session, first: Ticket, second: Ticket, kind: str, now: datetime) -> bool:
    """Say that two tickets belong together; False when that was said before. `kind` is one of model.LINK_KINDS."""
    one, other = sorted((first.id, second.id))
    row = insert(TicketLink).values(ticket_id=one, other_id=other, kind=kind, at=now)
    new = row.on_conflict_do_nothing(constraint="uq_ticket_link_pair").returning(TicketLink.id)
    return session.scalar(new) is not None


def linked(session: Session, ticket: Ticket) -> Sequence[tuple[Ticket, str]]:
    """The tickets that belong to one, each with the kind of the link."""
    pairs = select(TicketLink).where(or_(TicketLink.ticket_id == ticket.id, TicketLink.other_id == ticket.id))
    found = []
    for pair in session.scalars(pairs.order_by(TicketLink.id)):
        other = queries.by_id(session, pair.other_id if pair.ticket_id == ticket.id else pair.ticket_id)
        if other is not None:
            found.append((other, pair.kind))
    return found


def relate(desk: Desk, actor: Actor, ticket: Ticket, other: Ticket) -> None:
    """Staff say that two tickets belong together. Raises NotAllowed by role, Incomplete for a ticket with itself."""
    _only_leads(desk, actor, ticket, other)
    if ticket.id == other.id:
        raise Incomplete("Anh/chị chọn một phiếu khác.")
    if link(desk.session, ticket, other, "related", desk.now):
        for one, its_other in ((ticket, other), (other, ticket)):
            _write(desk, actor, "link", one, its_other)


def split(desk: Desk, actor: Actor, ticket: Ticket, story: str, categories: list[str]) -> Ticket:
    """Make a second ticket of a part of the story that is another matter, with the same citizen and the same clock.

    Raises NotAllowed by role or when the ticket is closed, Incomplete without a story or a category.
    """
    _only_leads(desk, actor, ticket)
    if ticket.state not in OPEN:
        raise NotAllowed("Phiếu đã xong nên không tách được nữa.")
    if not story.strip() or not categories or not set(categories) <= set(words.CATEGORIES):
        raise Incomplete("Anh/chị ghi phần chuyện cần tách và chọn loại việc.")
    key = f"split:{ticket.id}:{hashlib.sha256(story.strip().encode()).hexdigest()}"  # a second click makes no third
    draft = replace(tickets.draft_again(ticket), story=story.strip(), categories=categories)
    submission = tickets.submit(
        desk.session,
        desk.facts,
        draft,
        sealer=desk.sealer,
        idempotency_key=key,
        conversation_id=ticket.conversation_id,
        now=desk.now,
        started=ticket.clock_from,
    )
    made = submission.ticket
    if not submission.created:
        return made
    link(desk.session, ticket, made, "split", desk.now)
    _write(desk, actor, "split", ticket, made)
    telling.tell(desk, actor, ticket, "split", Change(target=made))
    return made


def suggestions(desk: Desk, actor: Actor, ticket: Ticket) -> list[Alike]:
    """Open tickets of the same unit and about the same days that may tell the same story, the likeliest first.

    Only a suggestion: a person decides. Only tickets that this person may see.
    """
    if actor.staff is None or ticket.state not in OPEN:
        return []
    near = policy.visible_tickets(actor.staff).where(
        Ticket.id != ticket.id,
        Ticket.unit_key == ticket.unit_key,
        Ticket.kind == ticket.kind,
        Ticket.state.in_([str(state) for state in OPEN]),
        Ticket.filed_at.between(ticket.filed_at - _NEAR, ticket.filed_at + _NEAR),
    )
    others = [other for other in desk.session.scalars(near) if _days_meet(ticket, other)]
    alike = [_compare(ticket, other) for other in others]
    return sorted((one for one in alike if one.score >= _ALIKE), key=lambda one: -one.score)[:MOST_SUGGESTED]


def _days_meet(one: Ticket, other: Ticket) -> bool:
    """Whether the events may be one: unknown days may be any day."""
    if one.event_first is None or other.event_first is None:
        return True
    last, other_last = one.event_last or one.event_first, other.event_last or other.event_first
    return one.event_first <= other_last and other.event_first <= last


def _compare(one: Ticket, other: Ticket) -> Alike:
    words = fuzz.token_set_ratio(fold(one.story), fold(other.story)) / 100
    reasons = {
        "cùng người hoặc quầy": _same(one.official, other.official) or _same(one.counter, other.counter),
        "cùng loại việc": bool(set(one.categories) & set(other.categories)),
        "cùng thủ tục": _same(one.procedure_code, other.procedure_code),
    }
    shared = [reason for reason, holds in reasons.items() if holds]
    score = min(1.0, 0.7 * words + 0.1 * len(shared))
    return Alike(other, round(score, 2), ", ".join([*shared, f"lời kể giống {words:.0%}"]))


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and one == other


def _only_leads(desk: Desk, actor: Actor, *wanted: Ticket) -> None:
    if actor.role not in LEADS or actor.staff is None:
        raise NotAllowed
    for ticket in wanted:
        if not policy.can(desk.session, actor.staff, Permission.VIEW_TICKETS, ticket):
            raise TicketNotFound


def _write(desk: Desk, actor: Actor, action: str, ticket: Ticket, other: Ticket) -> None:
    audit.write(
        desk.session,
        at=desk.now,
        actor=actor.id,
        action=action,
        ticket_id=ticket.id,
        data={"target": other.number},
    )
