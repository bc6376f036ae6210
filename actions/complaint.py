"""The complaint form's two actions: take in what was said and ask on, then file the ticket."""

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions import intake as talk
from actions import law, phrases
from actions.case import payload
from actions.context import ActionContext
from actions.danger import in_danger
from actions.heard import Heard, heard, heard_before
from actions.intake import Intake
from actions.procedure import SURE
from backlog import evidence, links, routing, tickets, words
from backlog.identity import Contact
from backlog.model import Ticket
from backlog.petitions import Kind, Told
from backlog.tickets import Draft
from catalogue.load import Facts
from kit import clock
from kit.crypto import Sealer
from kit.db import session_scope
from vntext import patterns

FORM = "complaint_form"
# Clear words of another kind: answered first, then the form goes on. Anything else is taken as an answer.
INTERRUPTING = {
    "ask_procedure",
    "ticket_status",
    "how_to_complain",
    "hotline",
    "human",
    "data_rights",
    "dossier_status",
    "emergency",
    "bot_challenge",
    "greet",
    "thanks",
    "infrastructure_report",
    "dialogue_schedule",
}
SURE_INTERRUPTION = 0.7
# Acts whose answer has a button to complain about the same matter.
_OFFERS_COMPLAINT = ("infrastructure_report", "dossier_status", "data_rights")
_QUESTIONS_WITH_BUTTONS = {
    "stories": [  # in this order, so that "1" and "2" typed mean what they say
        ("Một chuyện, ghi một phiếu", '/choose{"stories":"one"}'),
        ("Hai chuyện, ghi hai phiếu", '/choose{"stories":"two"}'),
    ],
    "law": [
        ("Ghi phản ánh tại đây", '/choose{"skip":"law"}'),
        ("Soạn đơn khiếu nại", '/choose{"petition":"khieu_nai"}'),
        ("Soạn đơn tố cáo", '/choose{"petition":"to_cao"}'),
        ("Hủy", "/cancel"),
    ],
    "when": [("Không nhớ ngày", '/choose{"skip":"when"}')],
    "details": [("Không nhớ", '/choose{"skip":"details"}')],
    "contact": [
        ("Đồng ý, giấu tên", '/choose{"contact":"chat"}'),
        ("Đồng ý, để lại tên và số", '/choose{"contact":"named"}'),
        ("Đồng ý, ẩn danh hoàn toàn", '/choose{"contact":"anonymous"}'),
        ("Không đồng ý, thôi gửi", "/cancel"),
    ],
    "identity": [("Thôi, giấu tên", '/choose{"contact":"chat"}')],
    "confirm": [("Đúng, gửi đi", "/affirm"), ("Sửa lại", "/correction"), ("Hủy", "/cancel")],
}
_FIXES = [("Việc", "story"), ("Nơi", "place"), ("Lúc", "when"), ("Người, thủ tục", "details"), ("Liên hệ", "contact")]


