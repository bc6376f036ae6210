"""Finds the procedure that a text names, by search over names and aliases; not one intent for each procedure."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import joblib
import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.name_search import CANDIDATES, Found, ProcedureIndex, Stop
from nlu.components.ranker import Ranker
from nlu.components.wide_search import WideFound, WideIndex

_FILE = "linker.joblib"
_UNSURE = 0.5
_MOST_OF_NOTHING = 800
_EVERY_NATIONAL = 16
# Acts whose texts name no procedure, or not for its own sake.
_WITHOUT_PROCEDURE = {
    "abuse", "affirm", "bot_challenge", "cancel", "chitchat", "correction", "data_rights", "deny", "deny_procedure",
    "dialogue_schedule", "emergency", "goodbye", "greet", "hotline", "human", "infrastructure_report", "out_of_scope",
    "reopen", "thanks", "ticket_status", "withdraw",
}  # fmt: skip


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ProcedureLinker(GraphComponent, EntityExtractorMixin):
    """Writes `procedure`: code, name, confidence, evidence and up to five candidates; None without evidence."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "lexicon": "var/lexicon.json",  # written by `tiepdan train` from the catalogue
            "names": "data/nlu/procedure_names.yml",  # further spoken names, and the words that all questions share
            "questions": "data/nlu/procedure_questions.yml",  # questions of people, by procedure
            "C": 1.0,  # inverse of the ranker's regularisation
            "national": "data/nlu/national_questions.yml",  # questions of people for imported procedures
            "weights": {"words": 0.5, "uncovered": 0.6, "whole": 0.56, "bias": -9.5, "score": 14.5, "lead": 4.0},
            "wide_weights": {
                "second": 0.3,
                "name": 0.3,
                "wording": 0.6,
                "shared": 0.2,
                "least": 0.4,  # gibberish stays below 0.2, held-out questions are above 0.5
                "bias": -0.6,
                "score": 1.35,
                "lead": 6.1,
            },
            "checked_ahead": 0.06,  # by how much a checked one must be nearer: it has many more questions to be like
            "version": 9,
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._index: Any = None
        self._wide: Any = None  # imported procedures; None when there are none
        self._ranker: Any = None

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ProcedureLinker":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Index the lexicon. Raises InvalidConfigException when it is missing or empty."""
        self._index, self._wide, self._ranker = build(self._config, _about_nothing(training_data))
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(
                (self._index, self._wide, self._ranker), directory / _FILE, compress=1
            )  # Rasa packs it once more, slowly
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            found = None if text.startswith("/") else self._search(text)
            message.set("procedure", found, add_to_output=True)
        return messages

    def _search(self, text: str) -> Optional[Dict[str, Any]]:
        """The better of the checked and the imported procedures, the other ones' candidates behind it."""
        named = self._index.search(text)
        checked = self._checked(text, named) if named else None
        found = self._wide.search(text) if self._wide else None
        if not found:
            return checked
        wide = self._imported(found)
        if not checked:
            return wide
        nearer = found.lead > -self._config["checked_ahead"]
        return _merged(wide, checked) if nearer else _merged(checked, wide)

    def _checked(self, text: str, named: Found) -> Dict[str, Any]:
        """The ranker's order, unless it is unsure and the text holds a procedure's name: stories mention one in
        passing. Where both find the same, the surer one says how sure."""
        ranking = self._ranker.rank(text)
        first = self._index.procedures[named.candidates[0][0]]["code"]
        if (ranking[0][1] < _UNSURE or ranking[0][0] == first) and named.confidence > ranking[0][1]:
            ranking = [(first, named.confidence), *(one for one in ranking if one[0] != first)][:CANDIDATES]
        return self._ranked(ranking, named.evidence)

    def _imported(self, found: WideFound) -> Dict[str, Any]:
        candidates = [{**self._wide.procedures[at], "score": round(score, 4)} for at, score in found.candidates]
        confidence = round(found.confidence, 4)
        return {
            "code": candidates[0]["code"],
            "name": candidates[0]["name"],
            "confidence": confidence,
            "evidence": confidence,
            "candidates": candidates,
        }

    def _ranked(self, ranking: List[Tuple[str, float]], evidence: float) -> Dict[str, Any]:
        names = {one["code"]: one["name"] for one in self._index.procedures}
        candidates = [{"code": code, "name": names[code], "score": round(score, 4)} for code, score in ranking]
        return {
            "code": candidates[0]["code"],
            "name": candidates[0]["name"],
            "confidence": candidates[0]["score"],
            "evidence": round(evidence, 4),
            "candidates": candidates,
        }

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "ProcedureLinker":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._index, component._wide, component._ranker = joblib.load(directory / _FILE)
        return component


def _merged(first: Dict[str, Any], second: Dict[str, Any]) -> Dict[str, Any]:
    """The finding of `first`; of its candidates two, then the best of `second`, then the rest."""
    ahead, behind = first["candidates"], second["candidates"]
    return {**first, "candidates": [*ahead[:2], behind[0], *ahead[2:], *behind[1:]][:CANDIDATES]}


def _about_nothing(data: TrainingData) -> List[str]:
    """Texts of acts that are about no procedure, spread over all of them."""
    texts = [
        one.get(TEXT) for one in data.training_examples if one.get(INTENT) in _WITHOUT_PROCEDURE and one.get(TEXT)
    ]
    return sorted(set(texts))[:: max(1, len(set(texts)) // _MOST_OF_NOTHING)]


def build(config: Dict[str, Any], nothing: List[str]) -> Tuple[ProcedureIndex, Optional[WideIndex], Ranker]:
    """The index of the checked procedures, that of all (None when nothing was imported) and the ranker, from the
    files named in a configuration. Raises InvalidConfigException."""
    lexicon = _read(config["lexicon"], json.loads)
    names, questions, national = (_read(config[name], _yaml) for name in ("names", "questions", "national"))
    if not lexicon["procedures"]:
        raise InvalidConfigException("ProcedureLinker: the lexicon holds no procedures")
    spoken = names["names"]
    procedures = [
        {**one, "aliases": [*one["aliases"], *spoken.get(one["code"], [])]} for one in lexicon["procedures"]
    ]
    codes = {one["code"] for one in procedures}
    elsewhere = [text for code, own in sorted(national.items()) if code not in codes for text in own]
    phrases = {
        one["code"]: [one["name"], one["short_name"], *one["aliases"], *questions.get(one["code"], [])]
        for one in procedures
    }
    stop = Stop(names["stop_phrases"], names["stop_words"])
    wide = None
    if lexicon["imported"]:
        entries = [_entry(one, questions, checked=True) for one in procedures]
        entries += [_entry(one, national, checked=False) for one in lexicon["imported"]]
        wide = WideIndex(entries, stop, config["wide_weights"])
    ranker = Ranker(phrases, [*nothing, *elsewhere[::_EVERY_NATIONAL]], config["C"])
    return ProcedureIndex(procedures, stop, config["weights"]), wide, ranker


def _read(path: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfigException(f"ProcedureLinker: {error.filename} is missing; run `tiepdan train`") from error


def _yaml(text: str) -> Any:
    # Eight thousand lines: the parser in C, where PyYAML was built with it.
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 both are safe


def _entry(procedure: Dict[str, Any], questions: Dict[str, List[str]], *, checked: bool) -> Dict[str, Any]:
    return {
        "code": procedure["code"],
        "name": procedure["short_name"],
        "names": [procedure["name"], *procedure.get("aliases", [])],
        "questions": questions.get(procedure["code"], []),
        "checked": checked,
    }
