"""What is held of a citizen, who sees it, and erasing it on their wish: Luật 91/2025/QH15, Điều 4."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import law
from actions.context import ActionContext
from actions.heard import heard
from backlog import privacy
from backlog.context import Desk
from backlog.policy import ROLE_WORDS
from backlog.privacy import Erased, HeldTicket, Holdings
from kit import clock
from kit.db import session_scope

_LAW = ("who_sees", "protection", "channel_knows", "privacy")
_KEPT_SLOTS = ("complaint", "opened_ticket", "reply_ticket", "reply_text", "ticket_number", "receipt_digests", "case")


class DataRights(Action):
    """Who sees what, and what this conversation has left here."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_data_rights"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        held = Holdings((), 0)
        if said.conversation_id:
            with session_scope(self._context.engine) as session:
                held = privacy.holdings(session, said.conversation_id)
        dispatcher.utter_message(
            response="utter_data_rights",
            law=law.say(self._context.facts, _LAW, said.sent_at.date()),
            holdings=_holdings(held),
        )
        return []


class EraseData(Action):
    """Erase what may go at once, and say what stays and why."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_erase_data"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if said.conversation_id is None:
            dispatcher.utter_message(response="utter_complaint_dry_run")
            return []
        with session_scope(self._context.engine) as session:
            desk = Desk(session, self._context.facts, self._context.sealer, clock.now())
            erased = privacy.erase(desk, said.conversation_id)
            privacy.forget_later(session, said.conversation_id)
        dispatcher.utter_message(response="utter_erased", erased=_erased(erased))
        return [SlotSet(name, None) for name in _KEPT_SLOTS]


def _holdings(held: Holdings) -> str:
    lines = [_ticket(ticket) for ticket in held.tickets]
    if held.loose_files:
        lines.append(f"- {held.loose_files} tệp chưa kèm vào phiếu nào, tự xóa sau 7 ngày.")
    if not lines:
        return "Hiện ở đây chỉ có lời trò chuyện của anh/chị, được niêm phong và tự xóa sau 90 ngày không nhắn."
    return "Của anh/chị ở đây đang có:\n" + "\n".join(lines)


def _ticket(ticket: HeldTicket) -> str:
    state = "đang xử lý" if ticket.open else "đã xong"
    name = "có tên, số điện thoại niêm phong" if ticket.named else "không có tên"
    files = f", {ticket.files} tệp" if ticket.files else ""
    opened = "; ".join(
        f"{ROLE_WORDS[one.role]} mở ngày {one.at.astimezone(clock.VIETNAM):%d/%m/%Y}" for one in ticket.openings
    )
    seen = f" Danh tính: {opened}." if opened else " Danh tính chưa ai mở." if ticket.named else ""
    return f"- Phiếu {ticket.number} ({state}): {name}{files}.{seen}"


def _erased(erased: Erased) -> str:
    lines = ["- Lời trò chuyện cũ ở đây, trừ tin nhắn yêu cầu xóa này."]
    if erased.names:
        lines.append(f"- Tên, số điện thoại trong phiếu {', '.join(erased.names)}.")
    if erased.files:
        lines.append(f"- {erased.files} tệp chưa kèm vào phiếu nào.")
    if erased.untied:
        lines.append(
            f"- Mối nối từ phiếu {', '.join(erased.untied)} tới cuộc trò chuyện này. Nội dung phiếu là hồ sơ của "
            "cơ quan nên còn được giữ hết thời hạn lưu; không ai biết của ai nữa."
        )
    if erased.kept:
        lines.append(
            f"Phiếu {', '.join(erased.kept)} chưa xong nên tôi còn giữ đường trả lời tới anh/chị. "
            'Không muốn nữa, anh/chị nhắn "rút phiếu" rồi xóa lần nữa.'
        )
    return "\n".join(lines)
