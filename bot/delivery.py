"""Takes outbox rows to their channel and settles what became of them."""

from typing import Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot import choices
from bot.channels.errors import Undeliverable
from bot.context import BotContext
from bot.inbox import next_seq
from kit import clock
from kit.db import session_scope
from kit.outbox import Conversation, OutboxMessage, Reply, read_body

log = structlog.get_logger()

# A web page listens on this PostgreSQL notification channel; the payload is a conversation id.
WAKE = "tiepdan_chat"


def deliver(ctx: BotContext, message_id: int) -> str:
    """Deliver one outbox row; returns its state afterwards.

    Raises RetryLater when the channel asked to wait; the row stays queued.
    """
    with session_scope(ctx.engine) as session:
        message = session.scalar(select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update())
        if message is None or message.state != "queued":
            return message.state if message else "gone"
        conversation = session.get_one(Conversation, message.conversation_id)
        reply = read_body(ctx.sealer, message)
        try:
            ctx.channels[conversation.channel].send(ctx.sealer.open(conversation.address_sealed), reply)
        except Undeliverable as error:
            message.state, message.error = "undeliverable", error.reason
            log.warning("undeliverable", message_id=message_id, reason=error.reason)
            return message.state
        _settle(session, message, conversation, reply)
    return "delivered"


def _settle(session: Session, message: OutboxMessage, conversation: Conversation, reply: Reply) -> None:
    message.state, message.delivered_at = "delivered", clock.now()
    if reply["from"] == "bot":
        conversation.offered = list(reply.get("choices", []))
        conversation.expects = str(reply.get("custom", {}).get("expects", ""))
    elif reply.get("choices"):
        conversation.offered = list(reply["choices"])
    session.flush()
    message.seq = next_seq(session, conversation.id)
    session.execute(text("select pg_notify(:channel, :payload)"), {"channel": WAKE, "payload": str(conversation.id)})


def public_reply(ctx: BotContext, conversation_id: str, reply: Reply) -> dict[str, Any]:
    """A reply as a channel shows it: payloads replaced by codes that only this conversation can use."""
    shown: dict[str, Any] = {key: value for key, value in reply.items() if key != "choices"}
    shown["choices"] = [
        {"title": choice["title"], "code": choices.sign(ctx.choice_key, conversation_id, choice["payload"])}
        for choice in reply.get("choices", [])
    ]
    return shown
