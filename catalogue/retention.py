"""How long things are kept: the schema of data/retention.yml. What is done about it: backlog/retention.py."""

from datetime import date
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from catalogue.deadlines import Kind
from catalogue.document import Strict
from catalogue.procedures import Confidence, Text
from catalogue.validity import holds

What = Literal[
    "conversation_texts",
    "loose_files",
    "petition_drafts",
    "receipt_attempts",
    "ticket_content",
    "sealed_identity",
    "staff_notices",
]


class RetentionRule(Strict):
    """How many calendar days one sort of thing is kept; what each is counted from stands in the file."""

    what: What
    kind: Kind | None = None
    days: Annotated[int, Field(ge=1, le=36500)]
    basis: Text
    source: Text
    confidence: Confidence
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _only_tickets_have_kinds(self) -> Self:
        if (self.kind is None) == (self.what == "ticket_content"):
            raise ValueError("kind: ticket_content phải có kind, các mục khác thì không")
        return self


class RetentionFile(Strict):
    """data/retention.yml."""

    rules: Annotated[list[RetentionRule], Field(min_length=1)]

    def days(self, what: What, on: date, kind: str | None = None) -> int:
        """Days for which something is kept, by the rule that holds on a day. Raises LookupError without one."""
        for rule in self.rules:
            if (rule.what, rule.kind) == (what, kind) and holds(rule, on):
                return rule.days
        raise LookupError(f"data/retention.yml: no rule for {what} {kind or ''} on {on}")

    @property
    def missing(self) -> list[str]:
        """What has no rule at all."""
        known = {(rule.what, rule.kind) for rule in self.rules}
        wanted = [(what, None) for what in get_args(What) if what != "ticket_content"]
        wanted += [("ticket_content", kind) for kind in get_args(Kind)]
        return [f"{what} {kind or ''}".strip() for what, kind in wanted if (what, kind) not in known]
