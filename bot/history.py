"""One conversation as its citizen sees it: both directions in one order."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox
from bot.context import BotContext
from bot.delivery import public_reply
from bot.inbox import InboxMessage
from kit import outbox
from kit.outbox import OutboxMessage

PAGE = 500


def entries(session: Session, ctx: BotContext, conversation_id: uuid.UUID, after: int = 0) -> list[dict[str, Any]]:
    """Messages with a place after `after`, oldest first, at most PAGE of the newest.

    Each: seq, id (the client's own id, for the citizen's messages), from, text, choices, custom, at (ISO 8601).
    """
    received = session.scalars(
        select(InboxMessage)
        .where(InboxMessage.conversation_id == conversation_id, InboxMessage.seq > after)
        .order_by(InboxMessage.seq.desc())
        .limit(PAGE)
    )
    said = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.conversation_id == conversation_id, OutboxMessage.seq > after)
        .order_by(OutboxMessage.seq.desc())
        .limit(PAGE)
    )
    both = [_citizen(ctx, row) for row in received] + [_bot(ctx, row) for row in said]
    return sorted(both, key=lambda entry: entry["seq"])[-PAGE:]


def waiting(session: Session, conversation_id: uuid.UUID) -> bool:
    """Whether a message of the citizen has not been answered yet."""
    pending = select(InboxMessage.id).where(
        InboxMessage.conversation_id == conversation_id, InboxMessage.state == "received"
    )
    return session.scalar(pending.limit(1)) is not None


def _citizen(ctx: BotContext, row: InboxMessage) -> dict[str, Any]:
    body = inbox.read_body(ctx.sealer, row)
    client_id = row.message_id.rpartition(":")[2]
    return {
        "seq": row.seq,
        "id": client_id,
        "from": "citizen",
        "text": body["text"],
        "files": len(body.get("files") or []),
        "choices": [],
        "custom": {},
        "at": row.received_at.isoformat(),
    }


def _bot(ctx: BotContext, row: OutboxMessage) -> dict[str, Any]:
    shown = public_reply(ctx, str(row.conversation_id), outbox.read_body(ctx.sealer, row))
    at = row.delivered_at or row.created_at
    return {"custom": {}, **shown, "seq": row.seq, "id": f"o{row.id}", "at": at.isoformat()}
