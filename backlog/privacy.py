"""What is held of a citizen, told to that citizen, and erased on their wish as far as the law allows at once.

Everything here is about one conversation. A ticket that was sent anonymously is nobody's. So is a letter of khiếu nại
or tố cáo: only the secret in its address finds it, and it lives a week.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from backlog import audit, queries
from backlog.context import CITIZEN, Desk
from backlog.model import AuditRow, Evidence, SealedIdentity, Staff, Ticket
from backlog.retention import ENDED
from backlog.workflow import State
from kit import jobs

FORGET_TASK = "assembly.forget"


@dataclass(frozen=True)
class Opening:
    """An identity was opened: when, and by somebody of which role (model.ROLES)."""

    at: datetime
    role: str


@dataclass(frozen=True)
class HeldTicket:
    """One ticket of the conversation. `open`: its citizen is still to hear something of it."""

    number: str
    open: bool
    named: bool
    files: int
    openings: tuple[Opening, ...]


@dataclass(frozen=True)
class Holdings:
    """What is held of a conversation: its tickets, newest first, and files that belong to none of them."""

    tickets: tuple[HeldTicket, ...]
    loose_files: int


@dataclass(frozen=True)
class Erased:
    """What `erase` did, by the numbers of the tickets.

    `names`: tickets whose sealed identity is gone; `untied`: those that no longer lead to the conversation;
    `kept`: those that still do, because an answer is to come. `files`: how many that belonged to no ticket.
    """

    names: tuple[str, ...]
    untied: tuple[str, ...]
    kept: tuple[str, ...]
    files: int


def holdings(session: Session, conversation_id: uuid.UUID) -> Holdings:
    """What is held of a conversation; nothing of what it says."""
    own = queries.by_conversation(session, conversation_id)
    tickets = tuple(_held(session, ticket) for ticket in own)
    return Holdings(tickets, _count(session, *_loose(conversation_id)))


def erase(desk: Desk, conversation_id: uuid.UUID) -> Erased:
    """Erase what may go at once: sealed identities and loose files of a conversation, and its tie to closed tickets.

    What a closed ticket tells stays: it is the agency's record until its time is over (backlog/retention.py). An open
    one keeps the conversation, for the answer must reach the citizen. Each change has an audit row without content.
    """
    own = sorted(ticket.id for ticket in queries.by_conversation(desk.session, conversation_id))
    # All are held before the first audit row is written, as everywhere: see recompute.
    held = [ticket for key in own if (ticket := queries.by_id(desk.session, key, lock=True))]
    files = _erase_files(desk, conversation_id)
    names: list[str] = []
    untied: list[str] = []
    kept: list[str] = []
    for ticket in sorted(held, key=lambda one: one.number):
        name, tie = _erase_name(desk.session, ticket), not _awaited(desk.session, ticket)
        if tie:
            _untie(desk.session, ticket)
        if name or tie:
            _write(desk, ticket.id, {"number": ticket.number, "identity": name, "conversation": tie})
        names += [ticket.number] if name else []
        (untied if tie else kept).append(ticket.number)
    desk.session.flush()
    return Erased(tuple(names), tuple(untied), tuple(kept), files)


def forget_later(session: Session, conversation_id: uuid.UUID) -> None:
    """Queue the job that deletes the texts of a conversation, here and in Rasa's database.

    It waits for the turn that asks for it, under the turns' own lock (bot/inbox.py): at the end of a turn Rasa stores
    again whatever of the conversation it does not find.
    """
    jobs.defer(session, FORGET_TASK, lock=f"turn:{conversation_id}", conversation_id=str(conversation_id))


def _held(session: Session, ticket: Ticket) -> HeldTicket:
    return HeldTicket(
        number=ticket.number,
        open=_awaited(session, ticket),
        named=session.get(SealedIdentity, ticket.id) is not None,
        files=_count(session, Evidence.ticket_id == ticket.id),
        openings=tuple(_openings(session, ticket)),
    )


def _awaited(session: Session, ticket: Ticket) -> bool:
    """Whether something is still to come; for a merged ticket, from the one that it is answered with."""
    answers: Ticket | None = ticket
    while answers is not None and answers.state == State.MERGED and answers.merged_into is not None:
        answers = queries.by_id(session, answers.merged_into)
    return answers is not None and answers.state not in ENDED


def _openings(session: Session, ticket: Ticket) -> Sequence[Opening]:
    """From the audit chain, which nobody can shorten."""
    opened = (
        select(AuditRow.at, Staff.role)
        .join(Staff, AuditRow.actor == func.concat("staff:", Staff.id))
        .where(AuditRow.ticket_id == ticket.id, AuditRow.action == "open_identity")
        .order_by(AuditRow.seq)
    )
    return [Opening(at, role) for at, role in session.execute(opened)]


def _erase_files(desk: Desk, conversation_id: uuid.UUID) -> int:
    gone = delete(Evidence).where(*_loose(conversation_id)).returning(Evidence.id)
    files = len(desk.session.scalars(gone).all())
    if files:
        _write(desk, None, {"files": files})
    return files


def _erase_name(session: Session, ticket: Ticket) -> bool:
    gone = delete(SealedIdentity).where(SealedIdentity.ticket_id == ticket.id).returning(SealedIdentity.ticket_id)
    return session.scalar(gone) is not None


def _untie(session: Session, ticket: Ticket) -> None:
    """The ticket's files lead to the conversation as well."""
    session.execute(update(Evidence).where(Evidence.ticket_id == ticket.id).values(conversation_id=None))
    ticket.conversation_id = None


def _loose(conversation_id: uuid.UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Evidence.conversation_id == conversation_id, Evidence.ticket_id.is_(None)


def _count(session: Session, *wanted: ColumnElement[bool]) -> int:
    return session.scalars(select(func.count(Evidence.id)).where(*wanted)).one()


def _write(desk: Desk, ticket_id: uuid.UUID | None, data: dict[str, Any]) -> None:
    audit.write(desk.session, at=desk.now, actor=CITIZEN.id, action="erase", ticket_id=ticket_id, data=data)