class ValidateComplaintForm(Action):
    """Called at every step of the form: absorbs the message, or rejects it so that a rule answers it first."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return f"validate_{FORM}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        known = _known(tracker)
        if known is None:
            known = talk.begin(_told_before(said, tracker), self._context.facts)
            _offer_answer(dispatcher, said)
        elif not _comes_back(tracker):
            if said.intent in ("cancel", "withdraw") or _refuses(said, known):
                return _stop(known)
            if (kind := said.value("petition")) in talk.PETITIONS:
                self._draft(dispatcher, said, replace(known, kind=kind))
                return _asking(known, known.asked)
            if _interrupts(said, known):
                return []
            changed = talk.absorb(known, said, self._context.facts)
            if changed is None and known.asked == "confirm" and said.intent in ("correction", "deny"):
                dispatcher.utter_message(response="utter_ask_what_to_fix", buttons=_buttons(_FIXES, "fix"))
                return _asking(known, "confirm")
            if changed is not None and said.intent == "correction" and known.asked != "confirm":
                dispatcher.utter_message(response="utter_mended")
            known = changed or known
            if said.files:
                dispatcher.utter_message(response="utter_files_received", count=len(said.files))
        return self._ask(dispatcher, self._warned(dispatcher, self._with_files(said, known)))

    def _with_files(self, said: Heard, known: Intake) -> Intake:
        """The files sent since just before the story that belong to nothing yet, with whatever message they came."""
        if said.conversation_id is None:
            return known
        since = datetime.fromisoformat(known.told_at) - evidence.JUST_BEFORE
        with session_scope(self._context.engine) as session:
            sent = evidence.loose(session, said.conversation_id, since)
        return replace(known, files=[str(one) for one in sent])

    def _warned(self, dispatcher: CollectingDispatcher, known: Intake) -> Intake:
        """Where somebody may be in danger the emergency numbers come before any question, once."""
        if not known.urgent or "danger" in known.skipped:
            return known
        dispatcher.utter_message(response="utter_danger_first")
        return replace(known, skipped=[*known.skipped, "danger"])

    def _draft(self, dispatcher: CollectingDispatcher, said: Heard, known: Intake) -> None:
        """A letter from what has been told, at an address of its own."""
        custom = {"issue_letter": _letter(self._context, said, known)}
        buttons = _titled(_QUESTIONS_WITH_BUTTONS["law"][:1])
        dispatcher.utter_message(response=f"utter_{known.kind}_drafted", buttons=buttons, custom=custom)

    def _ask(self, dispatcher: CollectingDispatcher, known: Intake) -> list[EventType]:
        question = talk.next_question(known)
        if question is None:
            return [SlotSet("complaint", known.to_slot()), SlotSet("requested_slot", None)]
        ask(dispatcher, known, question, self._context.facts)
        return _asking(known, question)


class FinishComplaint(Action):
    """File the confirmed complaint, or say that nothing was filed."""

    def __init__(self, context: ActionContext) -> None:
        self._context = context

    def name(self) -> str:
        return "action_finish_complaint"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        said = heard(tracker)
        known = Intake.from_slot(tracker.get_slot("complaint"))
        letter = known.kind in talk.PETITIONS and talk.next_question(known) is None
        if letter and not said.dry_run:
            custom = {"issue_letter": _letter(self._context, said, known)}
            dispatcher.utter_message(response=f"utter_{known.kind}_drafted", custom=custom)
        elif not (known.confirmed or letter):
            dispatcher.utter_message(response="utter_complaint_cancelled")
        elif said.dry_run:
            dispatcher.utter_message(response="utter_complaint_dry_run")
        else:
            self._file(dispatcher, said, known)
        return [SlotSet("complaint", None)]

    def _file(self, dispatcher: CollectingDispatcher, said: Heard, known: Intake) -> None:
        """One ticket for each story, tied together; the files go with the first."""
        stories = stories_of(known)
        with session_scope(self._context.engine) as session:
            filed = [self._submit(session, said, story) for story in stories]
            for other in filed[1:]:
                links.link(session, filed[0], other, "same_story", clock.now())
            if known.files and said.conversation_id:
                files = [uuid.UUID(one) for one in known.files]
                evidence.attach(session, filed[0], said.conversation_id, files, clock.now())
        for ticket in filed:
            self._tell(dispatcher, ticket, known)

    def _submit(self, session: Session, said: Heard, story: Intake) -> Ticket:
        return tickets.submit(
            session,
            self._context.facts,
            draft_of(story, self._context.sealer),
            sealer=self._context.sealer,
            idempotency_key=story.id,
            conversation_id=said.conversation_id,
            now=clock.now(),
        ).ticket

    def _tell(self, dispatcher: CollectingDispatcher, ticket: Ticket, known: Intake) -> None:
        anonymous = "_anonymous" if known.contact == "anonymous" else ""
        dispatcher.utter_message(
            response=f"utter_complaint_filed{anonymous}",
            number=ticket.number,
            unit=self._context.facts.agencies.get(ticket.unit_key).name,
            due=clock.say_date(ticket.due_at.date()),
            custom={"ticket": ticket_custom(ticket), "issue_receipt": str(ticket.id)},
        )


def stories_of(known: Intake) -> list[Intake]:
    """The stories that become tickets: who told them and how they want to be known is the same for all."""
    names = ("contact", "identity_sealed", "phone_sealed", "confirmed")
    shared: dict[str, Any] = {name: getattr(known, name) for name in names}
    return [known, *(replace(Intake.from_slot(one), **shared) for one in known.others)]


def _letter(context: ActionContext, said: Heard, known: Intake) -> str:
    """The name of a letter of khiếu nại or tố cáo drafted from what has been told."""
    facts, today = context.facts, said.sent_at.date()
    unit = routing.about_unit(facts.agencies, known.agency_key or None, known.place_key or None, today)
    told = Told(
        story=known.story,
        addressee="",
        unit=unit.name if unit else known.place_text,
        official=", ".join(part for part in (known.official, known.counter) if part),
        place=talk.where(known, facts),
        when=known.when_text,
        procedure=known.procedure_name,
    )
    kind: Kind = "to_cao" if known.kind == "to_cao" else "khieu_nai"
    to = law.addressee(facts, kind, told, known.agency_key, known.place_key, today)
    return law.draft(context, kind, replace(told, addressee=to), said)


def ticket_custom(ticket: Ticket) -> dict[str, Any]:
    """`custom.ticket` of a reply."""
    return {"number": ticket.number, "state": ticket.state, "due": ticket.due_at.isoformat()}


def draft_of(known: Intake, sealer: Sealer) -> Draft:
    """The backlog's draft of what a citizen has told. Opens what was sealed on the way, to be sealed apart."""
    return Draft(
        kind=known.kind,
        categories=known.categories,
        story=known.story,
        place_key=known.place_key or None,
        place_text=known.place_text,
        agency_key=known.agency_key or None,
        counter=known.counter,
        official=known.official,
        event_first=_date(known.first),
        event_last=_date(known.last),
        event_text=known.when_text,
        procedure_code=known.procedure_code or None,
        procedure_name=known.procedure_name,
        trips=known.trips or None,
        money=known.money,
        urgent=known.urgent,
        contact=_contact(known, sealer),
    )


