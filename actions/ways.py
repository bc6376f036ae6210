"""The ways to complain, with what the law says of each."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions import law
from actions.complaint import FORM
from actions.context import ActionContext
from actions.heard import heard


class HowToComplain(Action):
    """Phản ánh, khiếu nại and tố cáo: what each is, from data/legal.yml."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_how_to_complain"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if law.wants_letter(said.text) and not tracker.active_loop:
            return [FollowupAction(FORM)]
        law.explain(dispatcher, self._context.facts, said)
        return []
