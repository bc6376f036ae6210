"""The complaint conversation, without Rasa: what is known, what is missing, what to ask next.

An `Intake` lives in one slot of the conversation, so it is plain JSON. Each message is absorbed into it; the
form asks for the first thing that is still missing. Nothing here reads a database or a clock.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from actions import phrases
from actions.danger import in_danger
from actions.heard import Heard
from actions.law import legal_kind, wants_letter
from actions.stories import apart
from backlog import words
from catalogue.load import Facts
from vntext import patterns, when
from vntext.fold import fold

# What the bot may ask, in this order. A story with place and time leaves the contact choice and the confirmation.
# "law" explains khiếu nại and tố cáo, "details" (procedure, person) is asked only of somebody who wants to mend it.
QUESTIONS = ("story", "stories", "law", "category", "place", "when", "details", "contact", "identity", "confirm")
KIND_OF_INTENT = {"praise": "khen", "propose": "kien_nghi"}
PETITIONS = ("khieu_nai", "to_cao")
"""Kinds that end in a drafted letter, not in a ticket: the bot accepts neither in the agency's place."""
# Calibrated on data/eval/nlu: with this much and this lead the first category is right nine times in ten.
SURE_CATEGORY = 0.35
CATEGORY_LEAD = 0.1
SECOND_CATEGORY = 0.2
LINK_IN_STORY = 0.6
NAMED_IN_STORY = 0.45
"""How much of a procedure's name a story has to say: most stories name none, and some procedure is always nearest."""
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
    urgent: bool = False
    petition: str = ""
    apart: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    contact: str = ""
    identity_sealed: str = ""
    phone_sealed: str = ""
    skipped: list[str] = field(default_factory=list)
    mending: str = ""
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
    kind = said.value("petition") or _kind(said)
    intake = Intake(id=said.message_id, kind=kind, told_at=said.sent_at.isoformat())
    begun = [category] if (category := said.value("category")) else []
    intake = replace(intake, categories=begun)
    return _first_story(intake, said, facts) if _tells_something(said, facts) else intake


def _kind(said: Heard) -> str:
    """What is begun with a message: who asks for a letter in words has named its kind."""
    if said.intent == "how_to_complain" and wants_letter(said.text):
        return legal_kind(said.text)
    return KIND_OF_INTENT.get(said.intent, "phan_anh")


def next_question(intake: Intake) -> str | None:
    """The first thing that is still missing; None when the citizen has confirmed."""
    conduct, petition = intake.kind == "phan_anh", intake.kind in PETITIONS
    wanted = {
        "story": not intake.story,
        "stories": bool(intake.apart),
        "law": conduct and bool(intake.petition) and "law" not in intake.skipped,
        "category": conduct and not intake.categories,
        "place": not (intake.place_key or intake.agency_key or "place" in intake.skipped),
        "when": conduct and not (intake.when_text or "when" in intake.skipped),
        "details": intake.mending == "details",
        "contact": not petition and not intake.contact,
        "identity": intake.contact == "named" and not intake.identity_sealed,
        "confirm": not petition and not intake.confirmed,
    }
    return next((question for question in QUESTIONS if wanted[question]), None)


