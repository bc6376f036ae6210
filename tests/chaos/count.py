"""Counts what became of the complaints: the database and every citizen's history against what was confirmed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backlog import audit, receipts
from backlog.model import AuditRow, Ticket
from bot.inbox import TURN_TASK
from kit import clock
from kit.outbox import DELIVER_TASK
from tests.chaos.citizen import Citizen, Complaint

_UNDER_WAY = text(
    "select (select count(*) from inbox_message where state = 'received')"
    " + (select count(*) from outbox_message where state = 'queued')"
    " + (select count(*) from procrastinate_jobs where status in ('todo', 'doing') and task_name = any(:tasks))"
)

_AGAIN = text("select count(*) from procrastinate_jobs where attempts > 1 and task_name = :task")


@dataclass(frozen=True)
class Outcome:
    """Submitted: confirmed by their citizens. Lost: of these, without a ticket. Doubled: with several."""

    submitted: int
    lost: int
    doubled: int
    chain_ok: bool
    faults: list[str]
    """Everything that is wrong, one sentence each; empty when nothing is."""

    def __str__(self) -> str:
        chain = "ok" if self.chain_ok else "broken"
        return f"submitted {self.submitted} lost {self.lost} doubled {self.doubled} chain {chain}"


def is_quiet(session: Session) -> bool:
    """Whether no message waits for its turn and no reply for its delivery; false also when nobody can say."""
    try:
        return not session.scalars(_UNDER_WAY, {"tasks": [TURN_TASK, DELIVER_TASK]}).one()
    except SQLAlchemyError:
        session.rollback()
        return False


def turns_tried_again(session: Session) -> int:
    """How many turns were under way when something was killed: nought means that the kills tried nothing."""
    return int(session.scalars(_AGAIN, {"task": TURN_TASK}).one())


def count(session: Session, digest_key: str, citizens: Sequence[Citizen]) -> Outcome:
    """Look at everything. Whoever calls waits until it is quiet. Reads the histories over HTTP."""
    complaints = [complaint for citizen in citizens for complaint in citizen.complaints]
    tickets = _tickets(session, complaints)
    lost = [one.marker for one in complaints if one.confirmed and not tickets[one.marker]]
    doubled = [one.marker for one in complaints if len(tickets[one.marker]) > 1]
    early = [one.marker for one in complaints if not one.confirmed and tickets[one.marker]]
    chain = _chain_faults(session)
    faults = [
        *(f"{marker}: confirmed, but there is no ticket" for marker in lost),
        *(f"{marker}: several tickets: {', '.join(tickets[marker])}" for marker in doubled),
        *(f"{marker}: a ticket, but it was not confirmed" for marker in early),
        *(f"{one.marker}: {one.trouble}" for one in complaints if one.trouble),
        *(f"chain: {fault}" for fault in chain),
    ]
    for citizen in citizens:
        faults += _history_faults(session, digest_key, citizen, tickets)
    submitted = sum(one.confirmed for one in complaints)
    if submitted < len(complaints):
        faults.append(f"{len(complaints) - submitted} complaints never came to their confirmation")
    return Outcome(submitted, len(lost), len(doubled), not chain, faults)


def _tickets(session: Session, complaints: Sequence[Complaint]) -> dict[str, list[str]]:
    """Numbers of the tickets whose story holds a marker, by marker."""
    stories = session.execute(select(Ticket.number, Ticket.story).order_by(Ticket.number)).all()
    return {one.marker: [number for number, story in stories if one.marker in story] for one in complaints}


def _chain_faults(session: Session) -> list[str]:
    filed = session.scalars(select(func.count(Ticket.id))).one()
    noted = session.scalars(select(func.count(AuditRow.seq)).where(AuditRow.action == "submit")).one()
    wrong = [] if filed == noted else [f"{filed} tickets, but {noted} rows about a submission"]
    return audit.verify(session) + wrong


def _history_faults(session: Session, digest_key: str, citizen: Citizen, tickets: dict[str, list[str]]) -> list[str]:
    """Each message is there once, in order, and answered once; each ticket has one receipt, which opens it."""
    history = citizen.browser.history()
    sent = citizen.browser.sent
    heard = [entry["id"] for entry in history if entry["from"] == "citizen"]
    said = [entry for entry in history if entry["from"] == "bot"]
    shown = [entry["custom"]["ticket"] for entry in said if "receipt" in entry["custom"].get("ticket", {})]
    times = Counter(ticket["number"] for ticket in shown)
    filed = [number for one in citizen.complaints for number in tickets[one.marker]]
    return [
        *([] if heard == sent else [f"{citizen.name}: sent {sent}, the history has {heard}"]),
        *([] if len(said) == len(heard) else [f"{citizen.name}: {len(heard)} messages, {len(said)} replies"]),
        *(f"{number}: {times[number]} replies with its receipt" for number in filed if times[number] != 1),
        *(f"{one['number']}: its receipt does not open it" for one in shown if not _opens(session, digest_key, one)),
    ]


def _opens(session: Session, digest_key: str, shown: dict[str, Any]) -> bool:
    digest = receipts.digest(digest_key, shown["receipt"])
    ticket = receipts.open_ticket(session, shown["number"], digest, clock.now())
    return ticket is not None and ticket.number == shown["number"]
