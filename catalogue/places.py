"""Communes and districts of the former province of Sóc Trăng, old and new, as people name them.

The province and its districts ended on 2025-06-30 (Nghị quyết 1668/NQ-UBTVQH15); people go on using the old
names.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from catalogue.errors import Fault
from vntext.fold import fold
from vntext.names import NameIndex, NameMatch

MERGER = date(2025, 7, 1)
LAST_DAY_OF_PROVINCE = date(2025, 6, 30)
Kind = Literal["ward_2024", "district_2024", "ward_2025", "province"]
PlaceMatch = NameMatch

_TYPES = {
    "Thị trấn": ("thị trấn", "tt"),
    "Thành phố": ("thành phố", "tp"),
    "Thị xã": ("thị xã", "tx"),
    "Phường": ("phường", "p", "f"),
    "Huyện": ("huyện", "h"),
    "Tỉnh": ("tỉnh",),
    "Xã": ("xã", "x"),
}
_TYPE_WORDS = tuple(f"{fold(short)} " for shorts in _TYPES.values() for short in shorts)
# Words that are also something else: alone they name no commune ("an ninh" is security).
_NOT_ALONE = {"an ninh", "soc trang"}
# After these a two-word name is a person: "chị Mỹ Hương ở quầy 2".
_PERSON_TITLES = {"anh", "chi", "co", "chu", "ong", "ba", "bac", "cau", "di", "thay", "em", "ten"}
_PROVINCES = (
    ("2024:p94", "Tỉnh Sóc Trăng", None, LAST_DAY_OF_PROVINCE, ("tỉnh sóc trăng",)),
    ("2025:p92", "Thành phố Cần Thơ", MERGER, None, ("thành phố cần thơ", "tp cần thơ", "tpct", "cần thơ")),
)


@dataclass(frozen=True)
class Place:
    """One unit. `district` is the key of the old district; `successor` the key of today's commune."""

    key: str
    name: str
    kind: Kind
    district: str | None = None
    successor: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def type_and_bare(self) -> tuple[str, str]:
        """("Phường", "Phú Lợi")."""
        kind = next(kind for kind in _TYPES if self.name.startswith(kind))
        return kind, self.name[len(kind) :].strip()


class Places:
    """All units, found by key or by what people call them."""

    def __init__(self, places: list[Place]) -> None:
        self._by_key = {place.key: place for place in places}
        named = [(alias, place.key) for place in places for alias in self.aliases(place)]
        self._index = NameIndex(named)
        districts = [place for place in places if place.kind == "district_2024"]
        self._district_names = NameIndex((alias, one.key) for one in districts for alias in _district_aliases(one))

    def __iter__(self) -> Iterator[Place]:
        return iter(self._by_key.values())

    def get(self, key: str) -> Place:
        """The place of a key. Raises KeyError for an unknown one."""
        return self._by_key[key]

    def aliases(self, place: Place) -> list[str]:
        """What people call it, with the district where the name alone is not enough; no doubles."""
        if place.kind == "province":
            return next(list(aliases) for key, _, _, _, aliases in _PROVINCES if key == place.key)
        if place.kind == "district_2024":
            return _district_aliases(place)
        own = _commune_names(place)
        if place.district:
            own += [f"{name} {more}" for name in own for more in _district_aliases(self.get(place.district))]
            own += [f"{name} cũ" for name in own]
        return list(dict.fromkeys(own))

    def find(self, text: str) -> list[PlaceMatch]:
        """Communes named in `text`, then wider units; each with all the keys that it may mean.

        Longest first, but a name with its type ("phường 2") before a bare one ("Vĩnh Châu"). A district named
        elsewhere in the text decides between communes of one name. Where an old commune's name lives on in a
        new one, today's is meant unless the text says "cũ".
        """
        districts = self._district_names.find(text)
        matches = []
        for match in self._index.find(text):
            if not _person(match, text):
                elsewhere = [one for one in districts if one.end <= match.start or one.start >= match.end]
                matches.append(self._decide(match, {key for one in elsewhere for key in one.keys}))
        return sorted(
            matches, key=lambda match: (self._is_wide(match.keys[0]), _bare(match), match.start - match.end)
        )

    def successor(self, key: str) -> Place | None:
        """Today's commune for an old one; itself for a new one; None for a district or province, which has
        none."""
        place = self.get(key)
        if place.kind == "ward_2025":
            return place
        return self.get(place.successor) if place.successor else None

    def label(self, key: str, on: date) -> str:
        """How to say a place on a day: "Phường 2, TP Sóc Trăng (nay thuộc phường Phú Lợi)"."""
        place = self.get(key)
        if place.kind == "ward_2025":
            return f"{place.name}, TP Cần Thơ"
        name = f"{place.name}, {_short(self.get(place.district))}" if place.district else place.name
        if on < MERGER or place.kind == "province":
            return name
        today = self.successor(key)
        if today is None:
            return f"{name} (cũ)"
        if today.name == place.name:
            return f"{today.name}, TP Cần Thơ"
        kind, bare = today.type_and_bare
        return f"{name} (nay thuộc {kind.lower()} {bare})"

    def _decide(self, match: NameMatch, near: set[str]) -> NameMatch:
        keys = [key for key in match.keys if self.get(key).district in near] or list(match.keys)
        communes = self._meant(keys)
        # "Kế Sách" alone is as often the old district, of a dozen communes, as the commune: the citizen decides.
        wide = [key for key in keys if self._is_wide(key)] if _bare(match) or not communes else []
        return replace(match, keys=(*communes, *wide))

    def _meant(self, keys: list[str]) -> list[str]:
        """Which communes among `keys`; one alone when the others are the same commune today."""
        communes = [key for key in keys if not self._is_wide(key)]
        today = [key for key in communes if self.get(key).kind == "ward_2025"]
        if today and all(key in today or self.get(key).successor in today for key in communes):
            return today
        same = len({self.get(key).successor for key in communes}) == 1
        return communes[:1] if same else communes

    def _is_wide(self, key: str) -> bool:
        return self.get(key).kind in ("district_2024", "province")


