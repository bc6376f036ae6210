"""What waits for the person at the desk: the notices that the backlog has put there and nobody has read."""

from dataclasses import dataclass
from datetime import datetime

from backlog import escalation
from backlog.model import Ticket
from desk import words
from desk.gate import Desk


@dataclass(frozen=True)
class Waiting:
    """One ticket that wants an eye, why, and since when."""

    number: str
    why: str
    at: datetime


def waiting(desk: Desk) -> list[Waiting]:
    """What waits, newest first. Of several warnings about one ticket's deadline only the last is still news."""
    latest: dict[tuple[str, str], Waiting] = {}
    for notice, ticket in escalation.unread(desk.session, desk.staff):
        latest.setdefault((ticket.number, notice.kind), Waiting(ticket.number, words.notice(notice), notice.at))
    return list(latest.values())


def read(desk: Desk, ticket: Ticket) -> None:
    """Whoever has opened a ticket has read what was said about it."""
    escalation.mark_read(desk.session, desk.staff, ticket.id, desk.now)
