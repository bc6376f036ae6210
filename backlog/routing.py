"""Which unit handles a ticket: the first rule of data/routing.yml that fits. Pure; says why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from catalogue.agencies import Agencies, Agency
from catalogue.routing import RoutingFile, RoutingRule
from vntext.fold import fold

# What people call a head without the title. When in doubt the case goes up: one level too high harms nobody.
_ANY_HEAD = re.compile(r"\b(sep|lanh dao|thu truong|nguoi dung dau)\b")
# Titles of data/agencies.yml that need more than two words to be told from others ("trưởng phòng").
_LONG_TITLES = ("truong cong an", "chanh van phong", "chanh thanh tra")
# Overlapping on purpose: in "anh Tèo và chị Đỗ Thị Nhạn" the second title stands within reach of the first.
_TITLED_NAME = re.compile(
    r"(?=\b(?:ba|bac|anh|chi|chu|co|cau|di|em|ong|thay|can bo|nhan vien|cong chuc|cong an|dong chi|ten|ten la)"
    r"\s+(\w+(?:\s+\w+){0,3}))"
)


# Where a name ends. No name of a person is spelt like one of these without its marks, or nearly none.
_NO_NAME = re.compile(
    r"o|tai|ben|la|da|noi|nat|bat|quay|phong|doi|khong|ko|ngoi|dang|voi|cua|tren|duoi|ma|nay|kia|chui|mang|hen|keu|bieu"
    r"|phuong|xa|so|lam|giu|tra|den|toi|tui|cung|moi|roi"
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


def headed_unit(
    agencies: Agencies, about: Agency | None, official: str, on: date, heads: Sequence[str] = ()
) -> Agency | None:
    """The unit whose head the words mean, when they mean a head at all.

    "Chủ tịch phường" at the one-stop counter is the head of the committee above it, so the units above are looked
    at too. `heads` are the full names of the heads of `about`, for people who say "ông Tám".
    """
    words = fold(official)
    if about is not None and any(given_name(name) in words.split() for name in heads):
        return about
    for unit in _upwards(agencies, about, on):
        if re.search(rf"(?<!pho )\b{re.escape(_title(unit))}\b", words):
            return unit
    return about if _ANY_HEAD.search(words) else None


def answers_to(agencies: Agencies, unit: str, head_of: str, on: date) -> bool:
    """Whether `unit` is the unit `head_of` or one somewhere below it."""
    return any(above.key == head_of for above in _upwards(agencies, agencies.get(unit), on))


def given_name(full_name: str) -> str:
    """The name by which somebody is called, folded: "Nguyễn Thị Hạnh" is "chị Hạnh". Empty for an empty name."""
    words = re.sub(r"[^\w\s]", "", fold(full_name)).split()
    return words[-1] if words else ""


def named_in(story: str) -> str:
    """The words after a title in a story, folded: names of officials may be among them.

    Too many words rather than too few: a ticket hidden from a namesake is handled by a colleague.
    """
    reached = (match[1].split() for match in _TITLED_NAME.finditer(fold(story)))
    return " ".join(word for words in reached for word in takewhile(lambda one: not _NO_NAME.fullmatch(one), words))


def route(
    file: RoutingFile,
    agencies: Agencies,
    *,
    agency_key: str | None,
    place_key: str | None,
    official: str,
    on: date,
    happened: date | None = None,
    heads: Sequence[str] = (),
) -> Route:
    """The unit that handles a ticket on a day, about something that happened on that day or an earlier one.

    Never the unit of the head who is complained about. Raises LookupError when no rule fits: the data must end
    with one that catches everything.
    """
    named = about_unit(agencies, agency_key, place_key, on)
    headed = headed_unit(agencies, named, official, on, heads)
    about = headed or named
    level = about.level if about else "unknown"
    for rule in file.rules:
        if _fits(rule, level, headed is not None, on):
            unit = _target(rule, file, agencies, about, on)
            why = f"{rule.legal_basis}: {unit.name}" + _succession(agencies, agency_key, place_key, named, happened)
            return Route(unit.key, about.key if about else None, rule.id, why, headed is not None)
    raise LookupError(f"no routing rule for {level} on {on}")


def _title(unit: Agency) -> str:
    words = fold(unit.head)
    return next((title for title in _LONG_TITLES if words.startswith(title)), " ".join(words.split()[:2]))


def _upwards(agencies: Agencies, unit: Agency | None, on: date) -> Iterator[Agency]:
    while unit is not None:
        yield unit
        unit = agencies.parent(unit.key, on)


def _fits(rule: RoutingRule, level: str, head: bool, on: date) -> bool:
    return (
        level in rule.about
        and (rule.official_is_head is None or rule.official_is_head == head)
        and rule.valid_from <= on
        and (rule.valid_to is None or on <= rule.valid_to)
    )


def _succession(
    agencies: Agencies, agency_key: str | None, place_key: str | None, today: Agency | None, happened: date | None
) -> str:
    """The unit of the time when it happened, where another one has taken its work over since."""
    if happened is None or today is None:
        return ""
    then = agencies.get(agency_key) if agency_key else agencies.for_place(place_key or "", happened)
    if then is None or then.key == today.key or not then.exists_on(happened):
        return ""
    return f". Lúc xảy ra: {then.name}; nay {today.name} tiếp nhận"


def _target(rule: RoutingRule, file: RoutingFile, agencies: Agencies, about: Agency | None, on: date) -> Agency:
    if rule.to == "head_of_unit" and about:
        return about
    if rule.to == "one_level_up" and about and (above := agencies.parent(about.key, on)):
        return above
    if rule.to in ("head_of_unit", "one_level_up", "coordinator"):
        return agencies.get(file.coordinator)
    return agencies.get(rule.to)
