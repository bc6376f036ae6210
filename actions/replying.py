"""The citizen writes to a ticket of theirs: an answer that staff asked for, something remembered later, a wish."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import law
from actions.context import ActionContext
from actions.heard import Heard, heard
from actions.mine import mine, one_of_mine
from backlog import evidence, queries, ratings, tickets
from backlog.context import CITIZEN, Change, Desk
from backlog.errors import TicketNotFound, WrongState
from backlog.model import Ticket
from backlog.workflow import State
from kit import clock
from kit.db import session_scope
from kit.errors import TiepDanError

FORM = "reply_form"
FILES_ONLY = "(gửi tệp kèm theo)"
# What a citizen may do to a ticket of theirs, with the state that it then has.
CITIZEN_ACTIONS = {"withdraw": State.WITHDRAWN, "reopen": State.REOPENED, "appeal": State.REOPENED}
RATE_WORD = "rate_word"
"""A word to a rating: no change of the ticket."""


class ValidateReplyForm(Action):
    """The next free text is what the citizen wants to say to the staff."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return f"validate_{FORM}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if tracker.active_loop.get("name") != FORM or not tracker.get_slot("reply_ticket"):
            return self._begin(dispatcher, said, tracker)
        if said.intent == "cancel":
            return [SlotSet("reply_text", None), SlotSet("requested_slot", None), ActiveLoop(None)]
        text = said.text if said.intent != "attach" else FILES_ONLY
        return [SlotSet("reply_text", text), SlotSet("requested_slot", None)]

    def _begin(self, dispatcher: CollectingDispatcher, said: Heard, tracker: Tracker) -> list[EventType]:
        with session_scope(self._context.engine) as session:
            ticket = one_of_mine(session, said, tracker)
        if ticket is None:
            self._no_ticket(dispatcher, said)
            return [SlotSet("requested_slot", None), ActiveLoop(None)]
        action = said.intent if said.intent in (*CITIZEN_ACTIONS, RATE_WORD) else None
        if action in ("reopen", "appeal") and State(ticket.state).is_open:
            dispatcher.utter_message(response="utter_not_answered_yet", number=ticket.number)
            return [SlotSet("requested_slot", None), ActiveLoop(None)]
        if action == "reopen" and ticket.reopened:  # once is enough at one place: from then on it goes up
            action = "appeal"
        self._ask(dispatcher, ticket, action)
        return [
            SlotSet("reply_ticket", ticket.number),
            SlotSet("reply_action", action),
            SlotSet("requested_slot", "reply_text"),
        ]

    def _no_ticket(self, dispatcher: CollectingDispatcher, said: Heard) -> None:
        """Somebody who objects to a decision has no ticket here, and is told what the law calls that."""
        if law.legal_kind(said.text):
            law.explain(dispatcher, self._context.facts, said)
        else:
            dispatcher.utter_message(response="utter_no_ticket_here")

    def _ask(self, dispatcher: CollectingDispatcher, ticket: Ticket, action: str | None) -> None:
        """What is wanted now; a question of the staff is said again, for it may lie far back."""
        question = ""
        if action is None and ticket.state == State.WAITING_CITIZEN:
            with session_scope(self._context.engine) as session:
                thread = queries.messages(session, ticket, citizen_only=True)
            question = next((one.text for one in reversed(thread) if one.author == "staff"), "")
        asked = f"utter_ask_{action}_reason" if action else "utter_write_to_staff"
        response = "utter_asked_by_staff" if question else asked
        dispatcher.utter_message(response=response, number=ticket.number, question=question)


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
                self._send(said, tracker, number, text, action)
            except WrongState:  # its own words are for the staff's page
                dispatcher.utter_message(response="utter_wrong_state", number=number)
            except TiepDanError as refused:
                dispatcher.utter_message(text=refused.message)
            else:
                self._confirm(dispatcher, number, action)
        elif number:
            dispatcher.utter_message(response="utter_reply_cancelled")
        return [SlotSet("reply_ticket", None), SlotSet("reply_text", None), SlotSet("reply_action", None)]

    def _confirm(self, dispatcher: CollectingDispatcher, number: str, action: str | None) -> None:
        with session_scope(self._context.engine) as session:
            ticket = queries.by_number(session, number)
        nowhere = ticket is not None and ticket.conversation_id is None
        sent = "utter_reply_sent_anonymous" if nowhere else "utter_reply_sent"
        dispatcher.utter_message(response=f"utter_{action}_done" if action else sent, number=number)

    def _send(self, said: Heard, tracker: Tracker, number: str, text: str, action: str | None) -> None:
        with session_scope(self._context.engine) as session:
            ticket = next((one for one in mine(session, said, tracker) if one.number == number), None)
            if ticket is None:  # the receipt that opened it has been typed too long ago
                raise TicketNotFound
            desk = Desk(session, self._context.facts, self._context.sealer, clock.now())
            if action is None:
                self._add(desk, said, ticket, text)
            elif action == RATE_WORD:
                ratings.add_word(desk, ticket, text)
            elif ticket.state != CITIZEN_ACTIONS[action]:  # else a repeated turn: it has been done
                tickets.change(desk, CITIZEN, ticket, action, Change(reason=text))

    def _add(self, desk: Desk, said: Heard, ticket: Ticket, text: str) -> None:
        tickets.citizen_reply(
            desk.session,
            desk.facts,
            ticket,
            text,
            sealer=desk.sealer,
            idempotency_key=said.message_id,
            now=desk.now,
        )
        if said.conversation_id:  # with this message, or sent just before it was asked what they belong to
            sent = evidence.loose(desk.session, said.conversation_id, said.sent_at - evidence.JUST_BEFORE)
            evidence.attach(desk.session, ticket, said.conversation_id, sent, desk.now)
