"""Tables of the backlog. No behaviour: rules are in the modules beside this one."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from backlog.workflow import State
from kit import clock
from kit.db import Base

KINDS = ("phan_anh", "kien_nghi", "khen")
CLOCK_STATES = ("run", "pause", "stop")
LINK_KINDS = ("same_story", "split", "related")
ROLES = ("handler", "unit_head", "coordinator", "inspector", "admin", "trainer")
AUDIENCES = ("citizen", "internal")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} in {values}", name=column)


class Ticket(Base):
    """One phản ánh, kiến nghị or khen. Who told it is not here: see SealedIdentity and `conversation_id`."""

    __tablename__ = "ticket"
    __table_args__ = (
        _one_of("kind", KINDS),
        _one_of("state", tuple(str(state) for state in State)),
        _one_of("clock_state", CLOCK_STATES),
        Index("ix_ticket_unit_due", "unit_key", "due_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[str] = mapped_column(unique=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.RECEIVED.value)
    categories: Mapped[list[str]]
    story: Mapped[str]
    place_key: Mapped[str | None]
    place_text: Mapped[str] = mapped_column(default="")
    agency_key: Mapped[str | None]
    about_key: Mapped[str | None]
    counter: Mapped[str] = mapped_column(default="")
    official: Mapped[str] = mapped_column(default="")
    official_folded: Mapped[str] = mapped_column(default="")
    event_first: Mapped[date | None]
    event_last: Mapped[date | None]
    event_text: Mapped[str] = mapped_column(default="")
    procedure_code: Mapped[str | None]
    procedure_name: Mapped[str] = mapped_column(default="")
    trips: Mapped[int | None]
    money: Mapped[str] = mapped_column(default="")
    urgent: Mapped[bool] = mapped_column(default=False, server_default=false())
    unit_key: Mapped[str]
    routing_rule: Mapped[str]
    routing_explanation: Mapped[str]
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    filed_at: Mapped[datetime]
    clock_from: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
    deadline_basis: Mapped[str]
    clock_state: Mapped[str] = mapped_column(default="run")
    level: Mapped[int] = mapped_column(default=0)
    interim_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(default=0)
    appealed: Mapped[bool] = mapped_column(default=False, server_default=false())
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ticket.id"))
    purged_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class TicketPause(Base):
    """A time during which the ticket's clock stood still."""

    __tablename__ = "ticket_pause"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TicketMessage(Base):
    """One message of a ticket's thread. Internal ones are never shown to the citizen."""

    __tablename__ = "ticket_message"
    __table_args__ = (_one_of("audience", AUDIENCES), _one_of("author", ("citizen", "staff", "system")))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    author: Mapped[str]
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    audience: Mapped[str]
    text: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    at: Mapped[datetime]


class TicketLink(Base):
    """Two tickets that belong together: told in one breath, split from one another, or about one matter."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        _one_of("kind", LINK_KINDS),
        UniqueConstraint("ticket_id", "other_id", name="uq_ticket_link_pair"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"))
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    kind: Mapped[str]
    at: Mapped[datetime]


class Evidence(Base):
    """A file that a citizen sent: cleaned, then sealed. Without a ticket it is loose, and goes after some days."""

    __tablename__ = "evidence"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversation.id"), index=True)
    ticket_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    body: Mapped[bytes]
    at: Mapped[datetime]


class Rating(Base):
    """What the citizen thought of the answer: one to five, and a word if they like."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint("stars between 1 and 5", name="stars"),)

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    stars: Mapped[int]
    word: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class IdentityRequest(Base):
    """Somebody asks to open a sealed identity that two people must agree on."""

    __tablename__ = "identity_request"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool | None]
    used_at: Mapped[datetime | None]


class StaffNotice(Base):
    """A word to a member of staff about a ticket: half its time is gone, it is late, somebody asks for approval."""

    __tablename__ = "staff_notice"
    __table_args__ = (UniqueConstraint("staff_id", "key", name="uq_staff_notice_staff_key"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str]
    key: Mapped[str]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class PetitionDraft(Base):
    """A letter of khiếu nại or tố cáo that was drafted for a citizen, sealed, for a few days. `digest`: of the secret
    in its address."""

    __tablename__ = "petition_draft"

    digest: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    """One change, in a hash chain. The database refuses UPDATE and DELETE here (migrations)."""

    __tablename__ = "audit_row"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    ticket_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    data: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)


class AuditText(Base):
    """The reasons that staff gave for a change. Beside the chain, which holds their digest: they can be purged."""

    __tablename__ = "audit_text"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    texts: Mapped[dict[str, Any]]


class AuditHead(Base):
    """The end of the chain: how many rows there are and the last hash, so that a cut-off tail is noticed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class SealedIdentity(Base):
    """Who told it, when they chose to say: encrypted, apart from the ticket."""

    __tablename__ = "sealed_identity"

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    body: Mapped[str]
    sealed_at: Mapped[datetime]


class Receipt(Base):
    """The keyed hash of a ticket's secret receipt; a new receipt replaces the old one."""

    __tablename__ = "receipt"

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]


class ReceiptAttempt(Base):
    """A look-up that failed; too many of them close the door for a while."""

    __tablename__ = "receipt_attempt"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class TicketCounter(Base):
    """The last serial number of each year."""

    __tablename__ = "ticket_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class Staff(Base):
    """A member of staff. `unit_key` is an agency of the catalogue; none for the whole city."""

    __tablename__ = "staff"
    __table_args__ = (_one_of("role", ROLES),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    role: Mapped[str]
    unit_key: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class StaffSession(Base):
    """One login. Only the hash of its token is kept."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    token_digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
