"""Finds the procedure that a text names, by search over names and aliases; not one intent for each procedure."""

import json
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import joblib
import numpy as np
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
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from nlu.components.model import SureSvm
from nlu.components.shape import bare

_FILE = "linker.joblib"
CANDIDATES = 5
_LONGEST_NAME = 10  # words
_LONG, _STRETCH = 24, 14  # words
_NOTHING = "-"
_UNSURE = 0.5
_MOST_OF_NOTHING = 800
# Acts whose texts name no procedure, or not for its own sake.
_WITHOUT_PROCEDURE = {
    "abuse", "affirm", "bot_challenge", "cancel", "chitchat", "correction", "data_rights", "deny", "deny_procedure",
    "dialogue_schedule", "emergency", "goodbye", "greet", "hotline", "human", "infrastructure_report", "out_of_scope",
    "reopen", "thanks", "ticket_status", "withdraw",
}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")
_ABBREVIATIONS = {
    "sanh": "sinh",
    "cccd": "can cuoc",
    "cmnd": "can cuoc",
    "gplx": "bang lai",
    "bhyt": "bao hiem y te",
    "bhxh": "bao hiem xa hoi",
    "gks": "giay khai sinh",
    "dkkh": "dang ky ket hon",
}
_ABBREVIATION = re.compile(r"\b(?:" + "|".join(_ABBREVIATIONS) + r")\b")


class Found(NamedTuple):
    """The result of a search: candidates (index of procedure, score) best first, and how sure the first one is."""

    candidates: List[Tuple[int, float]]
    confidence: float
    evidence: float


class Stop:
    """The words with which people ask, whatever they ask about."""

    def __init__(self, phrases: List[str], words: List[str]) -> None:
        longest_first = sorted(phrases, key=len, reverse=True)
        self._phrases = re.compile(r"\b(?:" + "|".join(re.escape(phrase) for phrase in longest_first) + r")\b")
        self._words = set(words)

    def strip(self, text: str) -> str:
        """What is left of a question without them: words of the thing that it is about."""
        rest = self._phrases.sub(" ", " ".join(_WORD.findall(text)))
        return " ".join(word for word in rest.split() if word not in self._words)


