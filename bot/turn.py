"""One turn: a citizen's stored message becomes a reply in the outbox.

The steps run over one `Turn`; a step may end it by setting `status`. Everything that the turn writes is one
transaction, so that a process killed anywhere leaves the message waiting, and the repeated turn writes once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import choices, masking
from bot.context import BotContext
from bot.inbox import InboxBody, InboxMessage, read_body
from bot.rasa import RasaUnavailable
from bot.reply import merge
from kit import clock, outbox
from kit.db import session_scope
from kit.outbox import Conversation, Reply
from vntext.fold import fold

log = structlog.get_logger()

BUSY = (
    "Hệ thống đang bận nên tôi chưa trả lời ngay được. Tin của anh/chị đã được giữ lại, "
    "tôi sẽ trả lời khi hệ thống hoạt động lại. Anh/chị không cần gửi lại."
)
GAVE_UP = (
    "Tôi xin lỗi, tin nhắn trước của anh/chị chưa xử lý được do sự cố. "
    "Anh/chị gửi lại giúp, hoặc đến trực tiếp bộ phận một cửa nơi mình ở."
)
STALE = "Nút này không còn dùng được. Anh/chị gõ câu trả lời bằng chữ giúp tôi."
# Intents that end an identity question instead of answering it.
_NOT_AN_IDENTITY = {"cancel", "deny", "ask_procedure", "ticket_status", "human", "how_to_complain", "data_rights"}


@dataclass
class Turn:
    """Context of one turn. `status` names the way it ended."""

    ctx: BotContext
    session: Session
    message: InboxMessage
    conversation: Conversation
    attempt: int
    body: InboxBody
    to_rasa: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    responses: list[dict[str, Any]] = field(default_factory=list)
    reply: Reply | None = None
    status: str = ""


def run_turn(ctx: BotContext, inbox_id: int, attempt: int) -> str:
    """Process one inbox row and return how it ended: answered, stale_choice or already_done.

    `attempt` is 0 the first time. Raises RasaUnavailable when it must be tried again later;
    the citizen has then been told so, once.
    """
    try:
        with session_scope(ctx.engine) as session:
            turn = _load(ctx, session, inbox_id, attempt)
            if turn is None:
                return "already_done"
            for step in STEPS:
                step(turn)
                if turn.status:
                    break
            _finish(turn)
    except RasaUnavailable:
        _tell_once(ctx, inbox_id, BUSY, f"busy:{inbox_id}")
        raise
    log.info("turn", inbox_id=inbox_id, status=turn.status, attempt=attempt)
    return turn.status


def give_up(ctx: BotContext, inbox_id: int) -> None:
    """Mark a message as failed after the last attempt, and say so to the citizen."""
    _tell_once(ctx, inbox_id, GAVE_UP, f"gave_up:{inbox_id}")
    with session_scope(ctx.engine) as session:
        message = session.get_one(InboxMessage, inbox_id)
        message.state, message.outcome, message.done_at = "failed", "gave_up", clock.now()


def _load(ctx: BotContext, session: Session, inbox_id: int, attempt: int) -> Turn | None:
    message = session.scalar(select(InboxMessage).where(InboxMessage.id == inbox_id).with_for_update())
    if message is None or message.state != "received":
        return None
    conversation = session.get_one(Conversation, message.conversation_id)
    return Turn(ctx, session, message, conversation, attempt, body=read_body(ctx.sealer, message))


def open_choice(turn: Turn) -> None:
    """A pressed button, its number or its words become the payload that was offered."""
    code = turn.body["choice"]
    if code is None:
        payload = _typed_choice(turn.body["text"], turn.conversation.offered)
    else:
        try:
            payload = choices.open_code(turn.ctx.choice_key, str(turn.conversation.id), code)
        except choices.StaleChoice:
            turn.reply = {"text": STALE, "from": "bot"}
            turn.status = "stale_choice"
            return
    if payload is not None:
        turn.to_rasa = payload
        turn.metadata["choice"] = True


def take_files(turn: Turn) -> None:
    """Files are stored already; the actions learn which they are. Files without a word are an act of their own."""
    files = turn.body.get("files") or []
    if files:
        turn.metadata["files"] = files
    if files and not turn.body["text"].strip():
        turn.to_rasa = "/attach"
        turn.metadata["choice"] = True


def mask_secrets(turn: Turn) -> None:
    """Receipts become digests, phone numbers become sealed, identity numbers go."""
    if turn.metadata.get("choice"):
        return
    masked = masking.mask(turn.ctx.sealer, turn.body["text"])
    turn.to_rasa = masked.text
    if masked.receipts:
        turn.metadata["receipts"] = [receipt_digest(turn.ctx, receipt) for receipt in masked.receipts]
    if masked.phone_sealed:
        turn.metadata["phone_sealed"] = masked.phone_sealed
    if masked.had_id_number:
        turn.metadata["had_id_number"] = True


def seal_identity(turn: Turn) -> None:
    """The answer to "what is your name and number" never reaches Rasa in clear."""
    if turn.conversation.expects != "identity" or turn.metadata.get("choice"):
        return
    if "phone_sealed" not in turn.metadata and _interrupts(turn):
        return
    turn.metadata["identity_sealed"] = turn.ctx.sealer.seal(turn.body["text"])
    turn.to_rasa = masking.SEALED_WORD


def escape_slash(turn: Turn) -> None:
    """A text that starts with "/" would be read by Rasa as an intent: only signed buttons may do that."""
    if not turn.metadata.get("choice"):
        turn.to_rasa = turn.to_rasa.lstrip("/ ") or "..."


def ask_rasa(turn: Turn) -> None:
    """Rasa understands, decides and acts."""
    turn.metadata["conversation_id"] = str(turn.conversation.id)
    turn.metadata["sent_at"] = turn.message.received_at.isoformat()
    turn.metadata["attempt"] = turn.attempt
    turn.responses = turn.ctx.rasa.ask(
        sender=f"{turn.message.channel}:{turn.conversation.id}",
        message=turn.to_rasa,
        message_id=f"{turn.message.channel}:{turn.message.id}",
        channel=turn.message.channel,
        metadata=turn.metadata,
    )


def render(turn: Turn) -> None:
    """All that Rasa said in this turn becomes one neutral reply."""
    turn.reply = merge(turn.session, turn.ctx, turn.responses)
    turn.status = "answered"


STEPS: tuple[Callable[[Turn], None], ...] = (
    open_choice,
    take_files,
    mask_secrets,
    escape_slash,
    seal_identity,
    ask_rasa,
    render,
)


def _finish(turn: Turn) -> None:
    if turn.reply is not None:
        outbox.put(
            turn.session, turn.ctx.sealer, turn.conversation.id, turn.reply, dedupe_key=f"turn:{turn.message.id}"
        )
    turn.message.state, turn.message.outcome, turn.message.done_at = "done", turn.status, clock.now()


def _tell_once(ctx: BotContext, inbox_id: int, text: str, dedupe_key: str) -> None:
    with session_scope(ctx.engine) as session:
        conversation_id = session.get_one(InboxMessage, inbox_id).conversation_id
        outbox.put(session, ctx.sealer, conversation_id, {"text": text, "from": "system"}, dedupe_key)


def _typed_choice(text: str, offered: list[dict[str, str]]) -> str | None:
    """The payload of an offered button that the citizen typed as its number or its words."""
    words = fold(text).strip(" .!?)")
    for number, choice in enumerate(offered, start=1):
        if words in (str(number), fold(choice["title"])):
            return choice["payload"]
    return None


def _interrupts(turn: Turn) -> bool:
    intent = turn.ctx.rasa.parse(turn.to_rasa).get("intent") or {}
    return intent.get("name") in _NOT_AN_IDENTITY and float(intent.get("confidence", 0)) >= 0.6


def receipt_digest(ctx: BotContext, receipt: str) -> str:
    """The digest under which a receipt is stored."""
    from backlog.receipts import digest

    return digest(ctx.digest_key, receipt)
