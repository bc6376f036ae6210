"""What the page of a ticket shows of the tickets around it: those it belongs with, and those it resembles."""

from dataclasses import dataclass

from backlog import links, policy, queries
from backlog.model import Ticket
from backlog.policy import Permission
from backlog.workflow import LEADS
from desk import words
from desk.gate import Desk


@dataclass(frozen=True)
class Neighbour:
    """Another ticket and how it belongs here; `ticket` is None for one that this person may not see."""

    how: str
    ticket: Ticket | None


def around(desk: Desk, ticket: Ticket) -> list[Neighbour]:
    """The tickets that were merged with this one, then those linked to it."""
    found = [(other, "đã gộp vào phiếu này") for other in queries.merged_into(desk.session, ticket)]
    if ticket.merged_into and (target := queries.by_id(desk.session, ticket.merged_into)):
        found.append((target, "phiếu này đã gộp vào đó"))
    found += [(other, words.LINKS[kind]) for other, kind in links.linked(desk.session, ticket)]
    return [Neighbour(how, other if _seen(desk, other) else None) for other, how in found]


def alike(desk: Desk, ticket: Ticket, known: list[Neighbour]) -> list[links.Alike]:
    """Tickets that may tell the same story, without those that are known to belong here."""
    here = {one.ticket.id for one in known if one.ticket}
    return [one for one in links.suggestions(desk.backlog, desk.actor, ticket) if one.ticket.id not in here]


def may_tie(desk: Desk) -> bool:
    """Whether this person may link and split tickets."""
    return desk.staff.role in LEADS


def _seen(desk: Desk, ticket: Ticket) -> bool:
    return policy.can(desk.session, desk.staff, Permission.VIEW_TICKETS, ticket)
