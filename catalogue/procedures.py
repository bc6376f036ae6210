"""What a procedure is: the strict schema of data/procedures/*.yml.

Short forms in the files: a paper or a remark that is nothing but its text may be written as plain text.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from catalogue.document import Strict
from catalogue.validity import Dated, holds

Text = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^\d\.\d{6}$")]
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
Unverified = Literal["aliases", "authority_2024", "documents", "fee", "time_limit", "steps", "legal_basis"]
Channel = Literal["online", "post", "counter"]


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


class Paper(Written):
    """One paper of the dossier; `note` says when it is not needed or what replaces it."""

    kind: Literal["original", "copy", "show", "unspecified"] = "unspecified"
    note: Text | None = None


class DocumentGroup(Strict):
    """Papers for one case; without a case, for everybody."""

    case: Text | None = None
    items: Annotated[list[Paper], Field(min_length=1)]


class Remark(Written):
    """A further sentence. `unverified`: no source that was read says so. After `valid_to` it is no longer
    said.

    A `warning` goes with every answer that it may make wrong, not only with the conditions.
    """

    unverified: bool = False
    warning: bool = False
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it may still be said on a day."""
        return on <= (self.valid_to or date.max)


class Statement(Strict):
    """A fact in one short phrase, without a full stop, and what else belongs to it."""

    short: Text
    more: list[Remark] = Field(default_factory=list)


class HandIn(Strict):
    """Where the dossier is handed in, since 2025-07-01.

    `residence`: city = at any commune of the city; anywhere = anywhere in the country; bound = only at the
    office that `where` names; online = on the web alone; unknown = no source that was read says whether
    residence matters.
    """

    where: Text
    residence: Literal["city", "anywhere", "bound", "online", "unknown"]


class SeeAlso(Strict):
    """Another procedure that fits better when `when` is the case; `name` is its short name."""

    code: Code
    name: Text
    when: Text


class Source(Strict):
    """Where the facts were read."""

    title: Text
    url: Text | None = None


class Procedure(Strict):
    """One administrative procedure, as true as its sources. `unverified` names what no source has settled.

    `editor_notes` are for the people who keep the data and never shown to citizens. `valid_from` and
    `valid_to` bound the record as a whole; an open `valid_from` means that it was in force before our data
    begin.
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
    documents: Annotated[list[DocumentGroup], Field(min_length=1)]
    fee: Statement
    time_limit: Statement
    steps: Annotated[list[Text], Field(min_length=1)]
    forms: list[Text] = Field(default_factory=list)
    channels: Annotated[list[Channel], Field(min_length=1)]
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
    unverified: list[Unverified] = Field(default_factory=list)

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
    def _no_repeated_names(self) -> Self:
        for label in ("aliases", "legal_basis", "steps"):
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

    def authority_on(self, day: date) -> str | None:
        """Who decides on a day; None when no source says."""
        return next((one.text for one in self.authority if one.holds(day)), None)

    def valid_on(self, day: date) -> bool:
        """Whether this version of the procedure holds on a day."""
        return holds(self, day)

    def papers_for_all(self) -> Iterator[Paper]:
        """The papers that everybody needs, whatever the case."""
        for group in self.documents:
            if group.case is None:
                yield from group.items

    def cases(self) -> list[str]:
        """The cases that ask for papers of their own."""
        return [group.case for group in self.documents if group.case]


class ProcedureFile(Strict):
    """One file: the procedures of one field of law."""

    field: Text
    procedures: Annotated[list[Procedure], Field(min_length=1)]
