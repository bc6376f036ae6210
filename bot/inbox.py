"""The inbox: one row and one job for each message a citizen sends, written before the channel gets its 200."""

import json
import uuid
from datetime import datetime
from typing import NotRequired, TypedDict

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from backlog import evidence
from bot.channels.base import Inbound
from kit import clock, crypto, jobs
from kit.crypto import Sealer
from kit.db import Base
from kit.outbox import Conversation
from vntext.normalise import normalise

TURN_TASK = "bot.turn"
INBOX_STATES = ("received", "done", "failed")


class InboxBody(TypedDict):
    """What is sealed in an inbox row."""

    text: str
    choice: str | None
    files: NotRequired[list[str]]
    """Keys of files that came with it (backlog.evidence)."""


class InboxMessage(Base):
    """One message of a citizen. (channel, message_id) is unique, so that a redelivery changes nothing."""

    __tablename__ = "inbox_message"
    __table_args__ = (
        UniqueConstraint("channel", "message_id", name="uq_inbox_message_channel_message_id"),
        CheckConstraint(f"state in {INBOX_STATES}", name="state"),
        Index("ix_inbox_message_conversation_seq", "conversation_id", "seq"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversation.id"))
    channel: Mapped[str]
    message_id: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="received")
    outcome: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    done_at: Mapped[datetime | None]
    seq: Mapped[int | None] = mapped_column(BigInteger)


def accept(session: Session, sealer: Sealer, digest_key: str, inbound: Inbound) -> bool:
    """Store a message and queue its turn, in the caller's transaction.

    Turns of one conversation run in the order of arrival (one Procrastinate lock a conversation).
    Returns False, and changes nothing, when the channel has delivered this message before. Raises
    evidence.TooMany when it brings more files than one complaint may have.
    """
    conversation_id = _conversation(session, sealer, digest_key, inbound)
    body: InboxBody = {"text": normalise(inbound.text), "choice": inbound.choice}
    row = (
        insert(InboxMessage)
        .values(
            conversation_id=conversation_id,
            channel=inbound.channel,
            message_id=inbound.message_id,
            body=sealer.seal(json.dumps(body, ensure_ascii=False)),
        )
        .on_conflict_do_nothing(constraint="uq_inbox_message_channel_message_id")
        .returning(InboxMessage.id)
    )
    inbox_id = session.execute(row).scalar_one_or_none()
    if inbox_id is None:
        return False
    values: dict[str, object] = {"seq": next_seq(session, conversation_id)}
    if inbound.files:  # only now: what is delivered again must not be kept again
        kept = [evidence.keep(session, sealer, file, conversation_id, clock.now()) for file in inbound.files]
        body["files"] = [str(one.id) for one in kept]
        values["body"] = sealer.seal(json.dumps(body, ensure_ascii=False))
    session.execute(update(InboxMessage).where(InboxMessage.id == inbox_id).values(values))
    jobs.defer(session, TURN_TASK, lock=f"turn:{conversation_id}", inbox_id=inbox_id)
    return True


def next_seq(session: Session, conversation_id: uuid.UUID) -> int:
    """Take the next place in a conversation's order; holds its row until the transaction ends."""
    return session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(last_seq=Conversation.last_seq + 1, last_seen_at=clock.now())
        .returning(Conversation.last_seq)
    ).scalar_one()


def find_conversation(session: Session, digest_key: str, channel: str, address: str) -> Conversation | None:
    """The conversation of an address on a channel, if it has one."""
    return session.scalar(
        select(Conversation).where(
            Conversation.channel == channel, Conversation.address_digest == crypto.digest(digest_key, address)
        )
    )


def read_body(sealer: Sealer, message: InboxMessage) -> InboxBody:
    """What the citizen sent. Raises CannotOpen when its key is gone."""
    body: InboxBody = json.loads(sealer.open(message.body))
    return body


def _conversation(session: Session, sealer: Sealer, digest_key: str, inbound: Inbound) -> uuid.UUID:
    existing = find_conversation(session, digest_key, inbound.channel, inbound.address)
    if existing is not None:
        return existing.id
    session.execute(
        insert(Conversation)
        .values(
            channel=inbound.channel,
            address_digest=crypto.digest(digest_key, inbound.address),
            address_sealed=sealer.seal(inbound.address),
        )
        .on_conflict_do_nothing(constraint="uq_conversation_channel_address")
    )
    created = find_conversation(session, digest_key, inbound.channel, inbound.address)
    assert created is not None  # inserted above, by us or by a concurrent first message
    return created.id
