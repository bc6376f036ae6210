"""Page: one ticket. Each handler reads the form, calls one function of the backlog, and shows the page again."""

from typing import Any

from fastapi import APIRouter, Request, Response

from backlog import identity, policy, queries, tickets, workflow
from backlog.model import Staff, Ticket
from backlog.policy import Permission
from backlog.tickets import Change
from backlog.workflow import Transition
from desk.gate import AtDesk, Desk, opens
from desk.pages import go, render
from kit.errors import Invalid, TiepDanError

router = APIRouter()


@router.get("/tickets/{number}")
@opens(Permission.VIEW_TICKETS)
def show_ticket(request: Request, number: str, desk: AtDesk) -> Response:
    """Facts, thread, deadline, history, and the actions that are open to this person."""
    return _page(request, desk, queries.get(desk.session, desk.staff, number))


@router.post("/tickets/{number}/actions/{action}")
@opens(Permission.WORK_TICKETS)
def take_action(request: Request, number: str, action: str, desk: AtDesk) -> Response:
    """Take one edge of the workflow; with `preview` only show what the citizen would read."""
    ticket = queries.get(desk.session, desk.staff, number)
    edge = next((edge for edge in workflow.open_to(ticket.state, desk.staff.role) if edge.action == action), None)
    if edge is None:
        return _page(
            request, desk, ticket, 409, error="Việc này không còn làm được với phiếu. Xem lại trạng thái mới."
        )
    try:
        given = _change(desk, ticket, edge)
        if desk.field("preview") and edge.notice:
            said = tickets.preview(desk.facts, ticket, edge.notice, given)
            return _page(request, desk, ticket, preview=said.text, previewed=action, typed=dict(desk.form))
        with desk.session.begin_nested():  # the refusal is shown on a page, so the request itself is committed
            tickets.change(_backlog_desk(desk), tickets.staff_actor(desk.staff), ticket, action, given)
    except TiepDanError as error:
        return _page(
            request, desk, ticket, error.status, error=error.message, previewed=action, typed=dict(desk.form)
        )
    return go("/desk" if not _still_visible(desk, ticket) else f"/desk/tickets/{number}", "changed")


@router.post("/tickets/{number}/note")
@opens(Permission.NOTE)
def add_note(request: Request, number: str, desk: AtDesk) -> Response:
    """An internal note."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        tickets.note(_backlog_desk(desk), desk.staff, ticket, desk.field("text"))
    except Invalid as error:
        return _page(request, desk, ticket, error.status, error=error.message)
    return go(f"/desk/tickets/{number}", "noted")


@router.post("/tickets/{number}/identity")
@opens(Permission.OPEN_IDENTITY)
def open_identity(request: Request, number: str, desk: AtDesk) -> Response:
    """Show who filed it, once, for a reason that stays in the audit trail."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        contact = identity.open_identity(
            desk.session, desk.sealer, desk.staff, ticket, desk.field("reason"), desk.now
        )
    except TiepDanError as error:
        return _page(request, desk, ticket, error.status, error=error.message)
    return _page(request, desk, ticket, contact=contact)


def _page(request: Request, desk: Desk, ticket: Ticket, status: int = 200, **more: Any) -> Response:
    names = {str(key): name for key, name in queries.staff_names(desk.session).items()}
    return render(
        request,
        desk,
        "ticket.html",
        status,
        **{
            "ticket": ticket,
            "facts": desk.facts,
            "now": desk.now,
            "unit": desk.facts.agencies.get(ticket.unit_key),
            "thread": queries.messages(desk.session, ticket),
            "history": queries.history(desk.session, ticket),
            "names": names,
            "edges": _edges(desk, ticket),
            "colleagues": queries.assignable(desk.session, ticket),
            "units": sorted(desk.facts.agencies, key=lambda agency: agency.name),
            "may_note": policy.has(desk.staff, Permission.NOTE),
            "may_open_identity": policy.has(desk.staff, Permission.OPEN_IDENTITY),
            "has_identity": identity.has_identity(desk.session, ticket),
            **more,
        },
    )


def _edges(desk: Desk, ticket: Ticket) -> list[Transition]:
    return workflow.open_to(ticket.state, desk.staff.role) if policy.has(desk.staff, Permission.WORK_TICKETS) else []


def _change(desk: Desk, ticket: Ticket, edge: Transition) -> Change:
    texts = {name: desk.field(name) for name in ("text", "reason", "legal_ground", "onward", "receiver", "unit")}
    wanted = {name: value for name, value in texts.items() if name in edge.requires}
    return Change(**wanted, assignee=_assignee(desk, ticket, edge), target=_target(desk, edge))


def _assignee(desk: Desk, ticket: Ticket, edge: Transition) -> Staff | None:
    if "assignee" not in edge.requires or not desk.field("assignee"):
        return None
    colleagues = queries.assignable(desk.session, ticket)
    return next((staff for staff in colleagues if str(staff.id) == desk.field("assignee")), None)


def _target(desk: Desk, edge: Transition) -> Ticket | None:
    if "target" not in edge.requires or not desk.field("target"):
        return None
    return queries.get(desk.session, desk.staff, desk.field("target").upper())


def _still_visible(desk: Desk, ticket: Ticket) -> bool:
    return policy.can(desk.session, desk.staff, Permission.VIEW_TICKETS, ticket)


def _backlog_desk(desk: Desk) -> tickets.Desk:
    return tickets.Desk(desk.session, desk.facts, desk.sealer, desk.now)
