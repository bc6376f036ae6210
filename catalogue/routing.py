"""Who handles what: the schema of data/routing.yml. Pure data; backlog/routing.py applies it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from catalogue.document import Strict
from catalogue.procedures import Confidence, Text

About = Literal["commune", "district", "department", "police", "city", "unknown"]
RELATIVE = ("head_of_unit", "one_level_up", "coordinator")


class RoutingRule(Strict):
    """One line of the routing table.

    `about`: levels of the agency that the ticket is about. `official_is_head`: holds only when the person
    complained about is (true) or is not (false) the head of the unit; left out, it does not matter.
    `to`: head_of_unit, one_level_up, coordinator, or the key of an agency.
    """

    id: Text
    about: Annotated[list[About], Field(min_length=1)]
    official_is_head: bool | None = None
    to: Text
    legal_basis: Text
    confidence: Confidence
    valid_from: date
    valid_to: date | None = None


class RoutingFile(Strict):
    """data/routing.yml. `coordinator` takes what fits no unit."""

    coordinator: Text
    rules: Annotated[list[RoutingRule], Field(min_length=1)]