def _contact(known: Intake, sealer: Sealer) -> Contact:
    if known.contact != "named":
        return Contact(kind="anonymous" if known.contact == "anonymous" else "chat")
    text = sealer.open(known.identity_sealed)
    phones = patterns.find_phones(text)
    name = text
    for span in reversed(phones):
        name = name[: span.start] + name[span.end :]
    return Contact(kind="named", name=name.strip(" ,.;-\n"), phone=phones[0].value if phones else "")


def _date(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def ask(dispatcher: CollectingDispatcher, known: Intake, question: str, facts: Facts) -> None:
    """Say one question with its buttons."""
    if question == "confirm":
        dispatcher.utter_message(
            response="utter_ask_complaint_confirm",
            summary=talk.summary(known, facts),
            buttons=_titled(_QUESTIONS_WITH_BUTTONS["confirm"]),
        )
    elif question == "place" and known.place_options:
        told_on = datetime.fromisoformat(known.told_at).date()
        options = [(facts.places.label(key, told_on), key) for key in known.place_options]
        dispatcher.utter_message(
            response="utter_ask_complaint_which_place", place=known.place_text, buttons=_buttons(options, "place_key")
        )
    elif question in ("law", "contact"):
        _ask_with_law(dispatcher, known, question, facts)
    elif question == "category":
        options = [(words.CATEGORIES[name].capitalize(), name) for name in _categories(known)]
        dispatcher.utter_message(response="utter_ask_complaint_category", buttons=_buttons(options, "category"))
    else:
        _ask_plainly(dispatcher, known, question)


def _ask_with_law(dispatcher: CollectingDispatcher, known: Intake, question: str, facts: Facts) -> None:
    """A question that nobody can answer without knowing the law: it stands in data, with its sources."""
    today = datetime.fromisoformat(known.told_at).date()
    if question == "law":
        said = law.say(facts, (known.petition, f"{known.petition}_limits"), today)
    else:
        said = law.say(facts, ("who_sees", "channel_knows", "anonymous", "no_id_card"), today)
    offered = [(title, payload) for title, payload in _QUESTIONS_WITH_BUTTONS[question] if _fits(payload, known)]
    dispatcher.utter_message(
        response=f"utter_ask_complaint_{question}" + ("_back" if known.asked == question else ""),
        law=said,
        kind=law.NAMES.get(known.petition, ""),
        buttons=_titled(offered),
    )


def _fits(payload: str, known: Intake) -> bool:
    """Of the two letters only the one that the story calls for is offered."""
    return "petition" not in payload or f'"{known.petition}"' in payload


def _ask_plainly(dispatcher: CollectingDispatcher, known: Intake, question: str) -> None:
    again = "_again" if known.tries and question in ("place", "when") else ""
    if not again and question == "place" and known.asked == "place":
        again = "_back"
    kind = f"_{known.kind}" if question in ("story", "place") and known.kind in ("khen", "kien_nghi") else ""
    custom = {"expects": "identity"} if question == "identity" else {}
    dispatcher.utter_message(
        response=f"utter_ask_complaint_{question}{kind or again}",
        buttons=_titled(_QUESTIONS_WITH_BUTTONS.get(question, [])),
        custom=custom,
    )


def _categories(known: Intake) -> list[str]:
    return list(dict.fromkeys([*known.guesses, *([] if known.guesses else words.CATEGORIES), "other_conduct"]))


def _known(tracker: Tracker) -> Intake | None:
    value = tracker.get_slot("complaint")
    return Intake.from_slot(value) if value and tracker.active_loop.get("name") == FORM else None


def _told_before(said: Heard, tracker: Tracker) -> Heard:
    """What the form starts from: after a press on "Phản ánh" the message before it, if that told something."""
    before = heard_before(tracker) if said.text.startswith("/") else None
    if before is None or not _worth_telling(before):
        return said
    pressed = [one for one in said.entities if one.get("entity") == "category"]
    return replace(
        before,
        message_id=said.message_id,
        intent=said.intent,
        metadata=said.metadata,
        entities=[*pressed, *before.entities],
    )


def _worth_telling(before: Heard) -> bool:
    """Whether a message under which "Phản ánh" was offered had the story in it already."""
    return "complain" in before.also or before.intent in _OFFERS_COMPLAINT or in_danger(before.text)


def _offer_answer(dispatcher: CollectingDispatcher, said: Heard) -> None:
    """A complaint that also asks about a procedure is not left without the answer."""
    if "ask_procedure" in said.also and said.link and said.link.confidence >= SURE:
        button = {"title": "Xem câu trả lời", "payload": payload(said.link.code, said.aspect())}
        dispatcher.utter_message(response="utter_also_asks", procedure=said.link.name, buttons=[button])


def _comes_back(tracker: Tracker) -> bool:
    """Whether the form goes on after a rule has answered the citizen's message: ask again, absorb nothing."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") not in ("action_listen", FORM):
            return True
    return False


def _refuses(said: Heard, known: Intake) -> bool:
    """Whether somebody does not agree that anything is kept: asked for consent, "không" alone decides nothing."""
    return known.asked == "contact" and phrases.refuses(said.text)


def _interrupts(said: Heard, known: Intake) -> bool:
    if said.intent not in INTERRUPTING or said.confidence < SURE_INTERRUPTION:
        return False
    if said.intent != "ask_procedure":
        return True
    if said.value("procedure"):  # a pressed button
        return True
    if said.link is None or said.link.confidence < SURE:  # "tại sao phải chọn" asks about no procedure
        return False
    return known.asked != "details" or bool(said.aspects and said.aspects[0]["name"] != "overview")


def _stop(known: Intake) -> list[EventType]:
    return [SlotSet("complaint", known.to_slot()), SlotSet("requested_slot", None), ActiveLoop(None)]


def _asking(known: Intake, question: str) -> list[EventType]:
    slot = {**known.to_slot(), "asked": question}
    return [SlotSet("complaint", slot), SlotSet("requested_slot", question)]


def _titled(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"title": title, "payload": payload} for title, payload in pairs]


def _buttons(options: list[tuple[str, str]], key: str) -> list[dict[str, str]]:
    return [{"title": title, "payload": f'/choose{{"{key}":"{value}"}}'} for title, value in options]
