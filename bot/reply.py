"""From Rasa's responses to one neutral reply."""

from typing import Any

from sqlalchemy.orm import Session

from backlog import petitions, receipts
from bot.context import BotContext
from kit.outbox import Choice, Reply

RECEIPT_TEXT = "Mã biên nhận của phiếu {number}: {receipt}"
KEEP_TEXT = "Anh/chị chép lại và giữ kín mã này. Có số phiếu và mã biên nhận thì ở đâu cũng xem được kết quả."

LETTER_TOLD = "Địa chỉ của đơn nằm ở tin trước."


def merge(session: Session, ctx: BotContext, responses: list[dict[str, Any]]) -> Reply:
    """All responses of a turn as one reply: texts joined, buttons in order, `custom` parts laid over each other.

    Where an action has filed a ticket, its secret receipt is made here, in the transaction of the outbox row,
    so that it never passes through Rasa and a repeated turn cannot show a dead one.
    """
    buttons = [button for response in responses for button in response.get("buttons") or []]
    customs = [dict(response.get("custom") or {}) for response in responses]
    issued = [_issue(session, ctx, custom) for custom in customs if "issue_receipt" in custom]
    texts = [response["text"] for response in responses if response.get("text")]
    if issued:
        texts.append("\n".join([*issued, KEEP_TEXT]))
    texts += [_address(session, ctx, custom.pop("issue_letter")) for custom in customs if "issue_letter" in custom]
    custom = {name: value for one in customs for name, value in one.items()}
    reply: Reply = {"text": "\n\n".join(texts), "from": "bot"}
    if buttons:
        reply["choices"] = [Choice(title=button["title"], payload=button["payload"]) for button in buttons]
    if custom:
        reply["custom"] = custom
    return reply


def _issue(session: Session, ctx: BotContext, custom: dict[str, Any]) -> str:
    """Make a filed ticket's receipt; the sentence that tells it."""
    receipt = receipts.issue(session, ctx.digest_key, custom.pop("issue_receipt"))
    custom["ticket"] = {**custom["ticket"], "receipt": receipt}
    return RECEIPT_TEXT.format(number=custom["ticket"]["number"], receipt=receipt)


def _address(session: Session, ctx: BotContext, name: str) -> str:
    """Make the secret address of a drafted letter; the line that tells it."""
    secret = petitions.issue(session, ctx.digest_key, name)
    return f"{ctx.settings.address}{petitions.PATH}/{secret}" if secret else LETTER_TOLD
