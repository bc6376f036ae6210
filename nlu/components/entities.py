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
    r"(?:pho\s+)?(?:chu\s+tich|bi\s+thu|giam\s+doc|truong\s+(?:cong\s+an|phong|ap)|can\s+bo(?:\s+(?:tu\s+phap|dia\s+chinh|"
    r"ho\s+tich|mot\s+cua|chinh\s+sach|xa|phuong|thu\s+tuc))?|dia\s+chinh|tu\s+phap|cong\s+an|nhan\s+vien|bao\s+ve|"
    r"cong\s+chuc|chuyen\s+vien|mot\s+cua|tiep\s+dan|ho\s+tich|ke\s+toan)"
)
_OFFICIAL = re.compile(
    rf"\b(?:{_TITLE}\s+(?:ten\s+)?(?P<role>{_POSITION})(?:\s+ten)?|{_POSITION}\s+(?:ten\s+)?{_TITLE}?)(?=\s|$|[,.;])"
)
_TITLED = re.compile(rf"\b{_TITLE}\s+(?:ten\s+)?(?=\w)")
_WORD = re.compile(r"\s*(\w+)")
_LONGEST_NAME = 4  # words
# Only the words of a time are wanted here; the day they mean depends on when the message was sent.
_ANY_MOMENT = datetime(2026, 1, 15, 12, tzinfo=timezone(timedelta(hours=7)))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class EntityFinder(GraphComponent, EntityExtractorMixin):
    """Writes `entities`; places and agencies carry the keys that they may mean."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"lexicon": "var/lexicon.json", "version": 1}

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
        found += [_entity("time", span.start, span.end, span.text) for span in when.find_times(text, _ANY_MOMENT)]
        folded = fold(text)
        found += [_of_text("counter", text, match) for match in _COUNTER.finditer(folded)]
        found += _officials(text, folded)
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


def _officials(text: str, folded: str) -> List[Dict[str, Any]]:
    """Who is meant: a title with an office ("ông địa chính"), with a name after it if it is written large."""
    found: List[Dict[str, Any]] = []
    for match in _OFFICIAL.finditer(folded):
        end = _name_end(text, match.end())
        found.append(_entity("official", match.start(), end, text[match.start() : end].strip()))
    for match in _TITLED.finditer(folded):
        end = _name_end(text, match.end())
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
