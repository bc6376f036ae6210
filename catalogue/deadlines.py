"""How long tickets may take: the schema of data/deadlines.yml. Pure data; backlog/deadlines.py does the
reckoning."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from catalogue.document import Strict
from catalogue.procedures import Confidence, Text

Kind = Literal["phan_anh", "kien_nghi", "khen"]
Category = Literal["working_hours", "attitude", "harassment", "obstruction", "buck_passing", "delay", "other_conduct"]


class DeadlineRule(Strict):
    """How long a ticket of a kind may take, counted from the day after it was filed.

    Without a category the rule holds for every category that has no rule of its own.
    """

    kind: Kind
    category: Category | None = None
    days: Annotated[int, Field(ge=1, le=365)]
    unit: Literal["working", "calendar"]
    legal_basis: Text
    source: Text
    confidence: Confidence
    valid_from: date
    valid_to: date | None = None


class DeadlineFile(Strict):
    """data/deadlines.yml. The further limits are in working days for triage and calendar days for interim
    replies."""

    rules: Annotated[list[DeadlineRule], Field(min_length=1)]
    triage_working_days: Annotated[int, Field(ge=1, le=10)]
    triage_basis: Text
    interim_reply_days: Annotated[int, Field(ge=1, le=60)]
    interim_reply_basis: Text
    data_rights_working_days: Annotated[int, Field(ge=1, le=30)]
    data_rights_basis: Text
