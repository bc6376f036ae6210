"""Where a ticket stands, for the citizen who filed it or who holds its number and receipt."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.complaint import ticket_custom
from actions.context import ActionContext
from actions.heard import heard
from actions.mine import keep_open, mine, one_of_mine, ticket_number
from backlog import receipts
from backlog.model import Ticket
from backlog.views import status_for_citizen
from backlog.workflow import State
from kit import clock
from kit.db import session_scope
from kit.errors import TooMany

MOST_SHOWN = 3
_FINISHED = (State.ANSWERED, State.CLOSED, State.REJECTED)


class TicketStatus(Action):
    """By number and receipt from anywhere; without a receipt only in the conversation that filed the ticket."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_ticket_status"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        number = ticket_number(said) or tracker.get_slot("ticket_number")
        digests = said.metadata.get("receipts") or tracker.get_slot("receipt_digests") or []
        with session_scope(self._context.engine) as session:
            asked = ticket_number(said)
            own = [ticket for ticket in mine(session, said, tracker) if asked in (None, ticket.number)][:MOST_SHOWN]
            opened = None if own else self._with_receipt(session, dispatcher, number, digests)
            if not own and opened is None:
                return [SlotSet("ticket_number", number), SlotSet("receipt_digests", digests)]
            shown = own or ([opened] if opened else [])
            for ticket in shown:
                self._show(session, dispatcher, ticket, several=len(shown) > 1)
        forget: list[EventType] = [SlotSet("ticket_number", None), SlotSet("receipt_digests", None)]
        return [*forget, keep_open(opened, digests[0], said.sent_at)] if opened else forget

    def _show(self, session: Session, dispatcher: CollectingDispatcher, ticket: Ticket, *, several: bool) -> None:
        text = status_for_citizen(session, ticket, self._context.facts, clock.now())
        buttons = _buttons(ticket, several=several)
        dispatcher.utter_message(text=text, buttons=buttons, custom={"ticket": ticket_custom(ticket)})

    def _with_receipt(
        self, session: Session, dispatcher: CollectingDispatcher, number: str | None, digests: list[str]
    ) -> Ticket | None:
        if not number:
            dispatcher.utter_message(response="utter_ask_ticket_number")
            return None
        if not digests:
            dispatcher.utter_message(response="utter_ask_receipt", number=number)
            return None
        try:
            ticket = receipts.open_ticket(session, number, digests[0], clock.now())
        except TooMany as error:
            dispatcher.utter_message(text=error.message)
            return None
        if ticket is None:
            dispatcher.utter_message(response="utter_ticket_not_found")
        return ticket


class NewReceipt(Action):
    """A lost receipt is replaced only in the conversation that filed the ticket; the old one dies."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_new_receipt"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        with session_scope(self._context.engine) as session:
            ticket = one_of_mine(session, said, tracker)
            if ticket is None or ticket.conversation_id is None or ticket.conversation_id != said.conversation_id:
                dispatcher.utter_message(response="utter_no_ticket_here")
                return []
            custom = {"ticket": ticket_custom(ticket), "issue_receipt": str(ticket.id)}
        dispatcher.utter_message(response="utter_new_receipt", number=ticket.number, custom=custom)
        return []


def _buttons(ticket: Ticket, *, several: bool) -> list[dict[str, str]]:
    """What the citizen may do now; with the number where several tickets are shown."""
    state = State(ticket.state)
    offered: list[tuple[str, str]] = []
    if state.is_open:
        offered = [("Bổ sung thông tin", "add_information"), ("Rút phiếu", "withdraw")]
    elif state in _FINISHED:
        again = ("Đưa lên cấp trên", "appeal") if ticket.reopened else ("Mở lại phiếu", "reopen")
        offered = [again] if not ticket.appealed else []
    if ticket.conversation_id is not None:
        offered.append(("Cấp lại mã biên nhận", "new_receipt"))
    named = f" {ticket.number}" if several else ""
    return [
        {"title": title + named, "payload": f'/{intent}{{"ticket":"{ticket.number}"}}'} for title, intent in offered
    ]
