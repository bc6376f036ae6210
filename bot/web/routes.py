"""HTTP routes of the web chat. Like every channel it ends at the inbox: one row, one job, then the answer."""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from backlog import evidence
from bot import history, inbox
from bot.channels import web
from bot.channels.base import Inbound
from bot.context import BotContext
from bot.inbox import InboxMessage
from bot.web.events import Waker
from kit import clock, crypto
from kit.db import session_scope
from kit.errors import Forbidden, Invalid, TooMany

COOKIE = "tiepdan_chat"
COOKIE_DAYS = 90
MAX_TEXT = 4000  # characters; longer than any story we have seen, shorter than an attack
MESSAGES_A_MINUTE = 30
_LOOK_ANYWAY_SECONDS = 10
_FIRST_MESSAGE_SECONDS = 2  # between looks for a conversation that its first message has not made yet
_CLIENT_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")

HERE = Path(__file__).parent
templates = Jinja2Templates(directory=HERE / "templates")


class SessionNeeded(Forbidden):
    """Phiên trò chuyện đã hết. Anh/chị tải lại trang để bắt đầu lại."""


class TooLong(Invalid):
    """Tin nhắn dài quá 4.000 chữ. Anh/chị chia thành vài tin rồi gửi lại giúp."""


class Empty(Invalid):
    """Tin nhắn chưa có chữ nào. Anh/chị gõ câu hỏi hoặc chuyện cần phản ánh rồi gửi."""


class Outgoing(BaseModel):
    """What the page sends. `id` is made by the page, so that sending again is harmless."""

    id: str = Field(pattern=_CLIENT_ID)
    text: str = ""
    choice: str | None = Field(default=None, max_length=200)
    title: str = Field(default="", max_length=200)


def _context(request: Request) -> BotContext:
    context: BotContext = request.app.state.bot
    return context


Context = Annotated[BotContext, Depends(_context)]


def _address(request: Request, ctx: Context) -> str:
    """The web address of this browser: a hash of its cookie, so that the database holds no usable session."""
    token = request.cookies.get(COOKIE, "")
    if not _is_ours(ctx, token):
        raise SessionNeeded
    return hashlib.sha256(token.encode()).hexdigest()


def _new_token(ctx: BotContext) -> str:
    """A session that cannot be guessed, and that nobody but us can make up for somebody else's browser."""
    secret = secrets.token_urlsafe(32)
    return f"{secret}.{crypto.digest(ctx.digest_key, f'chat session:{secret}')}"


def _is_ours(ctx: BotContext, token: str) -> bool:
    secret, _, mac = token.partition(".")
    return hmac.compare_digest(mac.encode(), crypto.digest(ctx.digest_key, f"chat session:{secret}").encode())


Address = Annotated[str, Depends(_address)]


