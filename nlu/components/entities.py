"""Things named in a text: numbers by their form, places and agencies by the lexicon, times and people by words."""

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from vntext import patterns, when
from vntext.fold import fold
from vntext.names import NameIndex

_FILE = "lexicon.json"
_NUMBERS = (
    ("ticket_number", patterns.find_ticket_numbers),
    ("dossier_code", patterns.find_dossier_codes),
    ("phone", patterns.find_phones),
    ("id_number", patterns.find_id_numbers),
    ("money", patterns.find_money),
    ("trips", patterns.find_trips),
)
_COUNTER = re.compile(r"\b(?:quay|cua|ban|ô|o)\s+(?:so\s+)?\d{1,2}\b")
_TITLE = r"(?:ong|ba|anh|chi|co|chu|bac|em|cau|di|thim|thang|con)"
_POSITION = (
    r"(?:pho\s+)?(?:chu\s+tich|bi\s+thu|giam\s+doc|truong\s+(?:cong\s+an|phong|ap)|can\s+bo(?:\s+(?:tu\s+phap|"
    r"dia\s+chinh|ho\s+tich|mot\s+cua|chinh\s+sach|xa|phuong|thu\s+tuc))?|dia\s+chinh|tu\s+phap|cong\s+an|nhan\s+vien|"
    r"bao\s+ve|van\s+thu|thu\s+ky|trat\s+tu\s+do\s+thi|cs\s+khu\s+vuc|"
    r"cong\s+chuc|chuyen\s+vien|mot\s+cua|tiep\s+dan|ho\s+tich|ke\s+toan)"
)
_OFFICIAL = re.compile(
    rf"\b(?:{_TITLE}\s+(?:ten\s+)?(?P<role>{_POSITION})(?:\s+ten)?|{_POSITION}\s+(?:ten\s+)?{_TITLE}?)(?=\s|$|[,.;])"
    rf"|\b{_POSITION}(?=\s+(?:xa|phuong|huyen|ap|thi\s+tran|thi\s+xa|tinh|thanh\s+pho)\b)"
)
# Agencies of any place: the kind, then its place or level. The second group is one only with a place behind it.
_AGENCY = re.compile(
    r"\b(?P<alone>ubnd|uy\s+ban(?:\s+nhan\s+dan)?|toa\s+an|buu\s+dien|dien\s+luc|tram\s+y\s+te|bao\s+hiem\s+xa\s+hoi|bhxh|"
    r"(?:bo\s+phan\s+|phong\s+)?(?:mot|1)\s+cua|trung\s+tam\s+(?:phuc\s+vu\s+)?hanh\s+chinh\s+cong|hoi\s+nong\s+dan|"
    r"phong\s+(?:tai\s+nguyen|giao\s+duc|noi\s+vu|lao\s+dong|tu\s+phap|kinh\s+te|van\s+hoa))\b"
    r"|\b(?:cong\s+an|ca|thanh\s+tra|thue|tu\s+phap)\b(?=\s+(?:xa|phuong|p\.?\s?\d|huyen|quan|thi|tinh|thanh\s+pho|tp)\b)"
)
_LEVEL = re.compile(r"\s+(?:xa|phuong|huyen|quan|thi\s+xa|thi\s+tran|tinh|thanh\s+pho|tp)\b")
_TITLED = re.compile(rf"\b{_TITLE}\s+(?:ten\s+)?(?=\w)")
_OFFICE = re.compile(rf"\s+{_POSITION}\b")
_BEFORE_TIME = re.compile(
    r"(?:(?:\b\d{1,2}\s*(?:h|gio|g)\s*(?:\d{2})?\s*(?:phut\s+)?(?:sang|trua|chieu|toi)?\s*)|\b(?:hom|hoi|bua|xe|sang)\s+)+$"
)
_AFTER_TIME = re.compile(r"\s+(?:vua\s+(?:qua|roi)|nam\s+(?:ngoai|nay|roi)|tet|nay)\b")
_WORD = re.compile(r"\s*(\w+)")
_LONGEST_NAME = 4  # words
# Only the words of a time are wanted here; the day they mean depends on when the message was sent.
_ANY_MOMENT = datetime(2026, 1, 15, 12, tzinfo=timezone(timedelta(hours=7)))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityFinder(GraphComponent, EntityExtractorMixin):
    """Writes `entities`; places and agencies carry the keys that they may mean."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"lexicon": "var/lexicon.json", "version": 2}

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._names: Dict[str, NameIndex] = {}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EntityFinder":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the lexicon inside the model. Raises InvalidConfigException when it is missing."""
        try:
            lexicon = json.loads(Path(self._config["lexicon"]).read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidConfigException("EntityFinder: the lexicon is missing; run `tiepdan train`") from error
        kept = {kind: lexicon[f"{kind}s"] if kind == "place" else lexicon["agencies"] for kind in ("place", "agency")}
        with self._storage.write_to(self._resource) as directory:
            (directory / _FILE).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        self._index(kept)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            found = [] if text.startswith("/") else self.find(text)  # a button brings its own entities
            message.set(ENTITIES, self.add_extractor_name(found), add_to_output=True)
        return messages

    def find(self, text: str) -> List[Dict[str, Any]]:
        """All entities of a text, in order. Never raises."""
        found = [_entity(kind, span.start, span.end, span.value) for kind, find in _NUMBERS for span in find(text)]
        for kind, index in self._names.items():
            found += [
                {**_entity(kind, match.start, match.end, match.text), "keys": list(match.keys)}
                for match in index.find(text)
            ]
        folded = fold(text)
        found += _times(text, folded)
        found = [*(one for one in found if one["entity"] != "agency"), *_agencies(text, folded, found)]
        found += [_of_text("counter", text, match) for match in _COUNTER.finditer(folded)]
        found += _officials(text, folded, found)
        return sorted(found, key=lambda entity: (entity["start"], entity["entity"]))

    def _index(self, kept: Dict[str, Any]) -> None:
        self._names = {
            kind: NameIndex((name, one["key"]) for one in entries for name in (one["name"], *one["aliases"]))
            for kind, entries in kept.items()
        }

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "EntityFinder":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._index(json.loads((directory / _FILE).read_text(encoding="utf-8")))
        return component


def _agencies(text: str, folded: str, found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The agencies of the lexicon, and others by their kind, with the place that they are of; only the former have
    keys."""
    places = {one["start"]: one["end"] for one in found if one["entity"] == "place"}
    known = [one for one in found if one["entity"] == "agency"]
    agencies = []
    for match in _AGENCY.finditer(folded):
        end = _end_of_place(folded, match.end(), places)
        inside = [one for one in known if match.start() < one["end"] and one["start"] < end]
        if any(one["start"] < match.start() or one["end"] > end for one in inside):
            continue  # the lexicon knows a longer name
        known = [one for one in known if one not in inside]
        keys = inside[0]["keys"] if inside else []
        agencies.append({**_entity("agency", match.start(), end, text[match.start() : end]), "keys": keys})
    return [*known, *agencies]


def _end_of_place(folded: str, end: int, places: Dict[int, int]) -> int:
    """Where the place or the level behind a kind of agency ends."""
    after = end + len(folded[end:]) - len(folded[end:].lstrip())
    if after in places:
        return places[after]
    level = _LEVEL.match(folded, end)
    return level.end() if level else end


def _times(text: str, folded: str) -> List[Dict[str, Any]]:
    """Times with the hour and the small words around them ("8h30 sáng nay", "hôm 2 tháng 9", "15/3 vừa qua")."""
    whole: List[List[int]] = []
    for span in when.find_times(text, _ANY_MOMENT):
        before, after = _BEFORE_TIME.search(folded[: span.start]), _AFTER_TIME.match(folded, span.end)
        start, end = before.start() if before else span.start, after.end() if after else span.end
        if whole and start <= whole[-1][1] + 1:
            whole[-1][1] = end
        else:
            whole.append([start, end])
    return [_entity("time", start, end, text[start:end]) for start, end in whole]


def _officials(text: str, folded: str, others: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Who is meant: a title with an office ("ông địa chính xã"), with a name after it if it is written large."""
    places = {one["start"]: one["end"] for one in others if one["entity"] == "place"}
    found: List[Dict[str, Any]] = []
    for match in _OFFICIAL.finditer(folded):
        if text[match.end() - 2 : match.end()].lower() == "đi":
            continue
        end = _name_end(text, match.end())
        end = end if end > match.end() else _end_of_place(folded, end, places)
        found.append(_entity("official", match.start(), end, text[match.start() : end].strip()))
    for match in _TITLED.finditer(folded):
        end = _name_end(text, match.end())
        office = _OFFICE.match(folded, end) if end > match.end() else None
        end = office.end() if office else end
        taken = any(match.start() < one["end"] and one["start"] < end for one in found)
        if end > match.end() and not taken:
            found.append(_entity("official", match.start(), end, text[match.start() : end]))
    return found


def _name_end(text: str, start: int) -> int:
    """Where a name written large that begins at `start` ends; `start` itself when there is none."""
    end = start
    for _ in range(_LONGEST_NAME):
        word = _WORD.match(text, end)
        if word is None or not word.group(1)[0].isupper():
            break
        end = word.end()
    return end


def _of_text(kind: str, text: str, match: Any) -> Dict[str, Any]:
    return _entity(kind, match.start(), match.end(), text[match.start() : match.end()])


def _entity(kind: str, start: int, end: int, value: str) -> Dict[str, Any]:
    return {"entity": kind, "start": start, "end": end, "value": value}
