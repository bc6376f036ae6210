"""Words that mean something only in what is in talk: an answer to our question, or the bare name of a procedure."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.checklist import Checklist
from actions.context import ActionContext
from actions.heard import heard
from actions.procedure import GUESS, AnswerProcedure, warns_of_danger

_RESPONSES = {
    "affirm": "utter_nothing_to_confirm",
    "deny": "utter_nothing_to_confirm",
    "correction": "utter_nothing_to_confirm",
    "out_of_scope": "utter_out_of_scope",
}
# Acts that a bare name of a procedure ("cấp chứng chỉ hành nghề dược") is taken for.
_UNCLEAR = {"inform", "nlu_fallback"}
_NAMED = 0.45  # how much of a procedure's name such a text must say


class GoOn(Action):
    """Take it for an answer, or for the name of a procedure; else say what its act has to be told."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_go_on"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if tracker.get_slot("checklist"):
            return Checklist(self._context).run(dispatcher, tracker, domain)
        if warns_of_danger(dispatcher, said):
            return []
        link = said.link
        if said.intent in _UNCLEAR and link and link.evidence >= _NAMED and link.confidence >= GUESS:
            return AnswerProcedure(self._context).run(dispatcher, tracker, domain)
        dispatcher.utter_message(response=_RESPONSES.get(said.intent, "utter_default"))
        return []
