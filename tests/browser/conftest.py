"""Chromium for the page tests, at a phone's and a desk's size, and a helper that keeps screenshots."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.fake_chat import FakeChat, build_app, serve

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"phone": (390, 844), "desk": (1280, 800), "small": (320, 568)}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all page tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a browser context of a named size that may reach this machine only; faults on the page fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(size: str = "phone", **options: object) -> BrowserContext:
        width, height = SIZES[size]
        options = {"locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh", **options}
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]  # options are Playwright's own
        context.set_default_timeout(8000)
        context.on("request", lambda request: _note_foreign(request.url, faults))
        context.on("weberror", lambda error: faults.append(f"script error: {error.error}"))
        context.on("console", lambda message: _note_console(message.text, faults))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not faults, faults


def _note_foreign(url: str, faults: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        faults.append(f"a third-party address was asked: {url}")


def _note_console(text: str, faults: list[str]) -> None:
    if "Content Security Policy" in text or "Content-Security-Policy" in text:
        faults.append(text)


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot under var/screenshots/ for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take


@pytest.fixture
def chat() -> FakeChat:
    """The conversation of the fake chat server."""
    return FakeChat()


@pytest.fixture
def chat_address(chat: FakeChat) -> Iterator[str]:
    """Address of a running fake chat server."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    with serve(build_app(chat), port) as address:
        yield address


@pytest.fixture
def open_chat(new_context: Callable[..., BrowserContext], chat_address: str) -> Open:
    """Opens the chat page in a fresh browser of a named size."""

    def go(size: str = "phone", **options: object) -> Page:
        page = new_context(size, **options).new_page()
        page.goto(chat_address)
        return page

    return go
