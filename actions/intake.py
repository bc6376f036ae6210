"""The complaint conversation, without Rasa: what is known, what is missing, what to ask next.

An `Intake` lives in one slot of the conversation, so it is plain JSON. Each message is absorbed into it; the
form asks for the first thing that is still missing. Nothing here reads a database or a clock.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from actions.heard import Heard
from backlog import words
from catalogue.load import Facts
from vntext import patterns, when

# What the bot may ask, in this order. "details" (procedure, person) may be skipped; "identity" only when offered.
QUESTIONS = ("story", "category", "place", "when", "details", "contact", "identity", "confirm")
KIND_OF_INTENT = {"praise": "khen", "propose": "kien_nghi"}
# Calibrated on data/eval/nlu: with this much and this lead the first category is right nine times in ten.
SURE_CATEGORY = 0.35
CATEGORY_LEAD = 0.1
SECOND_CATEGORY = 0.2
LINK_IN_STORY = 0.6
_STORY_WORDS = 8
_SHORT_STORY_WORDS = 5


@dataclass(frozen=True)
class Intake:
    """All that a citizen has told so far. Empty values are missing ones."""

    id: str
    kind: str = "phan_anh"
    told_at: str = ""
    story: str = ""
    categories: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    place_key: str = ""
    place_text: str = ""
    place_options: list[str] = field(default_factory=list)
    agency_key: str = ""
    counter: str = ""
    official: str = ""
    first: str = ""
    last: str = ""
    when_text: str = ""
    procedure_code: str = ""
    procedure_name: str = ""
    trips: int = 0
    money: str = ""
    contact: str = ""
    identity_sealed: str = ""
    phone_sealed: str = ""
    skipped: list[str] = field(default_factory=list)
    asked: str = ""
    tries: int = 0
    confirmed: bool = False

    def to_slot(self) -> dict[str, Any]:
        """Plain JSON for Rasa's slot."""
        return asdict(self)

    @classmethod
    def from_slot(cls, value: dict[str, Any]) -> "Intake":
        """Read a slot back. Raises TypeError when it holds something else."""
        return cls(**value)


def begin(said: Heard, facts: Facts) -> Intake:
    """Start from the citizen's own words."""
    intake = Intake(
        id=said.message_id, kind=KIND_OF_INTENT.get(said.intent, "phan_anh"), told_at=said.sent_at.isoformat()
    )
    return _take_story(intake, said, facts) if _tells_something(said, facts) else intake


def next_question(intake: Intake) -> str | None:
    """The first thing that is still missing; None when the citizen has confirmed."""
    wanted = {
        "story": not intake.story,
        "category": intake.kind == "phan_anh" and not intake.categories,
        "place": not (intake.place_key or intake.agency_key or "place" in intake.skipped),
        "when": intake.kind == "phan_anh" and not (intake.when_text or "when" in intake.skipped),
        "details": intake.kind == "phan_anh"
        and not (intake.procedure_code or intake.official or intake.counter or "details" in intake.skipped),
        "contact": not intake.contact,
        "identity": intake.contact == "named" and not intake.identity_sealed,
        "confirm": not intake.confirmed,
    }
    return next((question for question in QUESTIONS if wanted[question]), None)


