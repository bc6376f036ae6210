"""Pages: login, logout, own password."""

from fastapi import APIRouter, Request, Response

from desk import auth, passwords
from desk.gate import Access, AtDesk, SignInFirst, opens
from desk.pages import drop_cookie, go, own_path, render, set_cookie
from kit.errors import Invalid, TooMany

router = APIRouter()
NOT_RECOGNISED = "Tên đăng nhập hoặc mật khẩu chưa đúng."


@router.get("/login")
@opens(Access.ANYONE)
def show_login(request: Request, desk: AtDesk) -> Response:
    """The login form."""
    return render(request, None, "login.html", next=own_path(request.query_params.get("next", "")))


@router.post("/login")
@opens(Access.ANYONE)
def log_in(request: Request, desk: AtDesk) -> Response:
    """Open a session. A refusal is an answer, not an error: the counted failure must be committed."""
    username, target = desk.field("username"), own_path(desk.field("next"))
    address = request.client.host if request.client else ""
    key = desk.settings.digest_key.get_secret_value()
    try:
        token = auth.log_in(desk.session, key, username, str(desk.form.get("password", "")), address, desk.now)
    except TooMany as error:
        return render(request, None, "login.html", 429, error=error.message, username=username, next=target)
    if token is None:
        return render(request, None, "login.html", 401, error=NOT_RECOGNISED, username=username, next=target)
    response = go(target)
    set_cookie(response, desk, token)
    return response


@router.post("/logout")
@opens(Access.SIGNED_IN)
def log_out(desk: AtDesk) -> Response:
    """End the session here and in the browser."""
    if desk.signed_in is None:
        raise SignInFirst
    auth.log_out(desk.signed_in, desk.now)
    response = go("/desk/login", "logged_out")
    drop_cookie(response)
    return response


@router.get("/password")
@opens(Access.SIGNED_IN)
def show_password(request: Request, desk: AtDesk) -> Response:
    """The form for an own password."""
    return render(request, desk, "password.html", shortest=passwords.SHORTEST)


@router.post("/password")
@opens(Access.SIGNED_IN)
def change_password(request: Request, desk: AtDesk) -> Response:
    """Set an own password; every other session of this user ends."""
    if desk.signed_in is None:
        raise SignInFirst
    old, new, again = (str(desk.form.get(name, "")) for name in ("old", "new", "again"))
    try:
        token = auth.change_password(desk.session, desk.signed_in, old, new, again, desk.now)
    except Invalid as error:
        return render(request, desk, "password.html", error.status, error=error.message, shortest=passwords.SHORTEST)
    response = go("/desk", "password_changed")
    set_cookie(response, desk, token)
    return response
