"""Which numbers to call: only verified ones, each with what it is for."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import ActionContext


class Hotlines(Action):
    """Tell the verified numbers, and that there are no others."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_hotline"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        shown = self._context.facts.hotlines.shown()
        numbers = "\n".join(
            f"- {one.name}: {one.number}" + (f" ({one.purpose})." if one.purpose else ".") for one in shown
        )
        dispatcher.utter_message(response="utter_hotline", numbers=numbers)
        return []
