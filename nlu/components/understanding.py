"""What a message is: its act, what a question asks about, what a complaint is about. Linear models, one component."""

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.features import Extra, Views, closing
from nlu.components.model import SureSvm
from nlu.components.segments import segmented_words
from nlu.importer import SECOND_LABEL
from nlu.variants import with_variants

_FILE = "understanding.joblib"
RANKING_LENGTH = 10
_ASKED, _TOLD = "ask_procedure", "complain"
_CLAUSE = re.compile(r"[^.,;!?\n]+")
_SHORT_CLAUSE = 4  # words
_SURELY = 0.8
_TELLS = 6  # words; a shorter answer ("con em mới 3 tuổi") tells of nothing that could be missed
_HARDLY = 0.02  # of a message that is less likely to be a complaint nobody needs to know which


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Writes `intent` (the act) and `intent_ranking`, `aspects` (learnt from `ask_procedure/<aspect>`) and
    `categories` (from `complain/<category>`), each best first with calibrated confidence; `parts`: the clauses of a
    question or complaint, each with its act; and `also`: that one of them asks (`ask_procedure`) or complains
    (`complain`) while the whole does the other.

    One component, because Rasa fingerprints every message again after each one, and with the features of tens of
    thousands of texts inside the messages that takes longer than learning. So the variants are made here, too.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "words": 2,  # longest word n-gram
            "letters": 4,  # longest letter n-gram; 0 leaves letters out
            "bare_view": True,  # a second view without diacritics
            "ends": True,  # the first and the last words once more by themselves
            "closing": True,  # how the text ends, for the aspects
            "segments": True,  # words of several syllables, for the categories
            "lean": {_TOLD: 2.0},  # a complaint missed costs more than a form offered in vain
            "C": 0.4,  # inverse of the regularisation
            "version": 4,  # raise it when the code changes: Rasa's cache does not see that
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._models: Any = None

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Understanding":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn. Raises InvalidConfigException when the examples hold fewer than two acts."""
        examples = [one for one in training_data.training_examples if one.get(TEXT) and one.get(INTENT)]
        acts = [str(one.get(INTENT)) for one in examples]
        if len(set(acts)) < 2:
            raise InvalidConfigException("Understanding: needs examples of two acts at least")
        seconds = [str(one.get(SECOND_LABEL) or "") for one in examples]
        self._models = Models(self._config).fit([one.get(TEXT) for one in examples], acts, seconds)
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._models, directory / _FILE, compress=1)  # Rasa packs it once more, slowly
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            said = None if not text or text.startswith("/") else self._models.read(text)
            ranking = said["acts"] if said else []
            message.set("intent", dict(ranking[0]) if ranking else {"name": None, "confidence": 0.0}, True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set("aspects", said["aspects"] if said else [], add_to_output=True)
            message.set("categories", said["categories"] if said else [], add_to_output=True)
            parts = self._models.parts(text, ranking[0]["name"]) if said else []
            message.set("parts", parts, add_to_output=True)
            message.set("also", _also(parts, ranking[0]["name"]) if said else [], add_to_output=True)
        return messages

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "Understanding":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._models = joblib.load(directory / _FILE)
        return component


class Models:
    """Features and the three models, without Rasa around them: what evaluation and ablation share."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        """`settings`: those of the component; `augment` false leaves the variants out."""
        self._settings = settings
        self._views = Views(**{name: settings[name] for name in ("words", "letters", "bare_view", "ends")})
        self._closing = Extra(closing, 3) if settings["closing"] else None
        self._segments = Extra(segmented_words, 2) if settings["segments"] else None
        self._acts: Any = None
        self._aspects: Any = None
        self._categories: Any = None

    def fit(self, texts: Sequence[str], acts: Sequence[str], seconds: Sequence[str]) -> "Models":
        """Learn. `seconds`: "act/second label", or nothing."""
        plain = (list(texts), list(range(len(texts))))
        every, sources = with_variants(texts) if self._settings.get("augment", True) else plain
        features = self._views.fit_transform(every)
        groups = np.array(sources)
        self._acts = self._model(features, [acts[at] for at in sources], groups)
        below = [seconds[at] for at in sources]
        self._aspects = self._second_model(_ASKED, self._closing, features, every, below, groups)
        self._categories = self._second_model(_TOLD, self._segments, features, every, below, groups)
        return self

    def read(self, text: str) -> Dict[str, List[Dict[str, Any]]]:
        """The rankings of one text, best first."""
        features = self._views.transform([text])
        lean = self._settings.get("lean", {}) if len(text.split()) >= _TELLS else {}
        acts = _ranking(self._acts, features, lean)
        likely = {one["name"]: one["confidence"] for one in acts}
        aspects = _ranking(self._aspects, _with(self._closing, features, text))
        told = likely.get(_TOLD, 0.0) >= _HARDLY
        categories = _ranking(self._categories, _with(self._segments, features, text)) if told else []
        return {"acts": acts, "aspects": aspects, "categories": categories}

    def parts(self, text: str, main: str) -> List[Dict[str, Any]]:
        """The clauses of a question or complaint that has several, each {start, end, name, confidence, category}:
        name of its act and, for a complaint, of its category."""
        clauses = _clauses(text)
        if len(clauses) < 2 or main not in (_ASKED, _TOLD):
            return []
        texts = [text[start:end] for start, end in clauses]
        features = self._views.transform(texts)
        parts = []
        for row, (start, end) in enumerate(clauses):
            act = _ranking(self._acts, features[row])[0]
            own = _with(self._segments, features[row], texts[row]) if act["name"] == _TOLD else None
            category = _ranking(self._categories, own)[0]["name"] if own is not None and self._categories else None
            parts.append({"start": start, "end": end, **act, "category": category})
        return parts

    def _second_model(
        self, act: str, extra: Optional[Extra], features: Any, texts: List[str], seconds: List[str], groups: Any
    ) -> Optional[SureSvm]:
        """The model of the labels below an act, learnt from the rows that have one."""
        rows = [row for row, label in enumerate(seconds) if label.startswith(f"{act}/")]
        own = features[rows]
        if extra and rows:
            own = extra.fit_transform(own, [texts[row] for row in rows])
        return self._model(own, [_second(seconds[row]) for row in rows], groups[rows])

    def _model(self, features: Any, labels: List[str], groups: Any) -> Optional[SureSvm]:
        """None where there is nothing to tell apart."""
        return SureSvm(self._settings["C"]).fit(features, labels, groups) if len(set(labels)) > 1 else None


def _clauses(text: str) -> List[Tuple[int, int]]:
    """Where the clauses stand that commas and stops part; short ones belong to the clause before."""
    clauses: List[Tuple[int, int]] = []
    for found in _CLAUSE.finditer(text):
        if clauses and len(found[0].split()) < _SHORT_CLAUSE:
            clauses[-1] = (clauses[-1][0], found.end())
        elif found[0].strip():
            clauses.append((found.start() + len(found[0]) - len(found[0].lstrip()), found.end()))
    return clauses


def _also(parts: List[Dict[str, Any]], main: str) -> List[str]:
    """Whether a part surely asks or complains when that is not the main act of the whole."""
    wanted = _TOLD if main == _ASKED else _ASKED
    surely = any(part["name"] == wanted and part["confidence"] >= _SURELY for part in parts)
    return [wanted] if surely else []


def _second(label: str) -> str:
    return label.partition("/")[2]


def _with(extra: Optional[Extra], features: Any, text: str) -> Any:
    return extra.transform(features, [text]) if extra else features


def _ranking(
    model: Optional[SureSvm], features: Any, lean: Optional[Dict[str, float]] = None
) -> List[Dict[str, Any]]:
    """Best first. `lean`: how many times as much a label counts, before all of them add up to one again."""
    if model is None:
        return []
    probabilities = model.predict_proba(features)[0]
    if lean:
        probabilities = probabilities * [lean.get(str(name), 1.0) for name in model.classes_]
        probabilities /= probabilities.sum()
    best = np.argsort(probabilities)[::-1][:RANKING_LENGTH]
    return [{"name": str(model.classes_[at]), "confidence": float(probabilities[at])} for at in best]
