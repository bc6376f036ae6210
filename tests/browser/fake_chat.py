"""A chat server in memory that speaks the web chat's HTTP contract and serves the real page.

It lets a test bring about what is hard to bring about in the real stack: a lost answer, a refusal, a server
that is away. The path through the real stack is tested in tests/end_to_end.
"""

import asyncio
import contextlib
import json
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from assembly.hardening import Hardening
from kit import clock

WEB = Path(__file__).resolve().parents[2] / "bot" / "web"
templates = Jinja2Templates(directory=WEB / "templates")


@dataclass
class FakeChat:
    """One conversation, whoever asks. `said` holds what the server has accepted, once per client id."""

    agency_name: str = "UBND thành phố Cần Thơ"
    said: list[dict[str, Any]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    """Client ids in the order of arrival, repeats included."""
    refusals: list[tuple[int, str]] = field(default_factory=list)
    """Answers to give to the next posts instead of accepting them: (status, sentence)."""
    lose_answers: int = 0
    """How many posts to accept without the browser learning of it."""
    started: datetime = field(default_factory=lambda: clock.now() - timedelta(minutes=2))

    def say(self, text: str, sender: str = "bot", **more: Any) -> None:
        """Put a message into the conversation, as delivery would."""
        self._append({"id": f"o{len(self.said)}", "from": sender, "text": text, "choices": [], "custom": {}, **more})

    def accept(self, body: dict[str, Any]) -> None:
        """What the inbox does: the same id again changes nothing."""
        self.posts.append(body["id"])
        if body["id"] not in [entry["id"] for entry in self.said]:
            text = body.get("title") or body.get("text", "")
            self._append({"id": body["id"], "from": "citizen", "text": text, "choices": [], "custom": {}})

    def _append(self, entry: dict[str, Any]) -> None:
        at = self.started + timedelta(seconds=7 * len(self.said))
        self.said.append({"seq": len(self.said) + 1, "at": at.isoformat(), **entry})

    @property
    def waiting(self) -> bool:
        """Whether the citizen spoke last."""
        return bool(self.said) and self.said[-1]["from"] == "citizen"

    def texts(self, sender: str) -> list[str]:
        """What one side has said."""
        return [entry["text"] for entry in self.said if entry["from"] == sender]


def build_app(chat: FakeChat) -> FastAPI:
    """The chat's routes over `chat`, with the headers of the real app."""
    app = FastAPI()
    app.mount("/static/chat", StaticFiles(directory=WEB / "static"))

    app.add_middleware(Hardening)

    @app.get("/")
    def page(request: Request) -> HTMLResponse:
        values = {"agency_name": chat.agency_name}
        return templates.TemplateResponse(request, "chat.html", values)

    @app.post("/chat/session")
    def session(response: Response) -> dict[str, str]:
        response.set_cookie("tiepdan_chat", secrets.token_urlsafe(32), httponly=True, samesite="lax")
        return {"session": "ok"}

    @app.get("/chat/history")
    def history() -> dict[str, Any]:
        return {"messages": chat.said, "waiting": chat.waiting}

    @app.post("/chat/messages", status_code=202)
    async def receive(request: Request) -> Response:
        body = await request.json()
        if chat.refusals:
            status, sentence = chat.refusals.pop(0)
            return JSONResponse({"error": sentence}, status)
        chat.accept(body)
        if chat.lose_answers:
            chat.lose_answers -= 1
            return JSONResponse({}, 502)
        return JSONResponse({"status": "accepted"}, 202)

    @app.get("/chat/events")
    async def events(request: Request, after: int = 0) -> StreamingResponse:
        return StreamingResponse(_stream(chat, request, after), media_type="text/event-stream")

    return app


async def _stream(chat: FakeChat, request: Request, after: int) -> AsyncIterator[str]:
    yield ": connected\n\n"
    typing: bool | None = None
    while not await request.is_disconnected():
        for entry in chat.said[after:]:
            after = entry["seq"]
            yield f"id: {after}\nevent: message\ndata: {json.dumps(entry)}\n\n"
        if typing != chat.waiting:
            typing = chat.waiting
            yield f"event: typing\ndata: {json.dumps({'typing': typing})}\n\n"
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def serve(app: FastAPI, port: int) -> Iterator[str]:
    """Serve `app` on loopback in a thread; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off"))
    ready = threading.Event()
    startup = server.startup

    async def tell(*args: Any, **kwargs: Any) -> None:
        await startup(*args, **kwargs)
        ready.set()

    server.startup = tell  # type: ignore[method-assign]  # uvicorn has no other signal of readiness
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert ready.wait(10), "the test server did not start"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
