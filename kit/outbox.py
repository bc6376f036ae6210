"""Conversations and the outbox: everything that is said to a citizen is a row here before it is sent."""

import json
import uuid
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from kit import clock, jobs
from kit.crypto import Sealer
from kit.db import Base

DELIVER_TASK = "bot.deliver"
OUTBOX_STATES = ("queued", "delivered", "undeliverable")


class Choice(TypedDict):
    """A button: what it says, and the Rasa payload it stands for, e.g. `/choose{"category":"delay"}`.

    Delivery turns the payload into a short code signed for this conversation; a citizen never sees payloads.
    """

    title: str
    payload: str


Reply = TypedDict(
    "Reply",
    {
        "text": str,
        "choices": NotRequired[list[Choice]],
        "custom": NotRequired[dict[str, Any]],
        "from": Literal["bot", "staff", "system"],
        "staff_name": NotRequired[str],
    },
)
"""A neutral reply: every channel renders from the same one."""


class Conversation(Base):
    """One citizen on one channel. The address is sealed: those who answer need not see it."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "address_digest", name="uq_conversation_channel_address"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    channel: Mapped[str]
    address_digest: Mapped[str]
    address_sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    """Counts messages in both directions, so that history has one order and a client can resume."""
    offered: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    """The buttons of the last reply: a citizen may type "2" or the button's words instead of pressing."""
    expects: Mapped[str] = mapped_column(default="")
    """What the last reply asked for; "identity" seals the answer before Rasa sees it."""


class OutboxMessage(Base):
    """One reply on its way. `body` is sealed; `dedupe_key` makes a repeated turn harmless."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint(f"state in {OUTBOX_STATES}", name="state"),
        Index("ix_outbox_message_conversation_seq", "conversation_id", "seq"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    delivered_at: Mapped[datetime | None]
    seq: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]


def put(session: Session, sealer: Sealer, conversation_id: uuid.UUID, reply: Reply, dedupe_key: str) -> bool:
    """Write one reply and the job that delivers it, in the caller's transaction.

    Returns False, and writes nothing, when a reply with this key is there already.
    Replies to one conversation are delivered in the order in which they were put.
    """
    row = (
        insert(OutboxMessage)
        .values(
            conversation_id=conversation_id,
            dedupe_key=dedupe_key,
            body=sealer.seal(json.dumps(reply, ensure_ascii=False)),
        )
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(OutboxMessage.id)
    )
    message_id = session.execute(row).scalar_one_or_none()
    if message_id is None:
        return False
    jobs.defer(session, DELIVER_TASK, lock=f"deliver:{conversation_id}", message_id=message_id)
    return True


def read_body(sealer: Sealer, message: OutboxMessage) -> Reply:
    """The reply inside an outbox row. Raises CannotOpen when its key is gone."""
    reply: Reply = json.loads(sealer.open(message.body))
    return reply
