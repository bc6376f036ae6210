"""What a procedure is: the strict schema of data/procedures/*.yml.

Short forms in the files: a paper or a remark that is nothing but its text may be written as plain text.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from catalogue.document import Strict
from catalogue.validity import Dated, holds

Text = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^\d\.\d{6}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,15}$")]
Confidence = Literal["high", "medium", "low"]

ASPECTS = (
    "documents",
    "fee",
    "time",
    "place",
    "steps",
    "form",
    "online",
    "conditions",
    "legal_basis",
    "overview",
)
Checked = Literal[
    "authority",
    "authority_2024",
    "channels",
    "conditions",
    "decision",
    "documents",
    "fee",
    "hand_in",
    "legal_basis",
    "result",
    "steps",
    "time_limit",
]
Channel = Literal["online", "post", "counter"]
Aspect = Literal[
    "documents", "fee", "time", "place", "steps", "form", "online", "conditions", "legal_basis", "overview"
]
# Options of questions that must hold: {"who": ["proxy"], "age": ["child"]}. One option may be written as plain text.
When = dict[
    str,
    Annotated[list[Text], Field(min_length=1), BeforeValidator(lambda one: [one] if isinstance(one, str) else one)],
]


class Written(Strict):
    """Something that may be written as plain text when there is nothing else to say about it."""

    text: Text

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class Authority(Strict):
    """Who decides, for a time. Both ends are included; an open end is unknown or has not come yet."""

    valid_from: date | None = None
    valid_to: date | None = None
    text: Text

    def holds(self, on: date) -> bool:
        """Whether it holds on a day."""
        return holds(self, on)


class Option(Strict):
    """One answer to a question. `title` stands on a button; `said` are phrases by which a citizen's own words
    name it, besides those of data/situations.yml for the same key.

    `age`: from and below, in years of age of the person whom the dossier is about; either end may be open.
    """

    key: Key
    title: Annotated[str, Field(min_length=1, max_length=40)]
    said: list[Text] = Field(default_factory=list)
    age: Annotated[list[int | None], Field(min_length=2, max_length=2)] | None = None


class Question(Strict):
    """Something about the citizen's case that changes the papers, the fee or the time."""

    key: Key
    ask: Text
    options: Annotated[list[Option], Field(min_length=2, max_length=6)]


class Paper(Written):
    """One paper of the dossier; `note` says when it is not needed or what replaces it.

    `kind`: form = to fill in and hand in; show = shown and taken home again. `form` is the form's number as the
    rules print it ("CT01"). `copies`: how many are handed in, when the source says.
    """

    kind: Literal["original", "copy", "show", "form", "unspecified"] = "unspecified"
    copies: Annotated[int, Field(ge=1, le=20)] | None = None
    form: Text | None = None
    note: Text | None = None
    when: When = Field(default_factory=dict)


