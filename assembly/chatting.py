"""`tiepdan chat`: the web chat in a terminal, by the same HTTP routes that a browser uses."""

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from assembly.asking import Asker
from assembly.bootstrap import build
from assembly.console import out, say
from assembly.instance import instance
from assembly.stack import local_url
from assembly.trying import describe
from kit.errors import TiepDanError, Unavailable
from kit.settings import Settings

_REPLY_SECONDS = 40
_GREETING = "Gõ câu hỏi hoặc chuyện cần phản ánh. /hieu: xem bot hiểu tin vừa gửi ra sao. /thoat hoặc Ctrl-D: thôi."


class Refused(TiepDanError):
    """Tin chưa gửi được."""


def chat() -> None:
    """Talk until the end of input. What is filed here is filed for real, as on the web page."""
    with instance("everything") as settings, Browser(local_url(settings)) as browser:
        say(_GREETING)
        _talk(browser, settings)


def _talk(browser: "Browser", settings: Settings) -> None:
    last = ""
    while True:
        try:
            text = input("> ").strip()
        except EOFError:
            return
        if text in ("/thoat", "/exit", "/quit"):
            return
        if text in ("/hieu", "/hiểu"):
            _explain(settings, last)
        elif text:
            last = text
            _send(browser, text)


def _send(browser: "Browser", text: str) -> None:
    try:
        browser.say(text)
    except TiepDanError as error:
        say(error.message)


def _explain(settings: Settings, text: str) -> None:
    if not text:
        say("Chưa có tin nào để xem.")
        return
    services = build(settings)
    try:
        out.print(describe(Asker(services).parse(text)), soft_wrap=True)
    finally:
        services.close()


class Browser:
    """One web session: posts messages, and shows everything that comes back as it comes, staff answers too."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=httpx.Timeout(10, read=60), trust_env=False)
        self._answered = threading.Event()
        self._closing = False

    def __enter__(self) -> "Browser":
        self._http.post("/chat/session").raise_for_status()
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._http.close()

    def say(self, text: str) -> None:
        """Send a message and wait for the reply. Raises Refused with the app's own sentence, or Unavailable."""
        self._answered.clear()
        response = self._http.post("/chat/messages", json={"id": str(uuid.uuid4()), "text": text})
        if response.is_client_error:
            raise Refused(response.json().get("error"))
        response.raise_for_status()
        if not self._answered.wait(_REPLY_SECONDS):
            raise Unavailable("Chưa có trả lời. Tin đã được giữ lại; khi hệ thống trả lời sẽ hiện ở đây.")

    def _listen(self) -> None:
        after = 0
        while not self._closing:
            try:
                for message in self._events(after):
                    after = max(after, int(message["seq"]))
                    if message["from"] != "citizen":
                        _print(message)
                        self._answered.set()
            except (httpx.HTTPError, RuntimeError):  # RuntimeError: the client was closed while we listened
                continue

    def _events(self, after: int) -> Iterator[dict[str, Any]]:
        with self._http.stream("GET", "/chat/events", params={"after": after}) as response:
            kind = ""
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "message":
                    yield json.loads(value)


def _print(message: dict[str, Any]) -> None:
    who = {"bot": "Bot", "staff": message.get("staff_name") or "Cán bộ"}.get(message["from"], "Hệ thống")
    out.print(f"\n{who}: {message['text']}", soft_wrap=True)
    for number, choice in enumerate(message.get("choices") or [], start=1):
        out.print(f"  {number}. {choice['title']}", soft_wrap=True)
