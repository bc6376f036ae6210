"""Which unit handles a ticket: the first rule of data/routing.yml that fits. Pure; says why."""

import re
from dataclasses import dataclass
from datetime import date

from catalogue.agencies import Agencies, Agency
from catalogue.routing import RoutingFile, RoutingRule
from vntext.fold import fold

# "phó chủ tịch", "phó giám đốc" are deputies: the head may handle what is said of them.
_HEAD = re.compile(
    r"(?<!pho )\b(chu tich|giam doc|truong cong an|truong phong|chanh thanh tra|cuc truong|hieu truong)\b"
)


@dataclass(frozen=True)
class Route:
    """Where a ticket goes. `about` is the unit complained about, as it stands today; `rule` decided."""

    unit: str
    about: str | None
    rule: str
    explanation: str
    official_is_head: bool


def about_unit(agencies: Agencies, agency_key: str | None, place_key: str | None, on: date) -> Agency | None:
    """Today's unit for what the citizen named: a former agency is answered for by its successor."""
    if agency_key:
        return agencies.today(agency_key, on)
    return agencies.for_place(place_key) if place_key else None


def is_head(official: str) -> bool:
    """Whether the words name the head of a unit ("ông chủ tịch phường")."""
    return bool(_HEAD.search(fold(official)))


def route(
    file: RoutingFile, agencies: Agencies, *, agency_key: str | None, place_key: str | None, official: str, on: date
) -> Route:
    """The unit that handles a ticket on a day.

    Never the unit of the head who is complained about. Raises LookupError when no rule fits: the data must end
    with one that catches everything.
    """
    about = about_unit(agencies, agency_key, place_key, on)
    level = about.level if about else "unknown"
    head = is_head(official)
    for rule in file.rules:
        if _fits(rule, level, head, on):
            unit = _target(rule, file, agencies, about)
            return Route(unit.key, about.key if about else None, rule.id, f"{rule.legal_basis}: {unit.name}", head)
    raise LookupError(f"no routing rule for {level} on {on}")


def _fits(rule: RoutingRule, level: str, head: bool, on: date) -> bool:
    return (
        level in rule.about
        and (rule.official_is_head is None or rule.official_is_head == head)
        and rule.valid_from <= on
        and (rule.valid_to is None or on <= rule.valid_to)
    )


def _target(rule: RoutingRule, file: RoutingFile, agencies: Agencies, about: Agency | None) -> Agency:
    if rule.to == "head_of_unit" and about:
        return about
    if rule.to == "one_level_up" and about and about.parent:
        return agencies.get(about.parent)
    if rule.to in ("head_of_unit", "one_level_up", "coordinator"):
        return agencies.get(file.coordinator)
    return agencies.get(rule.to)
