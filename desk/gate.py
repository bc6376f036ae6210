"""The one door of the desk: closed unless a page says who may enter.

Every route names its access with `@opens(...)`. A route that names none refuses everybody, and
tests/unit/desk/test_routes_closed.py fails on it. Order of checks: signed in (401, to the login page), the form's
CSRF token (403), one-time password still in use (to the password page), permission (403). Whether a *ticket* may be
seen is a later question, answered by backlog.queries with 404.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from backlog import context, policy
from backlog.model import Staff
from backlog.policy import Permission
from catalogue.load import Facts
from desk import auth, words
from desk.auth import SignedIn
from kit import clock
from kit.crypto import Sealer
from kit.db import session_scope
from kit.errors import Forbidden, TiepDanError
from kit.settings import Settings

COOKIE = "tiepdan_desk"
Handler = TypeVar("Handler", bound=Callable[..., Any])


class Access(Enum):
    """Who may enter where no permission of the backlog is meant."""

    ANYONE = auto()
    """The login page only."""
    SIGNED_IN = auto()
    """Also before a one-time password has been changed."""


class SignInFirst(TiepDanError):
    """Phiên làm việc đã hết. Anh/chị đăng nhập lại; nội dung vừa gửi chưa được lưu."""

    status = 401


class ChangePasswordFirst(TiepDanError):
    """Anh/chị đặt mật khẩu riêng rồi mới làm việc tiếp."""

    status = 403


class ForeignForm(Forbidden):
    """Trang đã cũ nên việc vừa gửi chưa được nhận. Anh/chị tải lại trang rồi làm lại."""


@dataclass(frozen=True)
class Desk:
    """What a page handler works with. `signed_in` is None on the login page only."""

    session: Session
    settings: Settings
    facts: Facts
    sealer: Sealer
    now: datetime
    form: FormData
    signed_in: SignedIn | None

    @property
    def staff(self) -> Staff:
        """The person at the desk. Raises SignInFirst where nobody is signed in."""
        if self.signed_in is None:
            raise SignInFirst
        return self.signed_in.staff

    @property
    def csrf(self) -> str:
        """The token for this page's forms."""
        return self.signed_in.csrf if self.signed_in else ""

    @property
    def backlog(self) -> context.Desk:
        """What the functions of the backlog work with."""
        return context.Desk(self.session, self.facts, self.sealer, self.now)

    @property
    def actor(self) -> context.Actor:
        """The person at the desk as whoever changes a ticket. Raises SignInFirst where nobody is signed in."""
        return context.staff_actor(self.staff)

    def may(self, permission: Permission) -> bool:
        """Whether the person's role allows this at all."""
        return self.signed_in is not None and policy.has(self.staff, permission)

    @property
    def role_words(self) -> str:
        """The person's role and unit as people say them."""
        return words.role_and_unit(self.staff, self.facts, self.now.date())

    def field(self, name: str) -> str:
        """A text field of the form, without white space around it; empty when missing."""
        return _clean(self.form.get(name, ""))

    def fields(self, name: str) -> list[str]:
        """Every field of the form with this name, each as `field` gives it."""
        return [_clean(value) for value in self.form.getlist(name)]


def _clean(value: object) -> str:
    return value.replace("\0", "").strip() if isinstance(value, str) else ""  # PostgreSQL stores no NUL


def opens(access: Access | Permission) -> Callable[[Handler], Handler]:
    """Declares who may enter a route."""

    def mark(handler: Handler) -> Handler:
        handler.desk_access = access  # type: ignore[attr-defined]  # a function may carry attributes
        return handler

    return mark


def access_of(endpoint: object) -> Access | Permission | None:
    """What `opens` declared for a handler; None when nothing was."""
    return getattr(endpoint, "desk_access", None)


def open_session(request: Request) -> Iterator[Session]:
    """The transaction of this request; committed before the answer leaves (the redirect must find what was done)."""
    with session_scope(request.app.state.services.engine) as session:
        yield session


async def read_form(request: Request) -> FormData:
    """The posted form; empty for other methods."""
    return await request.form() if request.method == "POST" else FormData()


def enter(
    request: Request,
    session: Annotated[Session, Depends(open_session, scope="function")],
    form: Annotated[FormData, Depends(read_form)],
) -> Desk:
    """Let the request in, or raise what sends it away."""
    services, now = request.app.state.services, clock.now()
    access = access_of(request.scope["endpoint"])
    if access is None:
        raise Forbidden
    if request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ForeignForm
    token = request.cookies.get(COOKIE, "")
    signed_in = auth.find(session, token, now) if token else None
    if access is not Access.ANYONE:
        _check(request, form, access, signed_in)
    return Desk(session, services.settings, services.facts, services.sealer, now, form, signed_in)


def _check(request: Request, form: FormData, access: Access | Permission, signed_in: SignedIn | None) -> None:
    if signed_in is None:
        raise SignInFirst
    if request.method == "POST" and not signed_in.accepts(str(form.get("csrf", ""))):
        raise ForeignForm
    if access is Access.SIGNED_IN:
        return
    if signed_in.staff.must_change_password:
        raise ChangePasswordFirst
    if isinstance(access, Permission) and not policy.has(signed_in.staff, access):
        raise Forbidden


AtDesk = Annotated[Desk, Depends(enter, scope="function")]
