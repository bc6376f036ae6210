"""The ways to complain, with what the law says of each."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import law
from actions.context import ActionContext
from actions.heard import heard


class HowToComplain(Action):
    """Phản ánh, khiếu nại and tố cáo: what each is, from data/legal.yml."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_how_to_complain"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        keys = ("phan_anh", "khieu_nai", "khieu_nai_limits", "to_cao")
        said = law.say(self._context.facts, keys, heard(tracker).sent_at.date())
        dispatcher.utter_message(response="utter_how_to_complain", law=said)
        return []
