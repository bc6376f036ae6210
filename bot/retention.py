"""What was said in conversations goes when its time is over, or when the citizen wishes it."""

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, delete, func, or_, select, update
from sqlalchemy.orm import Session

from backlog.retention import conversations_in_use
from bot.inbox import InboxMessage
from catalogue.load import Facts
from kit.outbox import Conversation, OutboxMessage

_NOTHING: list[Any] = []


def purge(session: Session, facts: Facts, now: datetime) -> dict[str, int]:
    """Delete the texts of idle conversations, then the conversations that nothing refers to; how many of each.

    What is still to be read or sent stays, and its conversation with it. The time is data/retention.yml, from the
    last message in either direction.
    """
    oldest = now - timedelta(days=facts.retention.days("conversation_texts", now.date()))
    idle = select(Conversation.id).where(Conversation.last_seen_at <= oldest).scalar_subquery()
    messages = _delete(
        session,
        delete(InboxMessage).where(InboxMessage.conversation_id.in_(idle), InboxMessage.state != "received"),
    ) + _delete(
        session,
        delete(OutboxMessage).where(OutboxMessage.conversation_id.in_(idle), OutboxMessage.state != "queued"),
    )
    session.execute(
        update(Conversation)
        .where(Conversation.id.in_(idle), or_(Conversation.offered != _NOTHING, Conversation.expects != ""))
        .values(offered=_NOTHING, expects="")
    )
    unused = delete(Conversation).where(
        Conversation.last_seen_at <= oldest,
        Conversation.id.not_in(conversations_in_use()),
        Conversation.id.not_in(select(InboxMessage.conversation_id)),
        Conversation.id.not_in(select(OutboxMessage.conversation_id)),
    )
    return {"messages": messages, "conversations": _delete(session, unused)}


def forget(session: Session, conversation_id: uuid.UUID) -> int:
    """Delete the texts that came before the citizen's newest message, which asks for this; how many there were.

    That message stays, and what was said since; so does what is still to be read or sent.
    """
    request = (
        select(func.max(InboxMessage.seq)).where(InboxMessage.conversation_id == conversation_id).scalar_subquery()
    )
    received = delete(InboxMessage).where(
        InboxMessage.conversation_id == conversation_id, InboxMessage.state != "received", InboxMessage.seq < request
    )
    said = delete(OutboxMessage).where(
        OutboxMessage.conversation_id == conversation_id,
        OutboxMessage.state != "queued",
        or_(OutboxMessage.seq.is_(None), OutboxMessage.seq < request),
    )
    # Replies first: while they go, the request is still the newest message.
    return _delete(session, said) + _delete(session, received)


def _delete(session: Session, statement: Delete) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