def _same_origin(request: Request) -> None:
    """Refuse posts that another site makes a browser send. Older browsers send no Sec-Fetch-Site; Lax covers them."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden


router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def page(request: Request, ctx: Context) -> HTMLResponse:
    """The chat page."""
    return templates.TemplateResponse(request, "chat.html", {"agency_name": ctx.settings.agency_name})


@router.post("/chat/session", dependencies=[Depends(_same_origin)])
def start_session(request: Request, response: Response, ctx: Context) -> dict[str, str]:
    """Give the browser a session cookie if it has none."""
    if not _is_ours(ctx, request.cookies.get(COOKIE, "")):
        response.set_cookie(
            COOKIE,
            _new_token(ctx),
            max_age=int(timedelta(days=COOKIE_DAYS).total_seconds()),
            httponly=True,
            samesite="lax",
            secure=ctx.settings.address.startswith("https://"),
        )
    return {"session": "ok"}


@router.post("/chat/messages", status_code=202, dependencies=[Depends(_same_origin)])
def receive(message: Outgoing, address: Address, ctx: Context) -> dict[str, str]:
    """Take a message in. The reply comes through /chat/events."""
    text = message.title if message.choice else message.text
    if len(text) > MAX_TEXT:
        raise TooLong
    if not message.choice and not text.strip():
        raise Empty
    inbound = Inbound(
        channel=web.NAME,
        address=address,
        message_id=f"{address[:16]}:{message.id}",
        text=text,
        choice=message.choice,
    )
    with session_scope(ctx.engine) as session:
        _limit_rate(session, ctx, address)
        inbox.accept(session, ctx.sealer, ctx.digest_key, inbound)
    return {"status": "accepted"}


@router.post("/chat/files", status_code=202, dependencies=[Depends(_same_origin)])
def receive_files(
    address: Address,
    ctx: Context,
    client_id: Annotated[str, Form(alias="id", pattern=_CLIENT_ID.pattern)],
    files: Annotated[list[UploadFile], File()],
    text: Annotated[str, Form()] = "",
) -> dict[str, str]:
    """Take files in, with or without a word. They are looked at, cleaned and sealed before anything is stored."""
    if len(text) > MAX_TEXT:
        raise TooLong
    if len(files) > evidence.MOST_FILES:
        raise evidence.TooMany
    cleaned = tuple(evidence.clean(file.filename or "", file.file.read(evidence.MOST_BYTES + 1)) for file in files)
    inbound = Inbound(web.NAME, address, f"{address[:16]}:{client_id}", text, files=cleaned)
    with session_scope(ctx.engine) as session:
        _limit_rate(session, ctx, address)
        inbox.accept(session, ctx.sealer, ctx.digest_key, inbound)
    return {"status": "accepted"}


@router.get("/chat/history")
def read_history(address: Address, ctx: Context) -> dict[str, Any]:
    """All messages of this browser's conversation, and whether an answer is under way."""
    with session_scope(ctx.engine) as session:
        conversation = inbox.find_conversation(session, ctx.digest_key, web.NAME, address)
        if conversation is None:
            return {"messages": [], "waiting": False}
        return {
            "messages": history.entries(session, ctx, conversation.id),
            "waiting": history.waiting(session, conversation.id),
        }


@router.get("/chat/events")
async def events(request: Request, address: Address, ctx: Context, after: int = 0) -> StreamingResponse:
    """Server-sent events from place `after` on (or from Last-Event-ID after a lost connection)."""
    resume = request.headers.get("last-event-id", "")
    start = int(resume) if resume.isdecimal() and len(resume) < 19 else after
    stream = _events(request, ctx, address, start)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(request: Request, ctx: BotContext, address: str, after: int) -> AsyncIterator[str]:
    waker: Waker = request.app.state.waker
    yield ": connected\n\n"
    conversation_id = await _wait_for_conversation(request, ctx, address)
    if conversation_id is None:
        return
    async with waker.watch(str(conversation_id)) as woken:
        while not await request.is_disconnected():
            woken.clear()
            fresh, typing = await run_in_threadpool(_look, ctx, conversation_id, after)
            for entry in fresh:
                after = entry["seq"]
                yield f"id: {after}\nevent: message\ndata: {json.dumps(entry, ensure_ascii=False)}\n\n"
            yield f"event: typing\ndata: {json.dumps({'typing': typing})}\n\n"
            try:
                await asyncio.wait_for(woken.wait(), _LOOK_ANYWAY_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"


async def _wait_for_conversation(request: Request, ctx: BotContext, address: str) -> uuid.UUID | None:
    """A browser may listen before its first message has made the conversation."""
    while not await request.is_disconnected():
        found = await run_in_threadpool(_find, ctx, address)
        if found is not None:
            return found
        await asyncio.sleep(_FIRST_MESSAGE_SECONDS)
    return None


def _find(ctx: BotContext, address: str) -> uuid.UUID | None:
    with session_scope(ctx.engine) as session:
        conversation = inbox.find_conversation(session, ctx.digest_key, web.NAME, address)
        return conversation.id if conversation else None


def _look(ctx: BotContext, conversation_id: uuid.UUID, after: int) -> tuple[list[dict[str, Any]], bool]:
    with session_scope(ctx.engine) as session:
        return (
            history.entries(session, ctx, conversation_id, after),
            history.waiting(session, conversation_id),
        )


def _limit_rate(session: Session, ctx: BotContext, address: str) -> None:
    conversation = inbox.find_conversation(session, ctx.digest_key, web.NAME, address)
    if conversation is None:
        return
    # One at a time: many at once would all see the count before any of them.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"rate {conversation.id}"))))
    recent = select(func.count(InboxMessage.id)).where(
        InboxMessage.conversation_id == conversation.id,
        InboxMessage.received_at > clock.now() - timedelta(minutes=1),
    )
    if session.scalars(recent).one() >= MESSAGES_A_MINUTE:
        raise TooMany
