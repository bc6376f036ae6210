"""Login, session and password: refusals first."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog.model import Staff, StaffSession
from desk import auth, passwords
from desk.gate import COOKIE
from desk.pages import own_path
from desk.passwords import WeakPassword
from desk.throttle import FREE_PER_USER, LONGEST_DELAY, delay
from kit import clock
from tests.unit.desk.conftest import PASSWORD

Add = Callable[..., Staff]
SignIn = Callable[[str], None]
NEW = "mùa sen nở trắng đồng"


def csrf(client: httpx.Client) -> str:
    page = client.get("/desk/password").text
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("username", "password"), [("hoa", "sai rồi"), ("khong-co", PASSWORD), ("", ""), ("h\0oa", "x")]
)
def test_wrong_name_and_wrong_password_get_the_same_answer(
    client: httpx.Client, add: Add, username: str, password: str
) -> None:
    add("hoa")
    answer = client.post("/desk/login", data={"username": username, "password": password})
    assert answer.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng." in answer.text
    assert COOKIE not in answer.cookies


def test_somebody_who_has_left_cannot_come_in(client: httpx.Client, add: Add, session: Session) -> None:
    add("hoa").active = False
    session.flush()
    assert client.post("/desk/login", data={"username": "hoa", "password": PASSWORD}).status_code == 401


def test_an_unknown_user_costs_a_password_check_too(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords._HASHER

    class Watching:
        def verify(self, known: str, password: str) -> bool:
            checked.append(known)
            return real.verify(known, password)

    monkeypatch.setattr(passwords, "_HASHER", Watching())
    assert not passwords.verify(None, PASSWORD)
    assert len(checked) == 1


def test_after_some_failures_even_the_right_password_has_to_wait(client: httpx.Client, add: Add) -> None:
    add("hoa")
    for _ in range(FREE_PER_USER):
        assert client.post("/desk/login", data={"username": "hoa", "password": "sai"}).status_code == 401
    answer = client.post("/desk/login", data={"username": "HOA ", "password": PASSWORD})
    assert answer.status_code == 429
    assert "giây" in answer.text


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (2, 0), (3, 2), (4, 4), (5, 8), (11, 512), (12, 900), (999, 900)]
)
def test_the_delay_grows_and_ends_growing(failures: int, seconds: int) -> None:
    assert delay(failures, FREE_PER_USER) == timedelta(seconds=seconds)
    assert delay(failures, FREE_PER_USER) <= LONGEST_DELAY


def test_the_cookie_is_for_the_desk_only_and_the_database_holds_no_token(
    client: httpx.Client, add: Add, session: Session
) -> None:
    add("hoa")
    answer = client.post("/desk/login", data={"username": "hoa", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/desk" in cookie
    stored = session.scalars(select(StaffSession.token_digest)).all()
    assert client.cookies[COOKIE] not in stored


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_the_sessions_token_is_refused(
    client: httpx.Client, add: Add, sign_in: SignIn, token: str | None
) -> None:
    add("hoa")
    sign_in("hoa")
    data = {} if token is None else {"csrf": token}
    assert client.post("/desk/logout", data=data).status_code == 403
    assert client.get("/desk/password").status_code == 200


def test_a_form_from_another_site_is_refused(client: httpx.Client, add: Add, sign_in: SignIn) -> None:
    add("hoa")
    sign_in("hoa")
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/desk/logout", data={"csrf": csrf(client)}, headers=headers).status_code == 403


def test_a_one_time_password_opens_nothing_but_its_own_change(
    client: httpx.Client, add: Add, sign_in: SignIn
) -> None:
    add("hoa", own=False)
    sign_in("hoa")
    assert client.get("/desk").headers["location"] == "/desk/password"
    data = {"csrf": csrf(client), "old": PASSWORD, "new": NEW, "again": NEW}
    assert client.post("/desk/password", data=data).headers["location"] == "/desk?done=password_changed"
    page = client.get("/desk?done=password_changed")
    assert page.status_code == 200
    assert "Đã đổi mật khẩu." in page.text


@pytest.mark.parametrize(
    ("new", "again"),
    [("ngắn", "ngắn"), (NEW, NEW + "x"), (PASSWORD, PASSWORD), ("hoa" + NEW, "hoa" + NEW), ("a" * 20, "a" * 20)],
)
def test_weak_passwords_are_refused(new: str, again: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.check_new("hoa", PASSWORD, new, again)


def test_a_new_password_ends_all_other_sessions(
    client: httpx.Client, add: Add, sign_in: SignIn, session: Session
) -> None:
    add("hoa")
    sign_in("hoa")
    elsewhere = client.cookies[COOKIE]
    sign_in("hoa")
    client.post("/desk/password", data={"csrf": csrf(client), "old": PASSWORD, "new": NEW, "again": NEW})
    assert auth.find(session, elsewhere, clock.now()) is None
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(
    ("seen", "created", "lives"),
    [(29, 29, True), (31, 31, False), (1, 479, True), (1, 481, False)],
    ids=["29 minutes idle", "31 minutes idle", "just under 8 hours", "over 8 hours"],
)
def test_sessions_end_by_themselves(
    session: Session, add: Add, client: httpx.Client, sign_in: SignIn, seen: int, created: int, lives: bool
) -> None:
    add("hoa")
    sign_in("hoa")
    row = session.scalars(select(StaffSession)).one()
    now = clock.now()
    row.last_seen_at, row.created_at = now - timedelta(minutes=seen), now - timedelta(minutes=created)
    session.flush()
    assert (auth.find(session, client.cookies[COOKIE], now) is not None) is lives


def test_after_logout_the_old_cookie_opens_nothing(client: httpx.Client, add: Add, sign_in: SignIn) -> None:
    add("hoa")
    sign_in("hoa")
    token = client.cookies[COOKIE]
    assert client.post("/desk/logout", data={"csrf": csrf(client)}).status_code == 303
    client.cookies.set(COOKIE, token, path="/desk")
    assert client.get("/desk").headers["location"] == "/desk/login"


@pytest.mark.parametrize(
    "target", ["https://example.com", "//example.com", "/desk//example.com\\", "/", "/deskx", "/desk\n"]
)
def test_login_leads_nowhere_else(target: str) -> None:
    assert own_path(target) == "/desk"
    assert own_path("/desk/tickets/PA-2026-000001-0") == "/desk/tickets/PA-2026-000001-0"
