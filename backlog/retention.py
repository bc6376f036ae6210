"""What has been kept for long enough goes: content of tickets, sealed names, loose files, drafts, attempts, notices.

The periods are data/retention.yml. Of a ticket only what a person told or wrote goes: number, kind, categories, unit,
state and dates stay, so that past figures stay as they were. The audit chain stays whole too.
"""

import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CTE,
    ColumnElement,
    CursorResult,
    Delete,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from backlog import audit
from backlog.context import SYSTEM
from backlog.model import (
    KINDS,
    AuditRow,
    AuditText,
    Evidence,
    IdentityRequest,
    PetitionDraft,
    Rating,
    Receipt,
    ReceiptAttempt,
    SealedIdentity,
    StaffNotice,
    Ticket,
    TicketLink,
    TicketMessage,
)
from backlog.workflow import OPEN, State
from catalogue.load import Facts
from catalogue.retention import What

ENDED = frozenset(State) - OPEN - {State.ANSWERED}
"""States in which nothing more is to come. An answer still waits for what its citizen says to it."""
BLANKED = (
    "story",
    "place_text",
    "counter",
    "official",
    "official_folded",
    "event_text",
    "money",
    "procedure_name",
    "routing_explanation",
)
"""What of a ticket's own row a person told, or retells it."""
MOST_TICKETS = 200
"""In one call: whoever writes an audit row waits until the caller's transaction ends."""


def purge(session: Session, facts: Facts, now: datetime) -> dict[str, int]:
    """Delete what is past its time as of `now`; how many tickets, identities, files, drafts, attempts and notices.

    "identities" and "files" are those that went apart from a ticket's content. At most MOST_TICKETS tickets are
    looked after in one call: call again, in a new transaction, until it finds neither tickets nor identities.
    Raises LookupError when data/retention.yml has no rule for today; then the caller rolls back.
    """
    done = Counter({"tickets": 0, "identities": 0})
    # All are held before the first audit row is written, as everywhere: see recompute.
    for ticket, content_is_due in session.execute(_due(facts, now)).all():
        if content_is_due:
            _empty(session, ticket, now)
        else:
            _forget_name(session, ticket, now)
        done["tickets" if content_is_due else "identities"] += 1
    loose = (Evidence.ticket_id.is_(None), Evidence.at <= _oldest(facts, "loose_files", now))
    done["files"] = _delete(session, delete(Evidence).where(*loose))
    drafts = PetitionDraft.at <= _oldest(facts, "petition_drafts", now)
    done["drafts"] = _delete(session, delete(PetitionDraft).where(drafts))
    attempts = ReceiptAttempt.at <= _oldest(facts, "receipt_attempts", now)
    done["attempts"] = _delete(session, delete(ReceiptAttempt).where(attempts))
    notices = StaffNotice.read_at <= _oldest(facts, "staff_notices", now)
    done["notices"] = _delete(session, delete(StaffNotice).where(notices))
    return dict(done)


def conversations_in_use() -> Select[uuid.UUID | None]:
    """The ids of conversations that a ticket or a file still belongs to."""
    tied = union(
        select(Ticket.conversation_id).where(Ticket.conversation_id.is_not(None)),
        select(Evidence.conversation_id).where(Evidence.conversation_id.is_not(None)),
    ).subquery()
    return select(tied.c.conversation_id)


def _due(facts: Facts, now: datetime) -> Select[Ticket, bool]:
    """Tickets of which something is past its time, and whether that is the content; they stay locked.

    The time of a merged ticket is counted from the end of the one that it was answered with.
    """
    target = aliased(Ticket)
    target_closed = select(target.closed_at).where(target.id == Ticket.merged_into).scalar_subquery()
    ended_at = func.greatest(Ticket.closed_at, target_closed)  # NULL is passed over
    content: ColumnElement[bool] = or_(
        *(and_(Ticket.kind == kind, ended_at <= _oldest(facts, "ticket_content", now, kind)) for kind in KINDS)
    )
    content = and_(content, Ticket.purged_at.is_(None))
    named = exists().where(SealedIdentity.ticket_id == Ticket.id)
    identity = and_(named, ended_at <= _oldest(facts, "sealed_identity", now))
    return (
        select(Ticket, content)
        .where(Ticket.state.in_(ENDED), Ticket.id.not_in(select(_under_way().c.id)), or_(content, identity))
        .order_by(Ticket.id)
        .limit(MOST_TICKETS)
        .with_for_update(of=Ticket)
        .execution_options(populate_existing=True)
    )


def _under_way() -> CTE:
    """Tickets that have not ended, and those of the same matter: merged with them or split from them.

    One matter stays whole as long as a part of it is under way.
    """
    merged, split = Ticket.merged_into.is_not(None), TicketLink.kind == "split"
    pairs = union_all(
        select(Ticket.id.label("one"), Ticket.merged_into.label("other")).where(merged),
        select(Ticket.merged_into, Ticket.id).where(merged),
        select(TicketLink.ticket_id, TicketLink.other_id).where(split),
        select(TicketLink.other_id, TicketLink.ticket_id).where(split),
    ).subquery("pairs")
    found = select(Ticket.id).where(Ticket.state.not_in(ENDED)).cte("under_way", recursive=True)
    return found.union(select(pairs.c.other).join(found, pairs.c.one == found.c.id))


def _empty(session: Session, ticket: Ticket, now: datetime) -> None:
    """Take everything that was told or written out of a ticket; the audit row says how much, not what."""
    rows = select(AuditRow.seq).where(AuditRow.ticket_id == ticket.id)
    either = or_(TicketLink.ticket_id == ticket.id, TicketLink.other_id == ticket.id)
    gone = {
        "messages": delete(TicketMessage).where(TicketMessage.ticket_id == ticket.id),
        "files": delete(Evidence).where(Evidence.ticket_id == ticket.id),
        "identities": delete(SealedIdentity).where(SealedIdentity.ticket_id == ticket.id),
        "requests": delete(IdentityRequest).where(IdentityRequest.ticket_id == ticket.id),
        "receipts": delete(Receipt).where(Receipt.ticket_id == ticket.id),
        "links": delete(TicketLink).where(either),
        "reasons": delete(AuditText).where(AuditText.seq.in_(rows)),
    }
    counts = {what: _delete(session, statement) for what, statement in gone.items()}
    session.execute(update(Rating).where(Rating.ticket_id == ticket.id).values(word=""))
    for name in BLANKED:
        setattr(ticket, name, "")
    ticket.conversation_id, ticket.purged_at = None, now
    _write(session, ticket, audit.PURGE, counts, now)


def _forget_name(session: Session, ticket: Ticket, now: datetime) -> None:
    count = _delete(session, delete(SealedIdentity).where(SealedIdentity.ticket_id == ticket.id))
    _write(session, ticket, "purge_identity", {"identities": count}, now)


def _write(session: Session, ticket: Ticket, action: str, counts: dict[str, int], now: datetime) -> None:
    data = {"number": ticket.number, **counts}
    audit.write(session, at=now, actor=SYSTEM.id, action=action, ticket_id=ticket.id, data=data)


def _oldest(facts: Facts, what: What, now: datetime, kind: str | None = None) -> datetime:
    """What is as old as this, or older, has been kept for long enough."""
    return now - timedelta(days=facts.retention.days(what, now.date(), kind))


def _delete(session: Session, statement: Delete) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