class DocumentGroup(Strict):
    """Papers for one case; without a case, for everybody."""

    case: Text | None = None
    when: When = Field(default_factory=dict)
    items: Annotated[list[Paper], Field(min_length=1)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.when and not self.case:
            raise ValueError("case: nhóm giấy tờ có when thì phải có tên trường hợp")
        return self


class Span(Strict):
    """How long the office may take, for working out a day.

    same_day: ready the same day, or the next working day for what comes after 15:00.
    """

    unit: Literal["same_day", "working_day", "calendar_day", "working_hour", "month"]
    amount: Annotated[int, Field(ge=1, le=400)] = 1


class Remark(Written):
    """A further sentence. `unverified`: no source that was read says so. After `valid_to` it is no longer
    said.

    A `warning` goes with every answer that it may make wrong, not only with the conditions.
    """

    unverified: bool = False
    warning: bool = False
    valid_to: date | None = None
    when: When = Field(default_factory=dict)

    def holds(self, on: date) -> bool:
        """Whether it may still be said on a day."""
        return on <= (self.valid_to or date.max)


class CaseStatement(Strict):
    """What the fact is in one case. `case` ends no sentence: "Làm lại vì mất"."""

    case: Text
    short: Text
    when: When = Field(default_factory=dict)
    span: Span | None = None


class Statement(Strict):
    """A fact in one short phrase, without a full stop, what it is in other cases, and what else belongs to it.

    `set_by`: who decides it, where that is not the law that the procedure rests on. `span`: a time limit as the
    calendar counts it.
    """

    short: Text
    cases: list[CaseStatement] = Field(default_factory=list)
    more: list[Remark] = Field(default_factory=list)
    set_by: Text | None = None
    span: Span | None = None


class HandIn(Strict):
    """Where the dossier is handed in, since 2025-07-01.

    `residence`: city = at any commune of the city; anywhere = anywhere in the country; bound = only at the
    office that `where` names; online = on the web alone; unknown = no source that was read says whether
    residence matters.
    """

    where: Text
    residence: Literal["city", "anywhere", "bound", "online", "unknown"]


class LaidOver(Strict):
    """A later law that a version of a record already speaks by. `notice` is what citizens are told about it, in
    answers about `aspects`; in all of them when that is empty."""

    law: Text
    source: Text
    confidence: Confidence
    notice: Text | None = None
    aspects: list[Aspect] = Field(default_factory=list)

    def concerns(self, aspect: str) -> bool:
        """Whether an answer about an aspect has to speak of it."""
        return not self.aspects or aspect in self.aspects


class Amendment(LaidOver):
    """A change of law after the source was read, with its own source: from a day on, perhaps to a day.

    `set` replaces whole fields of the record while it holds; the older text is kept for its own time.
    """

    valid_from: date
    valid_to: date | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class SeeAlso(Strict):
    """Another procedure that fits better when `when` is the case; `name` is its short name."""

    code: Code
    name: Text
    when: Text


class CitizenDeadline(Strict):
    """By when the citizen has to act: `amount` units after the event. `late` is what happens afterwards.

    `event_words` are how people tell the event before a date ("sinh", "đẻ"); the day is counted from there.
    """

    event: Text
    event_words: Annotated[list[Text], Field(min_length=1)]
    amount: Annotated[int, Field(ge=1, le=400)]
    unit: Literal["calendar_day", "working_day"]
    late: Text
    source: Text


class Source(Strict):
    """Where the facts were read."""

    title: Text
    url: Text | None = None


class Procedure(Strict):
    """One administrative procedure, as true as its sources. `unverified` names what no source has settled,
    and why.

    `depth`: checked = compared with its source field by field; portal = copied by the import, read by nobody;
    name = only the name is known. `editor_notes` are for the people who keep the data and never shown to
    citizens. `valid_from` and `valid_to` bound the record as a whole; an open `valid_from` means that it was in
    force before our data begin.
    """

    code: Code
    name: Text
    short_name: Annotated[str, Field(min_length=1, max_length=70)]
    summary: Text
    aliases: Annotated[list[Text], Field(min_length=1)]
    field: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    authority: Annotated[list[Authority], Field(min_length=1)]
    hand_in: HandIn
    documents: list[DocumentGroup]
    fee: Statement
    time_limit: Statement
    steps: list[Text]
    questions: Annotated[list[Question], Field(max_length=3)] = Field(default_factory=list)
    citizen_deadline: CitizenDeadline | None = None
    channels: list[Channel]
    online_level: Literal["full", "partial", "available", "none"]
    conditions: list[Remark] = Field(default_factory=list)
    legal_basis: list[Text] = Field(default_factory=list)
    decision: Text | None = None
    result: Text | None = None
    notes: list[Remark] = Field(default_factory=list)
    see_also: list[SeeAlso] = Field(default_factory=list)
    editor_notes: Text | None = None
    source: Source
    as_of: date
    confidence: Confidence
    unverified: dict[Checked, Text] = Field(default_factory=dict)
    # Not written by hand: what the loader (data/amendments.yml) and the import add.
    amendments: list[Amendment] = Field(default_factory=list)
    laid_over: list[LaidOver] = Field(default_factory=list)
    depth: Literal["checked", "portal", "name"] = "checked"

    @model_validator(mode="after")
    def _one_authority_at_a_time(self) -> Self:
        """A day with two authorities would make an answer a matter of luck."""
        spans = sorted(self.authority, key=lambda one: one.valid_from or date.min)
        for earlier, later in pairwise(spans):
            if (earlier.valid_to or date.max) >= (later.valid_from or date.min):
                raise ValueError("authority: hai khoảng hiệu lực chồng lên nhau")
        if spans[-1].valid_to is not None and self.valid_to is None:
            raise ValueError("authority: chưa có cơ quan nào cho hiện nay")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A record that we answer for says everything; the import takes what the portal has."""
        for label in ("documents", "steps", "channels"):
            if self.depth == "checked" and not getattr(self, label):
                raise ValueError(f"{label}: danh sách đang trống, xin thêm ít nhất một dòng")
        keys = [question.key for question in self.questions]
        if len(set(keys)) < len(keys):
            raise ValueError("questions: hai câu hỏi cùng key")
        return self

    @model_validator(mode="after")
    def _no_repeated_names(self) -> Self:
        for label in ("aliases", "legal_basis", "steps") if self.depth == "checked" else ():
            words: list[str] = getattr(self, label)
            repeated = {word for word in words if words.count(word) > 1}
            if repeated:
                raise ValueError(f"{label}: bị lặp: {', '.join(sorted(repeated))}")
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        dated: list[Dated] = [self, *self.authority]
        for one in dated:
            if (one.valid_from or date.min) > (one.valid_to or date.max):
                raise ValueError("valid_from muộn hơn valid_to")
        return self

    @model_validator(mode="after")
    def _conditions_name_options(self) -> Self:
        """A `when` that no answer can fulfil would hide a paper for ever."""
        known = {question.key: {option.key for option in question.options} for question in self.questions}
        for when in self.whens():
            for key, options in when.items():
                if missing := set(options) - known.get(key, set()):
                    raise ValueError(f"when: không có lựa chọn {key}: {', '.join(sorted(missing))} trong questions")
        return self

    def whens(self) -> Iterator[When]:
        """Every condition in the record."""
        for group in self.documents:
            yield group.when
            yield from (item.when for item in group.items)
        for statement in (self.fee, self.time_limit):
            yield from (one.when for one in statement.cases)
            yield from (one.when for one in statement.more)
        yield from (one.when for one in (*self.conditions, *self.notes))

    def authority_on(self, day: date) -> str | None:
        """Who decides on a day; None when no source says."""
        return next((one.text for one in self.authority if one.holds(day)), None)

    def valid_on(self, day: date) -> bool:
        """Whether this version of the procedure holds on a day."""
        return holds(self, day)


class ProcedureFile(Strict):
    """One file: the procedures of one field of law."""

    field: Text
    procedures: Annotated[list[Procedure], Field(min_length=1)]
