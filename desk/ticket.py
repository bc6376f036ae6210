"""Page: one ticket. Each handler reads the form, calls one function of the backlog, and shows the page again."""

from fastapi import APIRouter, Request, Response

from backlog import policy, queries, telling, tickets
from backlog.context import Change
from backlog.model import Staff, Ticket
from backlog.policy import Permission
from backlog.workflow import Transition
from desk import grounds, notices
from desk.gate import AtDesk, Desk, opens
from desk.pages import go
from desk.view import edges, ticket_page
from kit.errors import Invalid, TiepDanError

router = APIRouter()


@router.get("/tickets/{number}")
@opens(Permission.VIEW_TICKETS)
def show_ticket(request: Request, number: str, desk: AtDesk) -> Response:
    """Facts, thread, deadline, history, and the actions that are open to this person."""
    ticket = queries.get(desk.session, desk.staff, number)
    notices.read(desk, ticket)
    return ticket_page(request, desk, ticket)


@router.post("/tickets/{number}/actions/{action}")
@opens(Permission.WORK_TICKETS)
def take_action(request: Request, number: str, action: str, desk: AtDesk) -> Response:
    """Take one edge of the workflow; with `preview` only show what the citizen would read."""
    ticket = queries.get(desk.session, desk.staff, number)
    edge = next((edge for edge in edges(desk, ticket) if edge.action == action), None)
    if edge is None:
        return ticket_page(
            request, desk, ticket, 409, error="Việc này không còn làm được với phiếu. Xem lại trạng thái mới."
        )
    try:
        given = _change(desk, ticket, edge)
        if desk.field("preview") and edge.notice:
            said = telling.preview(desk.facts, ticket, edge.notice, given)
            return ticket_page(request, desk, ticket, preview=said.text, previewed=action, typed=desk.form)
        with desk.session.begin_nested():  # the refusal is shown on a page, so the request itself is committed
            tickets.change(desk.backlog, desk.actor, ticket, action, given)
    except TiepDanError as error:
        return ticket_page(
            request, desk, ticket, error.status, error=error.message, previewed=action, typed=desk.form
        )
    return go("/desk" if not _still_visible(desk, ticket) else f"/desk/tickets/{number}", "changed")


@router.post("/tickets/{number}/note")
@opens(Permission.NOTE)
def add_note(request: Request, number: str, desk: AtDesk) -> Response:
    """An internal note."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        tickets.note(desk.backlog, desk.staff, ticket, desk.field("text"))
    except Invalid as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message)
    return go(f"/desk/tickets/{number}", "noted")


def _change(desk: Desk, ticket: Ticket, edge: Transition) -> Change:
    texts = {name: desk.field(name) for name in ("text", "checked", "reason", "onward", "receiver", "unit")}
    texts["legal_ground"] = grounds.given(desk)
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
