"""Rendering: templates with what every page needs, redirects, cookies."""

import re
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from backlog.policy import Permission
from desk import notices, words
from desk.gate import COOKIE, Desk

HERE = Path(__file__).parent
templates = Jinja2Templates(directory=HERE / "templates")
templates.env.filters.update(moment=words.moment, day=words.day, size=words.size)
_OWN_PATH = re.compile(r"/desk(/[\w/-]*)?(\?[\w=&%.-]*)?")


def render(request: Request, desk: Desk | None, name: str, status: int = 200, **values: Any) -> Response:
    """A page. `done` in the query string names a sentence of words.DONE; anything else is ignored."""
    at_work = desk and desk.may(Permission.VIEW_TICKETS) and not desk.staff.must_change_password
    context = {
        "desk": desk if desk and desk.signed_in else None,
        "at_work": at_work,
        "waiting": notices.waiting(desk) if desk and at_work else [],
        "agency_name": request.app.state.services.settings.agency_name,
        "done": words.DONE.get(request.query_params.get("done", "")) if request.method == "GET" else None,
        "words": words,
        **values,
    }
    return templates.TemplateResponse(request, name, context, status_code=status)


def go(path: str, done: str = "") -> RedirectResponse:
    """See other: a reload of the next page repeats nothing."""
    return RedirectResponse(f"{path}?done={done}" if done else path, status_code=303)


def own_path(path: str) -> str:
    """`path` when it is a page of the desk, else the front page: a login link must not lead elsewhere."""
    return path if _OWN_PATH.fullmatch(path) else "/desk"


def set_cookie(response: Response, desk: Desk, token: str) -> None:
    """Give the browser its session: no script reads it, no other site sends it, it ends with the browser."""
    secure = desk.settings.address.startswith("https://")
    response.set_cookie(COOKIE, token, path="/desk", httponly=True, samesite="strict", secure=secure)


def drop_cookie(response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(COOKIE, path="/desk", httponly=True, samesite="strict")
