"""A list of papers for one citizen's case: ask what changes it, then say exactly what to bring."""

from typing import Any
from urllib.parse import urlencode

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.case import Case, asked, case_of, describe, remember, show
from actions.context import ActionContext
from actions.heard import Heard, heard
from catalogue import store
from catalogue.answers import answer
from catalogue.procedures import Procedure, Question
from catalogue.situations import open_questions
from kit.db import session_scope

_AGAIN = "Tôi chưa rõ ý anh/chị. "


class Checklist(Action):
    """Ask the next question of a checklist, or give the list when nothing is left to ask."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_checklist"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        code = said.value("procedure") or tracker.get_slot("procedure") or ""
        with session_scope(self._context.engine) as session:
            procedure = store.get(session, code, said.sent_at.date())
        if procedure is None:
            dispatcher.utter_message(response="utter_name_a_procedure")
            return [SlotSet("checklist", None)]
        known = case_of(procedure, said, tracker, self._context.facts)
        case = Case(known.told | pressed(procedure, said.value("answer")), known.event)
        if questions := open_questions(procedure, case.told):
            again = tracker.get_slot("checklist") == questions[0].key and not _tells(case, tracker)
            _ask(dispatcher, questions[0], again=again)
            return [*remember(procedure, case, "documents", 1), SlotSet("checklist", questions[0].key)]
        shown = answer(procedure, "documents", self._context.facts, asked(said, case))
        show(dispatcher, tracker, procedure, shown, describe(procedure, shown, "documents", 1.0, None))
        dispatcher.utter_message(response="utter_checklist", address=self._address(procedure, case))
        return [*remember(procedure, case, "documents", shown.page), SlotSet("checklist", None)]

    def _address(self, procedure: Procedure, case: Case) -> str:
        query = urlencode(sorted(case.told.items()))
        return f"{self._context.settings.address}/giay-to/{procedure.code}" + (f"?{query}" if query else "")


def answers_checklist(context: ActionContext, said: Heard, tracker: Tracker) -> bool:
    """Whether a message that sounds like a question answers one of ours: "con em mới 3 tuổi"."""
    if not tracker.get_slot("checklist") or said.value("procedure"):
        return False
    with session_scope(context.engine) as session:
        procedure = store.get(session, tracker.get_slot("procedure") or "", said.sent_at.date())
    return procedure is not None and _tells(case_of(procedure, said, tracker, context.facts), tracker)


def _tells(case: Case, tracker: Tracker) -> bool:
    """Whether the message has told anything new about the case."""
    return case.told != (tracker.get_slot("case") or {}).get("told")


def pressed(procedure: Procedure, value: str | None) -> dict[str, str]:
    """The answer on a pressed button, "who.proxy"; nothing when the procedure does not ask that any more."""
    key, _, option = (value or "").partition(".")
    known = any(one.key == key and option in {o.key for o in one.options} for one in procedure.questions)
    return {key: option} if known else {}


def _ask(dispatcher: CollectingDispatcher, question: Question, *, again: bool) -> None:
    buttons = [
        {"title": option.title, "payload": f'/choose_case{{"answer":"{question.key}.{option.key}"}}'}
        for option in question.options
    ]
    dispatcher.utter_message(text=(_AGAIN if again else "") + question.ask, buttons=buttons)
