"""The desk as an application of its own over a session that is rolled back."""

import warnings
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

import desk.app
from backlog import staff as backlog_staff
from backlog.model import Staff
from catalogue.load import Facts
from desk import gate, passwords
from kit.crypto import Sealer
from kit.errors import TiepDanError
from kit.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2; the one it has works
    from fastapi.testclient import TestClient

PASSWORD = "con sông Hậu mùa nước nổi"
SECRET = "for-tests-only-" + "x" * 32


@pytest.fixture
def app(session: Session, facts: Facts, sealer: Sealer) -> FastAPI:
    """The desk, mounted as the real application mounts it, on the test's own transaction."""
    settings = Settings(
        _env_file=None,
        gateway_secret=SECRET,
        actions_secret=SECRET,
        choice_key=SECRET,
        digest_key=SECRET,
        seal_keys=[SECRET],
        public_url="",
    )
    app = FastAPI()
    app.state.services = SimpleNamespace(settings=settings, facts=facts, sealer=sealer, engine=None)
    desk.app.install(app)
    app.add_exception_handler(TiepDanError, desk.app.error_page)  # type: ignore[arg-type]  # as tiepdan.app does
    app.dependency_overrides[gate.open_session] = lambda: session
    return app


@pytest.fixture
def client(app: FastAPI) -> httpx.Client:
    """A browser that follows no redirect by itself."""
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def add(session: Session) -> Callable[..., Staff]:
    """Adds a member of staff, by default one whose password is their own already."""

    def make(username: str = "hoa", role: str = "coordinator", unit: str | None = None, own: bool = True) -> Staff:
        hashed = passwords.hash_password(PASSWORD)
        member = backlog_staff.add_staff(session, username, "Nguyễn Thị Hoa", role, unit, hashed)
        member.must_change_password = not own
        session.flush()
        return member

    return make


@pytest.fixture
def sign_in(client: httpx.Client) -> Callable[[str], None]:
    """Signs in at the login page."""

    def go(username: str) -> None:
        answer = client.post("/desk/login", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    return go


@pytest.fixture
def send(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Posts a form of the person who is signed in, with the token that its page would carry."""

    def go(path: str, **data: str | list[str]) -> httpx.Response:
        csrf = client.get("/desk/password").text.split('name="csrf" value="')[1].split('"')[0]
        return client.post(f"/desk/{path}", data={"csrf": csrf, **data})

    return go
