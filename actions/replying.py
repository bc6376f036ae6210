"""The citizen adds to a ticket of theirs: an answer that staff asked for, or something remembered later."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.context import ActionContext
from actions.heard import Heard, heard
from actions.status import ticket_number
from backlog import queries, tickets
from backlog.model import Ticket
from backlog.workflow import State
from kit import clock
from kit.db import session_scope
from kit.errors import TiepDanError

FORM = "reply_form"
# What a citizen may do to a ticket of theirs, with the state that it then has.
CITIZEN_ACTIONS = {"withdraw": State.WITHDRAWN, "reopen": State.REOPENED}


class ValidateReplyForm(Action):
    """The next free text is what the citizen wants to say to the staff."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return f"validate_{FORM}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if tracker.active_loop.get("name") != FORM or not tracker.get_slot("reply_ticket"):
            return self._begin(dispatcher, said)
        if said.intent == "cancel":
            return [SlotSet("reply_text", None), SlotSet("requested_slot", None), ActiveLoop(None)]
        return [SlotSet("reply_text", said.text), SlotSet("requested_slot", None)]

    def _begin(self, dispatcher: CollectingDispatcher, said: Heard) -> list[EventType]:
        with session_scope(self._context.engine) as session:
            own = queries.by_conversation(session, said.conversation_id) if said.conversation_id else []
        number = ticket_number(said)
        action = said.intent if said.intent in CITIZEN_ACTIONS else None
        wanted = [ticket for ticket in own if number in (None, ticket.number)]
        if not wanted:
            dispatcher.utter_message(response="utter_no_ticket_here")
            return [SlotSet("requested_slot", None), ActiveLoop(None)]
        asked = f"utter_ask_{action}_reason" if action else "utter_write_to_staff"
        dispatcher.utter_message(response=asked, number=wanted[0].number)
        return [
            SlotSet("reply_ticket", wanted[0].number),
            SlotSet("reply_action", action),
            SlotSet("requested_slot", "reply_text"),
        ]


class SendToStaff(Action):
    """Put the citizen's words on the ticket; a paused clock runs again."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_send_to_staff"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        number, text = tracker.get_slot("reply_ticket"), tracker.get_slot("reply_text")
        action = tracker.get_slot("reply_action")
        if number and text and said.conversation_id and not said.dry_run:
            try:
                self._send(said, number, text, action)
            except TiepDanError as refused:
                dispatcher.utter_message(text=refused.message)
            else:
                done = f"utter_{action}_done" if action else "utter_reply_sent"
                dispatcher.utter_message(response=done, number=number)
        elif number:
            dispatcher.utter_message(response="utter_reply_cancelled")
        return [SlotSet("reply_ticket", None), SlotSet("reply_text", None), SlotSet("reply_action", None)]

    def _send(self, said: Heard, number: str, text: str, action: str | None) -> None:
        with session_scope(self._context.engine) as session:
            own = queries.by_conversation(session, said.conversation_id) if said.conversation_id else []
            ticket = next(ticket for ticket in own if ticket.number == number)
            if action is None:
                self._add(session, ticket, text, said.message_id)
            elif ticket.state != CITIZEN_ACTIONS[action]:  # else a repeated turn: it has been done
                desk = tickets.Desk(session, self._context.facts, self._context.sealer, clock.now())
                tickets.change(desk, tickets.CITIZEN, ticket, action, tickets.Change(reason=text))

    def _add(self, session: Session, ticket: Ticket, text: str, key: str) -> None:
        tickets.citizen_reply(
            session,
            self._context.facts,
            ticket,
            text,
            sealer=self._context.sealer,
            idempotency_key=key,
            now=clock.now(),
        )
