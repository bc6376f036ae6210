"""Routes: ask to open a sealed identity, agree or refuse as the second person, open it."""

from fastapi import APIRouter, Request, Response

from backlog import identity, queries
from backlog.model import IdentityRequest, Ticket
from backlog.policy import Permission
from desk.gate import AtDesk, Desk, opens
from desk.pages import go
from desk.view import ticket_page
from kit.errors import Invalid, NotFound, TiepDanError

router = APIRouter()


@router.post("/tickets/{number}/identity")
@opens(Permission.OPEN_IDENTITY)
def open_identity(request: Request, number: str, desk: AtDesk) -> Response:
    """Show who filed it, once, for a reason that stays in the audit trail."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        with desk.session.begin_nested():  # a seal that cannot be opened must not use up the second person's word
            contact = identity.open_identity(desk.backlog, desk.staff, ticket, desk.field("reason"))
    except TiepDanError as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message)
    return ticket_page(request, desk, ticket, contact=contact)


@router.post("/tickets/{number}/identity/requests")
@opens(Permission.OPEN_IDENTITY)
def ask(request: Request, number: str, desk: AtDesk) -> Response:
    """Ask a second person to agree."""
    ticket = queries.get(desk.session, desk.staff, number)
    try:
        identity.ask_to_open(desk.backlog, desk.staff, ticket, desk.field("reason"))
    except TiepDanError as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message)
    return go(f"/desk/tickets/{number}", "asked")


@router.post("/tickets/{number}/identity/requests/{request_id}")
@opens(Permission.APPROVE_IDENTITY)
def decide(request: Request, number: str, request_id: str, desk: AtDesk) -> Response:
    """Agree or refuse as the second person."""
    ticket = queries.get(desk.session, desk.staff, number)
    asked = _request(desk, ticket, request_id)
    answer = desk.field("answer")
    try:
        if answer not in ("allow", "refuse"):
            raise Invalid("Anh/chị chọn đồng ý hoặc không đồng ý.")
        identity.decide(desk.backlog, desk.staff, ticket, asked, granted=answer == "allow")
    except TiepDanError as error:
        return ticket_page(request, desk, ticket, error.status, error=error.message)
    return go(f"/desk/tickets/{number}", "allowed" if answer == "allow" else "refused")


def _request(desk: Desk, ticket: Ticket, request_id: str) -> IdentityRequest:
    found = next((one for one in identity.requests(desk.session, ticket) if str(one.id) == request_id), None)
    if found is None:
        raise NotFound("Không tìm thấy yêu cầu này trong phiếu.")
    return found