class ProcedureIndex:
    """Phrases of all procedures as two TF-IDF matrices: words and letters, both without diacritics."""

    def __init__(self, procedures: List[Dict[str, Any]], stop: "Stop", weights: Dict[str, float]) -> None:
        self.procedures = [{"code": one["code"], "name": one["short_name"]} for one in procedures]
        self._stop = stop
        self._weights = weights
        phrases: List[str] = []
        owners: List[int] = []
        for owner, one in enumerate(procedures):
            for phrase in dict.fromkeys(bare(text) for text in (one["name"], one["short_name"], *one["aliases"])):
                phrases.append(phrase)
                owners.append(owner)
        self._owners = np.array(owners)
        kept = [" ".join(_WORD.findall(phrase)) for phrase in phrases]
        self._words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", lowercase=False, sublinear_tf=True)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False, sublinear_tf=True)
        self._word_matrix = self._words.fit_transform(kept).T.tocsr()
        self._letter_matrix = self._letters.fit_transform(kept).T.tocsr()
        # How much of a phrase a question says: "khai sinh" is all of one name and half of "khai sinh lưu động".
        self._counts = CountVectorizer(token_pattern=r"\S+", lowercase=False, binary=True)
        weighted = TfidfTransformer(norm="l1").fit_transform(self._counts.fit_transform(kept))
        self._coverage = weighted.T.tocsr()
        self._vocabulary = set(self._counts.vocabulary_)
        self._whole: Dict[str, List[int]] = {}
        for phrase, owner in zip(kept, owners):
            if phrase.count(" ") and owner not in self._whole.setdefault(phrase, []):
                self._whole[phrase].append(owner)

    def search(self, text: str) -> Optional[Found]:
        """The best procedures for a text; None when it holds no word that a procedure is called by."""
        query = self._stop.strip(bare(text))
        if not any(word in self._vocabulary for word in query.split()):
            return None  # nothing but question words, or words that no procedure knows
        words = (self._words.transform([query]) @ self._word_matrix).toarray()[0]
        letters = (self._letters.transform([query]) @ self._letter_matrix).toarray()[0]
        share = self._weights["words"]
        said = (self._counts.transform([query]) @ self._coverage).toarray()[0]
        least = self._weights["uncovered"]
        scores = (share * words + (1 - share) * letters) * (least + (1 - least) * said)
        best = np.zeros(len(self.procedures))
        np.maximum.at(best, self._owners, scores)
        for owner, size in self._said_whole(text):
            best[owner] = max(best[owner], self._weights["whole"] + 0.04 * size)
        order = np.argsort(best)[::-1][:CANDIDATES]
        ranked = [(int(at), float(best[at])) for at in order if best[at] > 0]
        if not ranked:
            return None
        return Found(ranked, self._confidence(ranked), min(1.0, ranked[0][1]))

    def _said_whole(self, text: str) -> List[Tuple[int, int]]:
        """Procedures one of whose names stands word for word in the text, and how many words that is.

        In a long story the likeness of the whole text to a name says little; a name inside it says a lot.
        Only the longest names count: "khai sinh" inside "đăng ký lại khai sinh" is no second procedure.
        """
        words = _WORD.findall(bare(text))
        found: List[Tuple[int, int]] = []
        at = 0
        while at < len(words):
            size = next(
                (
                    n
                    for n in range(min(_LONGEST_NAME, len(words) - at), 1, -1)
                    if " ".join(words[at : at + n]) in self._whole
                ),
                0,
            )
            found += [(owner, size) for owner in self._whole.get(" ".join(words[at : at + size]), [])]
            at += size or 1
        return found

    def _confidence(self, ranked: List[Tuple[int, float]]) -> float:
        """Probability that the first is right: logistic in its score and its lead (weights fitted by nlu/tools)."""
        top = ranked[0][1]
        lead = top - (ranked[1][1] if len(ranked) > 1 else 0.0)
        w = self._weights
        return float(1 / (1 + np.exp(-(w["bias"] + w["score"] * top + w["lead"] * lead))))


def _windows(text: str) -> List[str]:
    """The text itself, or overlapping stretches of a long one beside it."""
    words = text.split()
    if len(words) <= _LONG:
        return [text]
    return [
        text,
        *(" ".join(words[at : at + _STRETCH]) for at in range(0, len(words) - _STRETCH // 2, _STRETCH // 2)),
    ]


class Ranker:
    """Which of the checked procedures a question is about: learnt from their names and from people's questions.

    Far better than likeness to names where people tell a situation: "ổng mất rồi giờ làm giấy gì".
    """

    def __init__(self, phrases: Dict[str, List[str]], nothing: List[str], strength: float) -> None:
        """`phrases` by code; `nothing`: texts that are about no procedure at all."""
        texts = [(self._spelled(phrase), code) for code, own in phrases.items() for phrase in dict.fromkeys(own)]
        texts += [(self._spelled(text), _NOTHING) for text in nothing]
        self._words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", lowercase=False, sublinear_tf=True)
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), lowercase=False, sublinear_tf=True, dtype=np.float32
        )
        features = hstack([one.fit_transform([text for text, _ in texts]) for one in (self._words, self._letters)])
        self._model = SureSvm(strength).fit(features.tocsr(), [code for _, code in texts])

    def rank(self, text: str) -> List[Tuple[str, float]]:
        """The likeliest procedures with their probabilities, best first.

        Of a long story the part counts that names a procedure best.
        """
        parts = _windows(self._spelled(text))
        features = hstack([self._words.transform(parts), self._letters.transform(parts)]).tocsr()
        row = self._model.predict_proba(features).max(axis=0)
        ranked = [(str(self._model.classes_[at]), float(row[at])) for at in np.argsort(row)[::-1]]
        return [one for one in ranked if one[0] != _NOTHING][:CANDIDATES]

    @staticmethod
    def _spelled(text: str) -> str:
        """Without marks, Southern "sanh" as "sinh", the usual abbreviations in full."""
        return _ABBREVIATION.sub(lambda match: _ABBREVIATIONS[match.group()], bare(text))


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
            "weights": {"words": 0.5, "uncovered": 0.6, "whole": 0.56, "bias": -9.5, "score": 14.5, "lead": 4.0},
            "version": 7,
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
            joblib.dump((self._index, self._wide, self._ranker), directory / _FILE)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            found = None if text.startswith("/") else self._search(text)
            message.set("procedure", found, add_to_output=True)
        return messages

    def _search(self, text: str) -> Optional[Dict[str, Any]]:
        """The better of the checked and the imported procedures, the other ones' candidates behind it.

        Of equals the checked one: what people ask for daily has been checked.
        """
        named = self._index.search(text)
        checked = self._checked(text, named) if named else None
        wide = _output(self._wide, self._wide.search(text)) if self._wide else None
        if not checked or not wide:
            return checked or wide
        first, second = (wide, checked) if wide["evidence"] > checked["evidence"] else (checked, wide)
        return {**first, "candidates": [*first["candidates"][:3], *second["candidates"]][:CANDIDATES]}

    def _checked(self, text: str, named: Found) -> Dict[str, Any]:
        """The ranker's order, unless it is unsure and the text holds a procedure's name: stories mention one in
        passing. Where both find the same, the surer one says how sure."""
        ranking = self._ranker.rank(text)
        first = self._index.procedures[named.candidates[0][0]]["code"]
        if (ranking[0][1] < _UNSURE or ranking[0][0] == first) and named.confidence > ranking[0][1]:
            ranking = [(first, named.confidence), *(one for one in ranking if one[0] != first)][:CANDIDATES]
        return self._ranked(ranking, named.evidence)

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


