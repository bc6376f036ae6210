"""Stand-ins that implement the real interfaces, for tests of this and other packages."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from bot.channels.errors import RetryLater, Undeliverable
from bot.rasa import RasaClient
from kit.outbox import Reply

Answer = Callable[[dict[str, Any]], list[dict[str, Any]]]


class FakeRasa:
    """A gateway that answers as told. `asked` keeps what came in; `down` makes it refuse."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.down = False
        self.intent = {"name": "inform", "confidence": 0.9}
        self._answer = answer or (lambda body: [{"text": f"nghe: {body['message']}"}])

    def client(self) -> RasaClient:
        """A real client whose requests end here."""
        return RasaClient("http://rasa.test", "secret", transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503)
        body = json.loads(request.content) if request.content else {}
        if request.url.path.endswith("/parse"):
            return httpx.Response(200, json={"text": body["message"], "intent": self.intent})
        self.asked.append(body)
        return httpx.Response(200, json=self._answer(body))


class FakeChannel:
    """A channel that keeps what it was given; `fails` is raised instead, once for each entry."""

    name = "web"

    def __init__(self) -> None:
        self.sent: list[Reply] = []
        self.fails: list[RetryLater | Undeliverable] = []

    def send(self, address: str, reply: Reply) -> None:
        """Keep the reply, or fail as told."""
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(reply)
