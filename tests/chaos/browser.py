"""A citizen's browser on a bad line: sends again what is not known to have arrived, reconnects, misses nothing."""

import json
import time
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

import httpx

LOST_ANSWERS = 0.2  # of the answers to a posted message get lost on the way, so that it is sent once more
_AGAIN_SECONDS = 0.5
_SILENCE_SECONDS = 35  # as the page has it: the server says something every 10 seconds


class Browser:
    """The page of the web chat, one conversation. A call goes on until it has succeeded or `deadline`, a moment of
    time.monotonic(), has passed: then TimeoutError."""

    def __init__(self, url: str, luck: Random, deadline: float) -> None:
        self.sent: list[str] = []
        """Ids of the messages that the server has said it has, in order."""
        self._http = httpx.Client(base_url=url, timeout=httpx.Timeout(15, read=_SILENCE_SECONDS), trust_env=False)
        self._luck = luck
        self._deadline = deadline
        self._seen = 0

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def open(self) -> None:
        """Load the page, or load it again: it gets its session, and shows what has been said."""
        self._persist(lambda: self._http.post("/chat/session").raise_for_status(), "a session")
        shown = self._persist(self.history, "the history")
        self._seen = max((entry["seq"] for entry in shown), default=0)

    def say(self, text: str) -> None:
        """Write something."""
        self._send({"text": text})

    def press(self, choice: dict[str, str]) -> None:
        """Press a button of a reply."""
        self._send({"choice": choice["code"], "title": choice["title"]})

    def next_reply(self) -> dict[str, Any]:
        """What the bot says next in the live events. A word from the system, that it is busy, is not a reply."""
        return self._persist(self._listen, "a reply")

    def history(self) -> list[dict[str, Any]]:
        """Everything in this conversation. Asks once, whatever the time is: raises httpx.HTTPError."""
        messages: list[dict[str, Any]] = self._http.get("/chat/history").raise_for_status().json()["messages"]
        return messages

    def _send(self, message: dict[str, str]) -> None:
        body = {"id": str(uuid.UUID(int=self._luck.getrandbits(128), version=4)), **message}
        for _ in range(2 if self._luck.random() < LOST_ANSWERS else 1):
            self._persist(lambda: self._http.post("/chat/messages", json=body).raise_for_status(), "a 202")
        self.sent.append(body["id"])

    def _listen(self) -> dict[str, Any] | None:
        with self._http.stream("GET", "/chat/events", params={"after": self._seen}) as events:
            events.raise_for_status()
            for line in events.iter_lines():
                entry = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                self._seen = entry.get("seq", self._seen)
                if entry.get("from") == "bot":
                    return dict(entry)
                if time.monotonic() > self._deadline:
                    break
        return None

    def _persist[Result](self, attempt: Callable[[], Result | None], what: str) -> Result:
        """Try until it succeeds. A refusal that would not pass, as a bad request, is raised at once."""
        while time.monotonic() < self._deadline:
            try:
                if (result := attempt()) is not None:
                    return result
            except httpx.HTTPStatusError as refused:
                if refused.response.status_code not in (429, *range(500, 600)):
                    raise
            except httpx.TransportError:
                pass  # nobody listens, or the line broke in the middle: a browser sees no difference
            time.sleep(_AGAIN_SECONDS)
        raise TimeoutError(f"no time left to wait for {what}")
