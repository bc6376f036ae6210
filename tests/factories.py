"""Objects for tests, made by plain functions; every argument may be overridden."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backlog import tickets
from backlog.identity import Contact
from backlog.model import Staff, Ticket
from backlog.tickets import Draft, Submission
from catalogue.load import Facts
from kit.clock import VIETNAM
from kit.crypto import Sealer
from kit.outbox import Conversation

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=VIETNAM)
WARD = "2024:31510"  # Phường 2, TP Sóc Trăng: now phường Phú Lợi
UNIT = "ubnd:31510"
OTHER_UNIT = "ubnd:31528"


def make_draft(**more: Any) -> Draft:
    """A complaint about a clerk's manner in Phường 2."""
    values: dict[str, Any] = {
        "kind": "phan_anh",
        "categories": ["attitude"],
        "story": "cán bộ nạt tôi",
        "contact": Contact("chat"),
        "place_key": WARD,
        "place_text": "phường 2",
        "event_text": "sáng 16/11/2026",
    }
    return Draft(**(values | more))


def make_conversation(session: Session, sealer: Sealer) -> uuid.UUID:
    """A conversation to answer to."""
    address = uuid.uuid4().hex
    conversation = Conversation(channel="web", address_digest=address, address_sealed=sealer.seal(address))
    session.add(conversation)
    session.flush()
    return conversation.id


def make_submission(session: Session, facts: Facts, sealer: Sealer, **more: Any) -> Submission:
    """File a draft; `key`, `conversation_id`, `now` and the draft's own fields may be given."""
    return tickets.submit(
        session,
        facts,
        make_draft(**{name: value for name, value in more.items() if name in Draft.__dataclass_fields__}),
        sealer=sealer,
        idempotency_key=more.get("key", uuid.uuid4().hex),
        conversation_id=more.get("conversation_id"),
        now=more.get("now", MONDAY),
    )


def make_ticket(session: Session, facts: Facts, sealer: Sealer, **more: Any) -> Ticket:
    """A filed ticket."""
    return make_submission(session, facts, sealer, **more).ticket


def make_staff(session: Session, role: str = "handler", unit_key: str | None = UNIT, **more: Any) -> Staff:
    """A member of staff of phường Phú Lợi."""
    values: dict[str, Any] = {
        "username": uuid.uuid4().hex,
        "full_name": "Trần Văn Thử",
        "password_hash": "x",
        "role": role,
        "unit_key": unit_key,
    }
    staff = Staff(**(values | more))
    session.add(staff)
    session.flush()
    return staff