def absorb(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """Take an answer to `intake.asked`; None when the message is no answer to it."""
    if said.intent == "attach":
        return intake
    if field_to_fix := said.value("fix"):
        return reopen(intake, field_to_fix)
    if category := said.value("category"):
        return replace(intake, categories=[category], guesses=[])
    if said.intent == "correction":
        corrected = _take_facts(intake, _meant(said), facts)
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
    return replace(intake, skipped=skipped, mending=question, tries=0, asked="", **emptied[question])


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


def _first_story(intake: Intake, said: Heard, facts: Facts) -> Intake:
    """The story that a complaint begins with; two stories are kept apart until the citizen has said which it is."""
    whole = _take_story(intake, said, facts)
    stories = apart(said, facts) if intake.kind == "phan_anh" else [said]
    if len(stories) < 2:
        return whole
    return replace(whole, apart=[_take_story(intake, story, facts).to_slot() for story in stories])


def _take_story(intake: Intake, said: Heard, facts: Facts) -> Intake:
    intake = replace(
        intake,
        story=f"{intake.story}\n{said.text}".strip(),
        urgent=intake.urgent or in_danger(said.text),
        petition=intake.petition or legal_kind(said.text),
    )
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
    if said.link and said.link.confidence >= LINK_IN_STORY and said.link.evidence >= NAMED_IN_STORY:
        intake = replace(intake, procedure_code=said.link.code, procedure_name=said.link.name)
    return intake


def _place_in(intake: Intake, said: Heard, facts: Facts) -> Intake:
    if key := said.value("place_key"):
        return replace(intake, place_key=key, place_text=facts.places.get(key).name, place_options=[])
    if chosen := _chosen(intake, said.text, facts):
        return replace(intake, place_key=chosen, place_options=[])
    matches = facts.places.find(said.text)
    agency = _agency(said)
    if matches:
        best = matches[0]
        named = replace(intake, place_text=best.text, official=_elsewhere(intake, best.text))
        if len(best.keys) > 1:
            return replace(named, agency_key=agency, place_key="", place_options=list(best.keys[:4]))
        # "Công an phường 2" is not the ward's committee: the place says where, the agency whom it is about.
        agency = agency or _office(said, best.keys[0], facts)
        return replace(named, agency_key=agency, place_key=best.keys[0], place_options=[])
    if agency:
        words = next(one["value"] for one in said.entities if one.get("entity") == "agency")
        return replace(intake, agency_key=agency, place_text=words, place_options=[])
    return intake


def _chosen(intake: Intake, text: str, facts: Facts) -> str:
    """Which of the places that share a name is meant: by its district, or by its place in the list."""
    if not intake.place_options or intake.asked != "place":
        return ""
    named = {key for match in facts.places.find(text) for key in match.keys}
    within = [key for key in intake.place_options if facts.places.get(key).district in named or key in named]
    if len(within) == 1:
        return within[0]
    if named:
        return ""
    at = phrases.which(text)
    return intake.place_options[at] if at is not None and at < len(intake.place_options) else ""


def _elsewhere(intake: Intake, place: str) -> str:
    """The official, without the old place in the words when another place is named: "cán bộ phường 3" → "cán bộ"."""
    official, old = intake.official, intake.place_text
    at = fold(official).find(fold(old)) if old and fold(old) != fold(place) else -1
    return official[:at].strip(" ,") if at >= 0 else official


def _office(said: Heard, place_key: str, facts: Facts) -> str:
    """The key of a place's police where a text is about them; empty for its committee, which the place stands for."""
    if phrases.office(said.text) != "police":
        return ""
    found = facts.agencies.for_place(place_key, office="police")
    return found.key if found else ""


def _agency(said: Heard) -> str:
    """The one agency that a text names; empty when there is none, or when it may be several."""
    keys = [one.get("keys") or [] for one in said.entities if one.get("entity") == "agency"]
    return str(keys[0][0]) if keys and len(keys[0]) == 1 else ""


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
    return _first_story(intake, said, facts)


def _answer_stories(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """One ticket or two. Where the second story leaves out place or time, they are those of the first."""
    choice = said.value("stories") or phrases.story_count(said.text)
    if choice == "one" or (not choice and said.intent == "deny"):
        return replace(intake, apart=[])
    if choice != "two" and said.intent != "affirm":
        return None
    first, *others = (Intake.from_slot(one) for one in intake.apart)
    told = [replace(one, id=f"{intake.id}:{at}", **_missing(one, first)) for at, one in enumerate(others, start=2)]
    petition = first.petition or intake.petition  # either story may be what the law calls a tố cáo
    others_told = [one.to_slot() for one in told]
    parted = replace(first, others=others_told, apart=[], petition=petition)
    return replace(parted, skipped=intake.skipped, files=intake.files)


def _missing(one: Intake, first: Intake) -> dict[str, Any]:
    """What a second story takes over from the first."""
    taken: dict[str, Any] = {} if one.categories else {"categories": one.guesses[:1] or ["other_conduct"]}
    for names in (("place_key", "agency_key", "place_text"), ("first", "last", "when_text")):
        if not any(getattr(one, name) for name in names):
            taken |= {name: getattr(first, name) for name in names}
    return taken


def _answer_law(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """On with the part about conduct; the letter is drafted by a button that does not end the form."""
    if said.value("skip") or said.intent == "affirm":
        return replace(intake, skipped=[*intake.skipped, "law"])
    told = _take_facts(intake, said, facts)
    return replace(told, skipped=[*told.skipped, "law"]) if told != intake else None


def _answer_category(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if said.categories and said.intent == "complain":
        return replace(intake, categories=[str(said.categories[0]["name"])])
    return replace(intake, categories=intake.guesses[:1] or ["other_conduct"]) if said.intent == "affirm" else None


def _answer_place(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    found = _time_in(_place_in(intake, said, facts), said)
    if found.place_key or found.agency_key or found.place_options != intake.place_options:
        return replace(found, tries=0)
    # Told twice and still unknown to us: keep the words, a person will see.
    if said.value("skip") or intake.tries or phrases.knows_not(said.text):
        text = said.text if intake.tries and not said.value("skip") else intake.place_text
        return replace(intake, place_text=text, skipped=[*intake.skipped, "place"], tries=0)
    return replace(intake, tries=intake.tries + 1, place_text=said.text)


def _answer_when(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    found = _time_in(intake, said)
    if found.when_text:
        return replace(found, tries=0)
    if said.value("skip") or intake.tries or said.intent in ("deny", "inform") or phrases.is_vague(said.text):
        text = "" if said.value("skip") else said.text
        return replace(intake, when_text=text, skipped=[*intake.skipped, "when"], tries=0)
    return replace(intake, tries=intake.tries + 1)


def _answer_details(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    intake = replace(intake, mending="")
    if said.value("skip") or said.intent == "deny":
        return intake
    found = _take_facts(intake, said, facts)
    if not (found.official or found.counter or found.procedure_code):
        found = replace(found, official=said.text)
    return found


def _answer_contact(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if choice := said.value("contact"):
        return replace(intake, contact=choice)
    if sealed := said.metadata.get("phone_sealed"):
        return replace(intake, contact="named", identity_sealed=sealed, phone_sealed=sealed)
    if contact := phrases.contact(said.text):
        return replace(intake, contact=contact)
    return None  # "vâng" chooses nothing: consent is never taken for granted (Nghị định 356/2025/NĐ-CP)


def _answer_identity(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    if sealed := said.metadata.get("identity_sealed"):
        return replace(intake, identity_sealed=sealed, phone_sealed=said.metadata.get("phone_sealed") or "")
    return replace(intake, contact="chat") if said.intent == "deny" or said.value("contact") == "chat" else None


def _answer_confirm(intake: Intake, said: Heard, facts: Facts) -> Intake | None:
    """Yes; or more of the story; or a correction in the citizen's own words ("à nhầm, phường 4")."""
    if said.intent == "affirm" or phrases.says_yes(said.text):
        return replace(intake, confirmed=True)
    more = said.intent in ("complain", "add_information", "inform", "praise", "propose")
    if more and len(said.text.split()) >= _STORY_WORDS and not phrases.mends(said.text):
        return _take_story(intake, said, facts)
    corrected = _take_facts(intake, _meant(said), facts)
    if corrected != intake:
        return corrected
    return _take_story(intake, said, facts) if more and len(said.text.split()) >= _SHORT_STORY_WORDS else None


def _meant(said: Heard) -> Heard:
    """What a correction puts in the place of what it denies."""
    start = phrases.meant_from(said.text)
    if not start:
        return said
    kept = [one for one in said.entities if int(one.get("start", start)) >= start]
    return replace(said, text=said.text[start:], entities=kept, link=None)


_TAKERS = {
    "story": _answer_story,
    "stories": _answer_stories,
    "law": _answer_law,
    "category": _answer_category,
    "place": _answer_place,
    "when": _answer_when,
    "details": _answer_details,
    "contact": _answer_contact,
    "identity": _answer_identity,
    "confirm": _answer_confirm,
}


CONTACTS = {
    "named": "đã niêm phong tên, số điện thoại",
    "chat": "giấu tên, trả lời tại đây",
    "anonymous": "ẩn danh, xem trả lời bằng số phiếu và mã biên nhận",
}


def summary(intake: Intake, facts: Facts) -> str:
    """The lines that the citizen checks before sending; a second story has lines of its own."""
    stories = [intake, *map(Intake.from_slot, intake.others)]
    told = [_lines(one, facts) for one in stories]
    if len(told) > 1:
        told = [[(f"Phiếu {at}", ""), *lines] for at, lines in enumerate(told, start=1)]
    shared = [
        ("Tệp kèm", f"{len(intake.files)} tệp" if intake.files else ""),
        ("Liên hệ", CONTACTS.get(intake.contact, "")),
    ]
    lines = [line for one in told for line in one] + [line for line in shared if line[1]]
    return "\n".join(f"{name}: {value}" if value else name for name, value in lines)


def _lines(intake: Intake, facts: Facts) -> list[tuple[str, str]]:
    what = [words.CATEGORIES[name] for name in intake.categories]
    if intake.trips > 1:
        what.append(f"phải đi lại {intake.trips} lần")
    if intake.money:
        what.append(f"tiền bị đòi: {intake.money}")
    people = ", ".join(part for part in (intake.official, intake.counter) if part)
    lines = [
        ("Việc", "; ".join(what)),
        ("Nơi", where(intake, facts)),
        ("Lúc", intake.when_text),
        ("Thủ tục", intake.procedure_name),
        ("Người tiếp", people),
        ("Lời kể", intake.story),
    ]
    return [(name, value) for name, value in lines if value]


def where(intake: Intake, facts: Facts) -> str:
    """The place as people know it, with today's unit; the agency where it is another than the place's committee."""
    told_on = date.fromisoformat(intake.told_at[:10])
    agency = facts.agencies.get(intake.agency_key) if intake.agency_key else None
    if not intake.place_key:
        return agency.name if agency else intake.place_text
    place = facts.places.label(intake.place_key, told_on)
    return f"{agency.name}, {place}" if agency and agency.level != "commune" else place
