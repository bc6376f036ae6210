"""Routes: say that two tickets belong together, split one in two."""

from fastapi import APIRouter, Request, Response

from backlog import links, queries
from backlog.policy import Permission
from desk import words
from desk.gate import AtDesk, opens
from desk.pages import go
from desk.view import ticket_page
from kit.errors import TiepDanError

router = APIRouter()


@router.post("/tickets/{number}/relate")
@opens(Permission.WORK_TICKETS)
def relate(request: Request, number: str, desk: AtDesk) -> Response:
    """Link a ticket to another one by its number."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        other = queries.get(desk.session, desk.staff, desk.field("other").upper())
        links.relate(desk.backlog, desk.actor, ticket, other)
    except TiepDanError as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message, relating=desk.form)
    return go(f"/desk/tickets/{number}", "related")


@router.post("/tickets/{number}/split")
@opens(Permission.WORK_TICKETS)
def split(request: Request, number: str, desk: AtDesk) -> Response:
    """Make a ticket of its own of another matter in the same story."""
    ticket = queries.get(desk.session, desk.staff, number)
    categories = [name for name in words.CATEGORIES if name in desk.fields("categories")]
    try:
        with desk.session.begin_nested():
            links.split(desk.backlog, desk.actor, ticket, desk.field("story"), categories)
    except TiepDanError as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message, splitting=desk.form)
    return go(f"/desk/tickets/{number}", "split")
