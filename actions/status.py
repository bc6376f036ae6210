"""Where a ticket stands, for the citizen who filed it or who holds its number and receipt."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.complaint import ticket_custom
from actions.context import ActionContext
from actions.heard import Heard, heard
from backlog import queries, receipts
from backlog.model import Ticket
from backlog.views import status_for_citizen
from kit import clock
from kit.db import session_scope
from kit.errors import TooMany
from vntext import patterns

MOST_SHOWN = 3


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
            found = self._own(session, said, ticket_number(said)) or self._with_receipt(
                session, dispatcher, number, digests
            )
            if found is None:
                return [SlotSet("ticket_number", number), SlotSet("receipt_digests", digests)]
            for ticket in found:
                text = status_for_citizen(session, ticket, self._context.facts, clock.now())
                dispatcher.utter_message(text=text, custom={"ticket": ticket_custom(ticket)})
        return [SlotSet("ticket_number", None), SlotSet("receipt_digests", None)]

    def _own(self, session: Session, said: Heard, number: str | None) -> list[Ticket] | None:
        if said.conversation_id is None:
            return None
        own = queries.by_conversation(session, said.conversation_id)
        wanted = [ticket for ticket in own if number in (None, ticket.number)]
        return wanted[:MOST_SHOWN] or None

    def _with_receipt(
        self, session: Session, dispatcher: CollectingDispatcher, number: str | None, digests: list[str]
    ) -> list[Ticket] | None:
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
            return None
        return [ticket]


def ticket_number(said: Heard) -> str | None:
    """The ticket number in a message: from a button, or typed."""
    if named := said.value("ticket"):
        return named
    spans = patterns.find_ticket_numbers(said.text)
    return spans[0].value if spans else None
