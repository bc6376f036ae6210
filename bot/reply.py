"""From Rasa's responses to one neutral reply."""

from typing import Any

from sqlalchemy.orm import Session

from backlog import receipts
from bot.context import BotContext
from kit.outbox import Choice, Reply

RECEIPT_TEXT = (
    "Mã biên nhận: {receipt}\n"
    "Anh/chị chép lại và giữ kín mã này. Có số phiếu và mã biên nhận thì ở đâu cũng xem được kết quả."
)


def merge(session: Session, ctx: BotContext, responses: list[dict[str, Any]]) -> Reply:
    """All responses of a turn as one reply: texts joined, buttons in order, `custom` parts laid over each other.

    Where an action has filed a ticket, its secret receipt is made here, in the transaction of the outbox row,
    so that it never passes through Rasa and a repeated turn cannot show a dead one.
    """
    texts = [response["text"] for response in responses if response.get("text")]
    buttons = [button for response in responses for button in response.get("buttons") or []]
    custom: dict[str, Any] = {}
    for response in responses:
        custom.update(response.get("custom") or {})
    if ticket_id := custom.pop("issue_receipt", None):
        receipt = receipts.issue(session, ctx.digest_key, ticket_id)
        texts.append(RECEIPT_TEXT.format(receipt=receipt))
        custom["ticket"]["receipt"] = receipt
    reply: Reply = {"text": "\n\n".join(texts), "from": "bot"}
    if buttons:
        reply["choices"] = [Choice(title=button["title"], payload=button["payload"]) for button in buttons]
    if custom:
        reply["custom"] = custom
    return reply
