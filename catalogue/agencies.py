"""Agencies with their validity dates and successors."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from catalogue.document import Strict
from catalogue.places import LAST_DAY_OF_PROVINCE, MERGER, Place, Places
from catalogue.procedures import Confidence, Text
from catalogue.validity import holds
from vntext.names import NameIndex, NameMatch

Level = Literal["commune", "district", "department", "police", "city"]
Office = Literal["committee", "one_stop", "police"]
_MERGER_SOURCE = "Nghị quyết 1668/NQ-UBTVQH15"
_ONE_STOP_SOURCE = "Nghị định 118/2025/NĐ-CP, Điều 7 (nguồn thứ cấp)"


class Agency(Strict):
    """One agency. `head` is the title of the person in charge, `parent` the agency one level up.

    `place` is the commune or former district that it governs, for those made from data/places.
    """

    key: Text
    name: Text
    level: Level
    head: Text
    parent: Text | None = None
    place: Text | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor: Text | None = None
    aliases: list[Text] = Field(default_factory=list)
    source: Text
    confidence: Confidence = "medium"

    def exists_on(self, day: date) -> bool:
        """Whether the agency exists on a day."""
        return holds(self, day)


class AgencyFile(Strict):
    """data/agencies.yml."""

    agencies: Annotated[list[Agency], Field(min_length=1)]


class Agencies:
    """All agencies: those of the file, and those that every commune and every former district has."""

    def __init__(self, agencies: list[Agency], places: Places) -> None:
        self._places = places
        self._by_key = {agency.key: agency for agency in [*agencies, *_local(places)]}
        self._index = NameIndex(
            (alias, agency.key) for agency in agencies for alias in (agency.name, *agency.aliases)
        )

    def __iter__(self) -> Iterator[Agency]:
        return iter(self._by_key.values())

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def get(self, key: str) -> Agency:
        """The agency of a key. Raises KeyError for an unknown one."""
        return self._by_key[key]

    def find(self, text: str) -> list[NameMatch]:
        """Agencies named in a text, longest first. Those of communes are found through Places.find."""
        return sorted(self._index.find(text), key=lambda match: match.start - match.end)

    def today(self, key: str, on: date) -> Agency:
        """The agency itself, or the one that had taken over its work by `on`."""
        agency = self.get(key)
        while not agency.exists_on(on) and agency.successor:
            agency = self.get(agency.successor)
        return agency

    successor = today

    def parent(self, key: str, on: date) -> Agency | None:
        """The agency one level up, as it is on a day; None at the top."""
        above = self.get(key).parent
        return self.today(above, on) if above else None

    def top(self, key: str, on: date) -> Agency:
        """The agency at the top of all those above one; itself when it stands there."""
        found = self.today(key, on)
        while above := self.parent(found.key, on):
            found = above
        return found

    def for_place(self, key: str, on: date | None = None, office: Office = "committee") -> Agency | None:
        """The office that a place has on a day, or today's for an old place; None where there is none.

        A former district has no single successor: after 2025-06-30 its committee gives way to the city's.
        Only today's communes have a one-stop centre and police of their own here.
        """
        place = self._places.get(key)
        if office == "committee" and place.kind != "province" and (place.kind == "district_2024" or _was(place, on)):
            return self.today(committee_key(place), on) if on else None
        today = self._places.successor(key)
        return self._by_key.get(office_key(today, office)) if today else None


def committee_key(place: Place) -> str:
    """The key of a place's People's Committee."""
    return office_key(place, "committee")


def office_key(place: Place, office: Office) -> str:
    """The key of one of a place's offices."""
    head = {"committee": "ubnd", "one_stop": "ttpvhcc", "police": "cong-an"}[office]
    year, _, code = place.key.partition(":")
    return f"{head}:{code}" if year == "2025" else f"{head}-{year}:{code}"


def _was(place: Place, on: date | None) -> bool:
    return on is not None and on < MERGER and place.kind == "ward_2024"


def _local(places: Places) -> Iterator[Agency]:
    for place in places:
        if place.kind == "ward_2025":
            yield from _offices_of_today(place)
        elif place.kind == "ward_2024":
            yield _old_committee(place, places)
        elif place.kind == "district_2024":
            yield _district_committee(place)


def _offices_of_today(place: Place) -> Iterator[Agency]:
    kind, bare = place.type_and_bare
    full = f"{kind.lower()} {bare}"
    committee = committee_key(place)

    shared = partial(Agency, place=place.key, valid_from=MERGER)
    yield shared(
        key=committee,
        name=f"UBND {full}",
        level="commune",
        head=f"Chủ tịch UBND {kind.lower()}",
        parent="ubnd-tp-can-tho",
        source=_MERGER_SOURCE,
        confidence="high",
    )
    yield shared(
        key=office_key(place, "one_stop"),
        name=f"Trung tâm Phục vụ hành chính công {full}",
        level="commune",
        head="Giám đốc Trung tâm",
        parent=committee,
        source=_ONE_STOP_SOURCE,
    )
    yield shared(
        key=office_key(place, "police"),
        name=f"Công an {full}",
        level="police",
        head=f"Trưởng Công an {kind.lower()}",
        parent="cong-an-can-tho",
        source=_MERGER_SOURCE,
    )


def _old_committee(place: Place, places: Places) -> Agency:
    kind, bare = place.type_and_bare
    today = places.successor(place.key)
    return Agency(
        key=committee_key(place),
        name=f"UBND {kind.lower()} {bare}",
        level="commune",
        head=f"Chủ tịch UBND {kind.lower()}",
        parent=committee_key(places.get(place.district)) if place.district else None,
        place=place.key,
        valid_to=place.valid_to,
        successor=committee_key(today) if today else None,
        source=_MERGER_SOURCE,
        confidence="high",
    )


def _district_committee(place: Place) -> Agency:
    kind, bare = place.type_and_bare
    return Agency(
        key=committee_key(place),
        name=f"UBND {kind.lower()} {bare}",
        level="district",
        head=f"Chủ tịch UBND {kind.lower()}",
        parent="ubnd-tinh-soc-trang",
        place=place.key,
        valid_to=LAST_DAY_OF_PROVINCE,
        successor="ubnd-tp-can-tho",
        source=_MERGER_SOURCE,
        confidence="medium",
    )
