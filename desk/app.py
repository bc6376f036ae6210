"""Mounts the desk under /desk. Closed by default: see desk.gate."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from desk import figures, files, identity, links, login, queue, ticket
from desk.gate import Access, ChangePasswordFirst, Desk, SignInFirst, enter, opens
from desk.pages import HERE, go, render
from kit.errors import NotFound, TiepDanError

_HEADINGS = {
    401: "Cần đăng nhập",
    403: "Không được phép",
    404: "Không tìm thấy",
    409: "Chưa làm được",
    422: "Chưa đúng",
    429: "Xin chờ một chút",
}


def install(app: FastAPI) -> None:
    """Add the desk's pages and static files to the application.

    Needs `app.state.services` with engine, settings, facts and sealer, and a handler that gives every TiepDanError
    under /desk to `error_page`.
    """
    app.mount("/desk/static", StaticFiles(directory=HERE / "static"), name="desk_static")
    door = [Depends(enter, scope="function")]
    for router in ROUTERS:
        app.include_router(router, prefix="/desk", dependencies=door)


def error_page(request: Request, error: TiepDanError) -> Response:
    """What a person sees instead of the page: the error's own sentence, or the way to the login page."""
    if isinstance(error, ChangePasswordFirst):
        return go("/desk/password")
    if isinstance(error, SignInFirst) and request.method == "GET":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return go(f"/desk/login?next={quote(asked)}" if asked != "/desk" else "/desk/login")
    heading = _HEADINGS.get(error.status, "Có lỗi xảy ra")
    return render(request, None, "error.html", error.status, heading=heading, sentence=error.message)


_last = APIRouter()


@_last.get("/{rest:path}")
@opens(Access.SIGNED_IN)
def nothing_here(rest: str, desk: Annotated[Desk, Depends(enter, scope="function")]) -> Response:
    """Any other address under /desk: a readable 404, and only for those who are signed in."""
    raise NotFound("Không có trang này. Có thể liên kết đã cũ.")


_PAGES = (login, queue, ticket, identity, files, links, figures)
ROUTERS = (*(page.router for page in _PAGES), _last)
"""Every route of the desk, in the order in which addresses are looked up."""
