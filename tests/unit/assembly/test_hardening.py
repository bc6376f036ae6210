"""What every answer of the application carries, and what it does not read at all."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from actions.context import ActionContext
from assembly import hardening
from assembly.app import create_app
from assembly.bootstrap import Services
from bot.context import BotContext
from bot.rasa import RasaClient
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.unit.assembly.support import SECRET, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2; the one it has works
    from fastapi.testclient import TestClient

PDF = b"%PDF-1.4\n"
ID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def client(engine: Engine, facts: Facts, sealer: Sealer) -> Iterator[httpx.Client]:
    """A citizen's browser before the whole application, without Rasa. Nothing that is sent here is stored."""
    with browser(engine, facts, sealer) as one:
        yield one


@pytest.fixture
def heard(lasting: Engine, facts: Facts, sealer: Sealer) -> Iterator[httpx.Client]:
    """The same, where what is sent may be stored."""
    with browser(lasting, facts, sealer) as one:
        yield one


@contextmanager
def browser(engine: Engine, facts: Facts, sealer: Sealer) -> Iterator[httpx.Client]:
    own, rasa = settings(Path("var")), RasaClient("http://127.0.0.1:9", SECRET)
    bot = BotContext(own, engine, sealer, rasa, {})
    app = create_app(Services(own, engine, sealer, facts, bot, ActionContext(own, engine, sealer, facts)))
    client = TestClient(app, follow_redirects=False)
    client.post("/chat/session").raise_for_status()
    yield client
    rasa.close()


def message(length: int) -> bytes:
    """A message of a citizen, as long a body as asked for."""
    start, end = f'{{"id": "{ID}", "text": "xin chào", "title": "'.encode(), b'"}'
    return start + b"a" * (length - len(start) - len(end)) + end


def send(client: httpx.Client, path: str, body: bytes, **headers: str) -> httpx.Response:
    return client.post(path, content=body, headers={"Content-Type": "application/json", **headers})


def test_a_body_that_is_too_large_is_refused_in_words(client: httpx.Client) -> None:
    refused = send(client, "/chat/messages", message(hardening.LARGEST + 1))
    assert refused.status_code == 413
    assert refused.json() == {"error": "Nội dung gửi lớn quá. Anh/chị chia nhỏ rồi gửi lại giúp."}
    assert send(client, "/chat/messages", message(hardening.LARGEST)).status_code == 422, "it was read"


def test_a_message_of_an_ordinary_length_goes_through(heard: httpx.Client) -> None:
    assert send(heard, "/chat/messages", f'{{"id": "{ID}", "text": "xin chào"}}'.encode()).status_code == 202


def test_only_files_may_be_larger(heard: httpx.Client) -> None:
    large = PDF + b"0" * (2 * hardening.LARGEST)
    answer = heard.post("/chat/files", data={"id": ID}, files={"files": ("giay.pdf", large)})
    assert answer.status_code == 202, answer.text
    assert heard.post("/chat/messages", files={"files": ("giay.pdf", large)}).status_code == 413


def test_even_files_have_an_end(client: httpx.Client) -> None:
    said = {"Content-Length": str(hardening.LARGEST_OF_FILES + 1)}
    assert send(client, "/chat/files", b"", **said).status_code == 413


@pytest.mark.parametrize("path", ["/chat/messages", "/chat/files", "/desk/login"])
def test_a_body_of_unknown_length_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.post(path, content=iter([b"a" * 10, b"b" * 10]))
    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.status_code == 411
    assert "Anh/chị tải lại trang" in answer.json()["error"]


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "many", ""])
def test_a_length_that_is_no_number_is_refused(client: httpx.Client, length: str) -> None:
    raw = {b"Content-Length": length.encode("latin-1")}
    assert client.post("/chat/messages", content=b"{}", headers=raw).status_code == 413


@pytest.mark.parametrize("path", ["/", "/desk/login", "/healthz", "/nowhere"])
def test_every_answer_carries_the_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in hardening.HEADERS} == hardening.HEADERS
    assert headers["cache-control"] == "no-store"


def test_a_refusal_carries_the_headers_too_and_is_counted(client: httpx.Client) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("tiepdan_http_requests_total", {"method": "POST", "status": "413"}) or 0

    before = counted()
    headers = send(client, "/chat/messages", message(hardening.LARGEST + 1)).headers
    assert {name: headers.get(name) for name in hardening.HEADERS} == hardening.HEADERS
    assert counted() == before + 1
