"""Answers about procedures: find which one is meant, then let the catalogue speak."""

from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.case import asked, case_of, describe, payload, remember, show
from actions.checklist import Checklist, answers_checklist
from actions.context import ActionContext
from actions.danger import in_danger
from actions.heard import Heard, heard
from catalogue import store
from catalogue.answers import answer
from kit.db import session_scope

# Calibrated probability that the best candidate is the right one (reports/nlu): from here on the bot answers,
# below it asks. Under GUESS none of the candidates is worth showing.
SURE = 0.6
GUESS = 0.15
MOST_CHOICES = 4


@dataclass(frozen=True)
class Target:
    """What a question is about: one procedure, several to choose from, or none that we know."""

    code: str | None = None
    confidence: float = 0.0
    choices: tuple[dict[str, Any], ...] = ()


def find_target(said: Heard, in_talk: str | None) -> Target:
    """Decide which procedure a message asks about; `in_talk` is the one that the conversation is on."""
    if named := said.value("procedure"):
        return Target(named, 1.0)
    link = said.link
    if link is None:
        return Target(in_talk, 1.0) if in_talk else Target()
    if link.confidence >= SURE:
        return Target(link.code, link.confidence)
    if in_talk and any(candidate["code"] == in_talk for candidate in link.candidates[:2]):
        return Target(in_talk, link.confidence)  # "còn giấy chứng sinh thì sao": still the same procedure
    if link.confidence < GUESS:
        return Target()
    return Target(choices=tuple(link.candidates[:MOST_CHOICES]))


class AnswerProcedure(Action):
    """Answer, ask which procedure is meant, or say that none is known."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_answer_procedure"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        if answers_checklist(self._context, said, tracker):
            return Checklist(self._context).run(dispatcher, tracker, domain)
        if warns_of_danger(dispatcher, said):
            return []
        target = find_target(said, tracker.get_slot("procedure"))
        aspect = said.aspect()
        candidates = said.link.candidates if said.link else tracker.get_slot("candidates") or []
        if target.code is None:
            _ask_which(dispatcher, target, aspect, asked_before=bool(said.link))
            return [SlotSet("candidates", candidates), SlotSet("aspect", aspect)]
        with session_scope(self._context.engine) as session:
            procedure = store.get(session, target.code, said.sent_at.date())
        if procedure is None:
            dispatcher.utter_message(response="utter_unknown_procedure")
            return []
        case = case_of(procedure, said, tracker, self._context.facts)
        shown = answer(procedure, aspect, self._context.facts, asked(said, case))
        show(dispatcher, tracker, procedure, shown, describe(procedure, shown, aspect, target.confidence, said.link))
        if "complain" in said.also and not tracker.active_loop:
            dispatcher.utter_message(response="utter_also_complains")
        return [*remember(procedure, case, aspect, shown.page), SlotSet("candidates", candidates)]


def warns_of_danger(dispatcher: CollectingDispatcher, said: Heard) -> bool:
    """Whoever tells of threats or blows gets the emergency numbers, whatever else was understood."""
    if not in_danger(said.text):
        return False
    dispatcher.utter_message(response="utter_danger_first")
    dispatcher.utter_message(response="utter_also_complains")
    return True


class ReadOn(Action):
    """ "Xem thêm": the next page of the answer that was given last."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_read_on"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        aspect = tracker.get_slot("aspect") or "overview"
        with session_scope(self._context.engine) as session:
            procedure = store.get(session, tracker.get_slot("procedure") or "", said.sent_at.date())
        if procedure is None:
            dispatcher.utter_message(response="utter_name_a_procedure")
            return []
        case = case_of(procedure, said, tracker, self._context.facts)
        page = int(tracker.get_slot("page") or 1) + 1
        shown = answer(procedure, aspect, self._context.facts, asked(said, case, page))
        show(dispatcher, tracker, procedure, shown, describe(procedure, shown, aspect, 1.0, None))
        return remember(procedure, case, aspect, shown.page)


class RejectProcedure(Action):
    """ "Không phải thủ tục này": offer the next candidates, or ask for other words."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_reject_procedure"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        rejected = tracker.get_slot("procedure")
        if said.link and said.link.code != rejected and said.link.confidence >= SURE:
            return AnswerProcedure(self._context).run(dispatcher, tracker, domain)
        rest = [found for found in tracker.get_slot("candidates") or [] if found["code"] != rejected]
        target = Target(choices=tuple(rest[:MOST_CHOICES]))
        _ask_which(dispatcher, target, tracker.get_slot("aspect") or "overview", asked_before=True)
        return [SlotSet("procedure", None), SlotSet("candidates", rest)]


def _ask_which(dispatcher: CollectingDispatcher, target: Target, aspect: str, *, asked_before: bool) -> None:
    if target.choices:
        buttons = [{"title": found["name"], "payload": payload(found["code"], aspect)} for found in target.choices]
        buttons.append({"title": "Không có thủ tục tôi cần", "payload": "/deny_procedure"})
        dispatcher.utter_message(response="utter_which_procedure", buttons=buttons)
    elif asked_before:
        dispatcher.utter_message(response="utter_unknown_procedure")
    else:
        dispatcher.utter_message(response="utter_name_a_procedure")