def _commune_names(place: Place) -> list[str]:
    kind, bare = place.type_and_bare
    own = [f"{short} {bare}" for short in _TYPES[kind]]
    if bare.isdigit():
        own += [f"{short}{bare}" for short in ("p", "f")]
    elif len(bare.split()) > 1 and fold(bare) not in _NOT_ALONE:
        own.append(bare)
    return own


def _district_aliases(place: Place) -> list[str]:
    kind, bare = place.type_and_bare
    own = [f"{short} {bare}" for short in _TYPES[kind]]
    if kind == "Thành phố":
        return [*own, "tp st", "tpst", bare]
    return [*own, bare]


def _short(district: Place) -> str:
    kind, bare = district.type_and_bare
    return f"TP {bare}" if kind == "Thành phố" else f"{kind.lower()} {bare}"


def _bare(match: NameMatch) -> bool:
    words = fold(match.text)
    return not words.startswith(_TYPE_WORDS) and not words[1:2].isdigit()


def _person(match: NameMatch, text: str) -> bool:
    """Whether a bare name stands after a title of address and so names a person."""
    if not _bare(match):
        return False
    before = fold(text[: match.start]).split()
    return bool(before) and before[-1] in _PERSON_TITLES


def read_places(path: Path, shown: str) -> tuple[Places, list[Fault]]:
    """data/places/communes.csv: one old commune a line, with its district and today's commune."""
    places: dict[str, Place] = {}
    faults: list[Fault] = []
    for key, name, first, last, _ in _PROVINCES:
        places[key] = Place(key, name, "province", valid_from=first, valid_to=last)
    if not path.exists():
        return Places(list(places.values())), [Fault(shown, 0, "không có tệp này")]
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            for place in _row(row, line, shown, faults):
                known = places.setdefault(place.key, place)
                if known != place:
                    faults.append(Fault(shown, line, f"{place.name}: khác với dòng trước cùng mã {place.key}"))
                elif known is not place and place.kind == "ward_2024":
                    faults.append(Fault(shown, line, f"{place.name}: mã {place.key} có hai dòng"))
    return Places(list(places.values())), faults


def _row(row: dict[str, str], line: int, shown: str, faults: list[Fault]) -> list[Place]:
    wanted = ("old_code", "old_name", "district", "district_code", "valid_to", "new_code", "new_name")
    missing = [name for name in wanted if not row.get(name)]
    if missing:
        faults.append(Fault(shown, line, f"thiếu cột {', '.join(missing)}"))
        return []
    try:
        last = date.fromisoformat(row["valid_to"])
    except ValueError:
        faults.append(Fault(shown, line, f"valid_to: {row['valid_to']} không phải ngày, viết như 2025-06-30"))
        return []
    badly_named = [
        row[name] for name in ("old_name", "district", "new_name") if not row[name].startswith(tuple(_TYPES))
    ]
    if badly_named:
        faults.append(Fault(shown, line, f"{', '.join(badly_named)}: tên phải bắt đầu bằng Xã, Phường, Thị trấn…"))
        return []
    district, new = f"2024:d{row['district_code']}", f"2025:{row['new_code']}"
    return [
        Place(district, row["district"], "district_2024", valid_to=LAST_DAY_OF_PROVINCE),
        Place(new, row["new_name"], "ward_2025", valid_from=MERGER),
        Place(f"2024:{row['old_code']}", row["old_name"], "ward_2024", district, new, valid_to=last),
    ]