def absorb(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """Take an answer to `intake.asked`; None when the message is no answer to it."""
    if field_to_fix := said.value("fix"):
        return reopen(intake, field_to_fix)
    if category := said.value("category"):
        return replace(intake, categories=[category], guesses=[])
    if said.intent == "correction":
        corrected = _take_facts(intake, said, facts)
        if corrected != intake:
            return corrected
    take = _TAKERS.get(intake.asked)
    return take(intake, said, facts) if take else None


def reopen(intake: Intake, question: str) -> Intake:
    """Forget the answer to one question, so that it is asked again."""
    emptied: dict[str, dict[str, Any]] = {
        "story": {"story": "", "categories": []},
        "category": {"categories": []},
        "place": {"place_key": "", "place_text": "", "place_options": [], "agency_key": ""},
        "when": {"first": "", "last": "", "when_text": ""},
        "details": {"procedure_code": "", "procedure_name": "", "official": "", "counter": ""},
        "contact": {"contact": "", "identity_sealed": "", "phone_sealed": ""},
    }
    skipped = [name for name in intake.skipped if name != question]
    return replace(intake, skipped=skipped, tries=0, asked="", **emptied[question])


def _tells_something(said: Heard, facts: Facts) -> bool:
    """Whether a first message is a story or only the wish to tell one ("tôi muốn phản ánh cán bộ")."""
    words = len(said.text.split())
    concrete = bool(
        facts.places.find(said.text)
        or when.find_times(said.text, said.sent_at)
        or said.first("counter")
        or patterns.find_money(said.text)
        or patterns.find_trips(said.text)
    )
    sure = _sure_categories(said) not in ([], ["other_conduct"])
    return words >= _STORY_WORDS or (words >= _SHORT_STORY_WORDS and (concrete or sure))


def _sure_categories(said: Heard) -> list[str]:
    """One category, or two when a story is clearly about both; none when it has to be asked."""
    if len(said.categories) < 2:
        return []
    (first, best), (second, next_best) = ((str(c["name"]), float(c["confidence"])) for c in said.categories[:2])
    if best >= SURE_CATEGORY and best - next_best >= CATEGORY_LEAD:
        return [first, second] if next_best >= SECOND_CATEGORY and second != "other_conduct" else [first]
    both = best + next_best >= 2 * SURE_CATEGORY and "other_conduct" not in (first, second)
    return [first, second] if both else []


def _take_story(intake: Intake, said: Heard, facts: Facts) -> Intake:
    intake = replace(intake, story=f"{intake.story}\n{said.text}".strip())
    if said.categories and not intake.categories:
        guesses = [str(found["name"]) for found in said.categories[:3]]
        intake = replace(intake, guesses=guesses, categories=_sure_categories(said))
    intake = _take_facts(intake, said, facts)
    trips = patterns.find_trips(said.text)
    money = patterns.find_money(said.text)
    return replace(
        intake,
        trips=int(trips[0].value) if trips else intake.trips,
        money=money[0].value if money else intake.money,
    )


def _take_facts(intake: Intake, said: Heard, facts: Facts) -> Intake:
    """Whatever place, time, person and procedure a text holds, over what was known before."""
    intake = _place_in(intake, said, facts)
    intake = _time_in(intake, said)
    intake = _person_in(intake, said)
    if said.link and said.link.confidence >= LINK_IN_STORY:
        intake = replace(intake, procedure_code=said.link.code, procedure_name=said.link.name)
    return intake


def _place_in(intake: Intake, said: Heard, facts: Facts) -> Intake:
    if named := said.value("place_key"):
        return replace(intake, place_key=named, place_text=facts.places.get(named).name, place_options=[])
    matches = facts.places.find(said.text)
    if matches:
        best = matches[0]
        if len(best.keys) == 1:
            return replace(intake, place_key=best.keys[0], place_text=best.text, place_options=[])
        return replace(intake, place_key="", place_text=best.text, place_options=list(best.keys[:4]))
    agency = next((one for one in said.entities if one.get("entity") == "agency" and one.get("keys")), None)
    if agency and agency.get("keys"):
        return replace(intake, agency_key=agency["keys"][0], place_text=agency["value"], place_options=[])
    return intake


def _time_in(intake: Intake, said: Heard) -> Intake:
    spans = when.find_times(said.text, said.sent_at)
    if not spans:
        return intake
    span = spans[0]
    return replace(intake, first=span.first.isoformat(), last=span.last.isoformat(), when_text=span.label)


def _person_in(intake: Intake, said: Heard) -> Intake:
    return replace(
        intake,
        counter=_counter(said) or intake.counter,
        official=said.value("official") or intake.official,
    )


def _counter(said: Heard) -> str:
    """ "quay so 3", "cửa 3" → "quầy số 3"."""
    digits = "".join(char for char in said.value("counter") or "" if char.isdigit())
    return f"quầy số {digits}" if digits else ""


def _answer_story(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    return _take_story(intake, said, facts)


def _answer_category(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if said.categories and said.intent == "complain":
        return replace(intake, categories=[str(said.categories[0]["name"])])
    return replace(intake, categories=intake.guesses[:1] or ["other_conduct"]) if said.intent == "affirm" else None


def _answer_place(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    found = _time_in(_place_in(intake, said, facts), said)
    if found.place_key or found.agency_key or found.place_options != intake.place_options:
        return replace(found, tries=0)
    if said.value("skip") or intake.tries:  # told twice and still unknown to us: keep the words, a person will see
        text = intake.place_text if said.value("skip") else said.text
        return replace(intake, place_text=text, skipped=[*intake.skipped, "place"], tries=0)
    return replace(intake, tries=intake.tries + 1, place_text=said.text)


def _answer_when(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    found = _time_in(intake, said)
    if found.when_text:
        return replace(found, tries=0)
    if said.value("skip") or intake.tries or said.intent in ("deny", "inform"):
        text = "" if said.value("skip") else said.text
        return replace(intake, when_text=text, skipped=[*intake.skipped, "when"], tries=0)
    return replace(intake, tries=intake.tries + 1)


def _answer_details(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if said.value("skip") or said.intent == "deny":
        return replace(intake, skipped=[*intake.skipped, "details"])
    found = _take_facts(intake, said, facts)
    if not (found.official or found.counter or found.procedure_code):
        found = replace(found, official=said.text)
    return found


def _answer_contact(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if choice := said.value("contact"):
        return replace(intake, contact=choice)
    if sealed := said.metadata.get("phone_sealed"):
        return replace(intake, contact="named", identity_sealed=sealed, phone_sealed=sealed)
    if said.intent == "deny" or "giấu" in said.text.lower() or "giau" in said.text.lower():
        return replace(intake, contact="chat")
    return replace(intake, contact="named") if said.intent == "affirm" else None


def _answer_identity(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if sealed := said.metadata.get("identity_sealed"):
        return replace(intake, identity_sealed=sealed, phone_sealed=said.metadata.get("phone_sealed") or "")
    return replace(intake, contact="chat") if said.intent == "deny" or said.value("contact") == "chat" else None


def _answer_confirm(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """Yes; or a correction in the citizen's own words ("à nhầm, phường 4"); or more of the story."""
    if said.intent == "affirm":
        return replace(intake, confirmed=True)
    corrected = _take_facts(intake, said, facts)
    if corrected != intake:
        return corrected
    if said.intent in ("complain", "add_information", "inform") and len(said.text.split()) >= _SHORT_STORY_WORDS:
        return _take_story(intake, said, facts)
    return None


_TAKERS = {
    "story": _answer_story,
    "category": _answer_category,
    "place": _answer_place,
    "when": _answer_when,
    "details": _answer_details,
    "contact": _answer_contact,
    "identity": _answer_identity,
    "confirm": _answer_confirm,
}


def summary(intake: Intake, facts: Facts) -> str:
    """The lines that the citizen checks before sending."""
    told_on = date.fromisoformat(intake.told_at[:10])
    what = [words.CATEGORIES[name] for name in intake.categories]
    if intake.trips > 1:
        what.append(f"phải đi lại {intake.trips} lần")
    if intake.money:
        what.append(f"tiền bị đòi: {intake.money}")
    place = facts.places.label(intake.place_key, told_on) if intake.place_key else _agency_or_words(intake, facts)
    people = ", ".join(part for part in (intake.official, intake.counter) if part)
    lines = [
        ("Việc", "; ".join(what)),
        ("Nơi", place),
        ("Lúc", intake.when_text),
        ("Thủ tục", intake.procedure_name),
        ("Người tiếp", people),
        ("Lời kể", intake.story),
        ("Liên hệ", "đã niêm phong tên, số điện thoại" if intake.contact == "named" else "giấu tên, trả lời tại đây"),
    ]
    return "\n".join(f"{name}: {value}" for name, value in lines if value)


def _agency_or_words(intake: Intake, facts: Facts) -> str:
    return facts.agencies.get(intake.agency_key).name if intake.agency_key else intake.place_text