def _output(index: ProcedureIndex, found: Optional[Found]) -> Optional[Dict[str, Any]]:
    if found is None:
        return None
    return {
        **index.procedures[found.candidates[0][0]],
        "confidence": round(found.confidence, 4),
        "evidence": round(found.evidence, 4),
        "candidates": [{**index.procedures[at], "score": round(score, 4)} for at, score in found.candidates],
    }


def _about_nothing(data: TrainingData) -> List[str]:
    """Texts of acts that are about no procedure, spread over all of them."""
    texts = [
        one.get(TEXT) for one in data.training_examples if one.get(INTENT) in _WITHOUT_PROCEDURE and one.get(TEXT)
    ]
    return sorted(set(texts))[:: max(1, len(set(texts)) // _MOST_OF_NOTHING)]


def build(config: Dict[str, Any], nothing: List[str]) -> Tuple[ProcedureIndex, Optional[ProcedureIndex], Ranker]:
    """The index of the checked procedures, that of the imported ones (None when there are none) and the ranker,
    from the files named in a configuration. Raises InvalidConfigException."""
    try:
        lexicon = json.loads(Path(config["lexicon"]).read_text(encoding="utf-8"))
        names = yaml.safe_load(Path(config["names"]).read_text(encoding="utf-8"))
        questions = yaml.safe_load(Path(config["questions"]).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidConfigException(f"ProcedureLinker: {error.filename} is missing; run `tiepdan train`") from error
    if not lexicon["procedures"]:
        raise InvalidConfigException("ProcedureLinker: the lexicon holds no procedures")
    spoken = names["names"]
    procedures = [
        {**one, "aliases": [*one["aliases"], *spoken.get(one["code"], [])]} for one in lexicon["procedures"]
    ]
    stop = Stop(names["stop_phrases"], names["stop_words"])
    imported = [{**one, "aliases": []} for one in lexicon["imported"]]
    wide = ProcedureIndex(imported, stop, config["weights"]) if imported else None
    phrases = {
        one["code"]: [one["name"], one["short_name"], *one["aliases"], *questions.get(one["code"], [])]
        for one in procedures
    }
    return ProcedureIndex(procedures, stop, config["weights"]), wide, Ranker(phrases, nothing, config["C"])
