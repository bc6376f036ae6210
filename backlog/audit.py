"""The audit trail: every change is a row, every row holds the hash of the one before it.

Rows carry ids, states and reasons, never who told a story or what they told.
"""

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backlog.model import AuditHead, AuditRow
from kit import clock

GENESIS = "0" * 64
_HEAD = 1


def write(
    session: Session, *, at: datetime, actor: str, action: str, ticket_id: uuid.UUID | None, data: dict[str, Any]
) -> AuditRow:
    """Add one row in the caller's transaction.

    The row lock on the head makes the chain one line: concurrent changes wait for each other's commit.
    """
    session.execute(insert(AuditHead).values(id=_HEAD, count=0, hash=GENESIS).on_conflict_do_nothing())
    head = session.scalars(
        select(AuditHead).where(AuditHead.id == _HEAD).with_for_update().execution_options(populate_existing=True)
    ).one()
    row = AuditRow(
        seq=head.count + 1, at=at, actor=actor, action=action, ticket_id=ticket_id, data=data, previous=head.hash
    )
    row.hash = hash_of(row)
    head.count, head.hash = row.seq, row.hash
    session.add(row)
    session.flush()
    return row


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


def verify(session: Session) -> list[str]:
    """What is wrong with the chain, in order; empty when nothing is.

    Finds edits, deletions, insertions and a cut-off tail. Somebody who can rewrite every row and the head at once
    is only found by comparing with a copy of the head kept elsewhere.
    """
    problems: list[str] = []
    expected, previous = 1, GENESIS
    for row in session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=1000)):
        if row.seq != expected:
            problems.append(f"dòng {expected} đến {row.seq - 1}: bị thiếu")
        if row.previous != previous:
            problems.append(f"dòng {row.seq}: không nối với dòng trước")
        if row.hash != hash_of(row):
            problems.append(f"dòng {row.seq}: nội dung đã bị sửa")
        expected, previous = row.seq + 1, row.hash
    head = session.get(AuditHead, _HEAD)
    count, last = (head.count, head.hash) if head else (0, GENESIS)
    if (count, last) != (expected - 1, previous):
        problems.append(f"cuối chuỗi: sổ ghi {count} dòng, thực có {expected - 1} dòng")
    return problems
