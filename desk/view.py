"""The page of one ticket: what it shows, whichever handler has something to say on it."""

from typing import Any

from fastapi import Request, Response

from backlog import evidence, policy, queries, ratings, workflow
from backlog.model import AuditRow, Ticket
from backlog.policy import Permission
from backlog.workflow import Transition
from desk import files, grounds, neighbours, sealed
from desk.gate import Desk
from desk.pages import render


def ticket_page(request: Request, desk: Desk, ticket: Ticket, status: int = 200, **more: Any) -> Response:
    """Facts, files, thread, deadline, history, and what is open to this person; `more` adds to the template."""
    values: dict[str, Any] = {
        "ticket": ticket,
        "facts": desk.facts,
        "now": desk.now,
        "unit": desk.facts.agencies.get(ticket.unit_key),
        "thread": queries.messages(desk.session, ticket),
        "history": _history(desk, ticket),
        "names": {str(key): name for key, name in queries.staff_names(desk.session).items()},
        "rating": ratings.of(desk.session, ticket),
        "may_note": policy.has(desk.staff, Permission.NOTE),
        "box": sealed.box(desk, ticket),
    }
    return render(
        request,
        desk,
        "ticket.html",
        status,
        **{**values, **_files(desk, ticket), **_actions(desk, ticket), **_neighbours(desk, ticket), **more},
    )


def edges(desk: Desk, ticket: Ticket) -> list[Transition]:
    """The actions that are open to this person."""
    return workflow.open_to(ticket.state, desk.staff.role) if policy.has(desk.staff, Permission.WORK_TICKETS) else []


def _history(desk: Desk, ticket: Ticket) -> list[tuple[AuditRow, dict[str, str]]]:
    """Why an identity is wanted is for those who may open it: the reason may say who it is."""
    trusted = policy.has(desk.staff, Permission.APPROVE_IDENTITY)
    return [
        (row, texts if trusted or "identity" not in row.action else {})
        for row, texts in queries.history(desk.session, ticket)
    ]


def _files(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    return {
        "files": evidence.of_ticket(desk.session, ticket),
        "kind_of": evidence.kind_of,
        "is_image": files.is_image,
    }


def _actions(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    open_edges = edges(desk, ticket)
    return {
        "edges": open_edges,
        "may_merge": any(edge.action == "merge" for edge in open_edges),
        "colleagues": queries.assignable(desk.session, ticket),
        "units": sorted(desk.facts.agencies, key=lambda agency: agency.name),
        "grounds": grounds.offered(desk),
    }


def _neighbours(desk: Desk, ticket: Ticket) -> dict[str, Any]:
    may_tie, around = neighbours.may_tie(desk), neighbours.around(desk, ticket)
    return {
        "around": around,
        "alike": neighbours.alike(desk, ticket, around),
        "may_tie": may_tie,
        "may_split": may_tie and workflow.State(ticket.state).is_open,
    }
