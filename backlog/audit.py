"""The audit trail: every change is a row, every row holds the hash of the one before it.

Rows carry ids, states and dates, never who told a story or what they told. The reasons that staff give stand beside
the chain (`AuditText`), which holds only their digest: when a ticket's content is purged they go, and the chain stays
whole. The database itself refuses changes: see migrations.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backlog.model import AuditHead, AuditRow, AuditText
from kit import clock

GENESIS = "0" * 64
PURGE = "purge"
"""The action of the row that says that a ticket's content is gone."""
_HEAD = 1


@dataclass(frozen=True)
class Head:
    """How long the chain is, and the hash of its last row."""

    count: int
    hash: str


def write(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    ticket_id: uuid.UUID | None,
    data: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
) -> AuditRow:
    """Add one row in the caller's transaction. `texts`: reasons in people's own words, kept apart.

    The row lock on the head makes the chain one line: concurrent changes wait for each other's commit.
    """
    content = {**data, "texts": _digest(texts)} if texts else dict(data)
    session.execute(insert(AuditHead).values(id=_HEAD, count=0, hash=GENESIS).on_conflict_do_nothing())
    head = session.scalars(
        select(AuditHead).where(AuditHead.id == _HEAD).with_for_update().execution_options(populate_existing=True)
    ).one()
    row = AuditRow(
        seq=head.count + 1, at=at, actor=actor, action=action, ticket_id=ticket_id, data=content, previous=head.hash
    )
    row.hash = hash_of(row)
    head.count, head.hash = row.seq, row.hash
    session.add(row)
    session.flush()
    if texts:
        session.add(AuditText(seq=row.seq, texts=dict(texts)))
        session.flush()
    return row


def head(session: Session) -> Head:
    """The end of the chain, to be kept elsewhere: with an older copy a cut-off tail is found by `verify`."""
    row = session.get(AuditHead, _HEAD, populate_existing=True)
    return Head(row.count, row.hash) if row else Head(0, GENESIS)


def hash_of(row: AuditRow) -> str:
    """The hash that a row must have: over its content and the hash before it."""
    content = {
        "seq": row.seq,
        "at": clock.require_aware(row.at).isoformat(),
        "actor": row.actor,
        "action": row.action,
        "ticket": str(row.ticket_id) if row.ticket_id else None,
        "data": row.data,
        "previous": row.previous,
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(session: Session, witnessed: Sequence[Head] = ()) -> list[str]:
    """What is wrong with the chain, in order; empty when nothing is.

    Finds edits, deletions, insertions and a cut-off tail, and reasons that went before their ticket's content was
    purged: only the chain itself says that it was. `witnessed` are heads of earlier days, kept outside the
    database (`tiepdan audit verify` reads those of the worker): with them even somebody who can write everything,
    rows, head and triggers, cannot shorten or rewrite what had been seen.
    """
    problems: list[str] = []
    expected, previous = 1, GENESIS
    seen = {head.count: head.hash for head in witnessed}
    later = aliased(AuditRow)
    purged = exists().where(later.ticket_id == AuditRow.ticket_id, later.action == PURGE, later.seq > AuditRow.seq)
    rows = select(AuditRow, AuditText.texts, purged).outerjoin(AuditText, AuditText.seq == AuditRow.seq)
    for row, texts, may_lack in session.execute(rows.order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if row.seq != expected:
            problems.append(f"dòng {expected} đến {row.seq - 1}: bị thiếu")
        if row.previous != previous:
            problems.append(f"dòng {row.seq}: không nối với dòng trước")
        if row.hash != hash_of(row):
            problems.append(f"dòng {row.seq}: nội dung đã bị sửa")
        if texts is not None and row.data.get("texts") != _digest(texts):
            problems.append(f"dòng {row.seq}: lý do kèm theo đã bị sửa")
        if texts is None and "texts" in row.data and not may_lack:
            problems.append(f"dòng {row.seq}: lý do kèm theo đã mất")
        if row.hash != seen.get(row.seq, row.hash):
            problems.append(f"dòng {row.seq}: khác với bản đã ghi làm chứng")
        expected, previous = row.seq + 1, row.hash
    head = session.get(AuditHead, _HEAD)
    count, last = (head.count, head.hash) if head else (0, GENESIS)
    if (count, last) != (expected - 1, previous):
        problems.append(f"cuối chuỗi: sổ ghi {count} dòng, thực có {expected - 1} dòng")
    if max(seen, default=0) > expected - 1:
        problems.append(f"cuối chuỗi: đã từng có {max(seen)} dòng, nay chỉ còn {expected - 1} dòng")
    return problems


def _digest(texts: Mapping[str, str]) -> str:
    canonical = json.dumps(dict(texts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
