"""The citizen's case as the conversation knows it, and how an answer about a procedure is shown and remembered."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import Heard, Link
from catalogue.answers import CHECKLIST, READ_ON, Answer, Asked
from catalogue.load import Facts
from catalogue.procedures import Procedure
from catalogue.reckoning import handing_in, last_day
from catalogue.situations import event_day


@dataclass(frozen=True)
class Case:
    """What the conversation knows of the citizen's case: answers to the procedure's questions, and the day from
    which their own deadline runs."""

    told: dict[str, str]
    event: date | None


def case_of(procedure: Procedure, said: Heard, tracker: Tracker, facts: Facts) -> Case:
    """What was known of this procedure's case, and what this message adds."""
    kept = tracker.get_slot("case") or {}
    if kept.get("procedure") != procedure.code:
        kept = {}
    told = dict(kept.get("told", {}))
    event = date.fromisoformat(kept["event"]) if kept.get("event") else None
    told |= facts.situations.told(procedure, said.text, said.sent_at.date())
    if rule := procedure.citizen_deadline:
        event = event_day(rule, said.text, said.sent_at) or event
        told |= _in_time(procedure, event, said.sent_at.date(), facts)
    return Case(told, event)


def _in_time(procedure: Procedure, event: date | None, today: date, facts: Facts) -> dict[str, str]:
    """The answer to a question with the options in_time and late, when the day of the event decides it."""
    if event is None or procedure.citizen_deadline is None:
        return {}
    last = last_day(procedure.citizen_deadline, event, facts.calendar)
    if last is None:
        return {}
    key = "late" if today > last else "in_time"
    return {one.key: key for one in procedure.questions if {"late", "in_time"} <= {o.key for o in one.options}}


def asked(said: Heard, case: Case, page: int = 1) -> Asked:
    """The question as the catalogue wants it."""
    return Asked(said.sent_at, case.told, handing_in(said.text, said.sent_at), case.event, page)


def remember(procedure: Procedure, case: Case, aspect: str, page: int) -> list[EventType]:
    """The slots that keep the talk on this procedure and this case."""
    event = case.event.isoformat() if case.event else None
    return [
        SlotSet("procedure", procedure.code),
        SlotSet("aspect", aspect),
        SlotSet("page", page),
        SlotSet("checklist", None),
        SlotSet("case", {"procedure": procedure.code, "told": case.told, "event": event}),
    ]


def show(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    procedure: Procedure,
    shown: Answer,
    custom: dict[str, Any],
) -> None:
    """Say an answer, with its buttons unless a form is waiting for something else."""
    in_form = bool(tracker.active_loop.get("name"))
    buttons = [] if in_form else _follow_ups(procedure, shown)
    dispatcher.utter_message(text=shown.text, buttons=buttons, custom={"procedure": custom})


def describe(
    procedure: Procedure, shown: Answer, aspect: str, confidence: float, link: Link | None
) -> dict[str, Any]:
    """`custom.procedure` of a reply: what was answered, from which source, and how sure the bot was."""
    return {
        "code": procedure.code,
        "name": procedure.name,
        "aspect": aspect,
        "confidence": round(confidence, 4),
        "candidates": link.candidates if link else [],
        "as_of": shown.as_of.isoformat(),
        "source": shown.source,
        "unverified": list(shown.unverified),
    }


def payload(code: str, aspect: str) -> str:
    """The button payload that asks for one aspect of one procedure."""
    return f'/ask_procedure{{"procedure":"{code}","aspect":"{aspect}"}}'


def _follow_ups(procedure: Procedure, shown: Answer) -> list[dict[str, str]]:
    buttons = [{"title": title, "payload": _leads(procedure, what)} for title, what in shown.buttons]
    return [*buttons, {"title": "Không phải thủ tục này", "payload": "/deny_procedure"}]


def _leads(procedure: Procedure, what: str) -> str:
    if what == READ_ON:
        return "/read_on"
    return f'/checklist{{"procedure":"{procedure.code}"}}' if what == CHECKLIST else payload(procedure.code, what)
