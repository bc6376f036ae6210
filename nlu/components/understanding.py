"""What a message is: its act, what a question asks about, what a complaint is about. Linear models, one component."""

import re
from typing import Any, Dict, List, Optional, Sequence

import joblib
import numpy as np
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.features import Views, word_counts
from nlu.components.model import SureSvm
from nlu.components.segments import segmented
from nlu.components.shape import shape
from nlu.importer import SECOND_LABEL
from nlu.variants import with_variants

_FILE = "understanding.joblib"
RANKING_LENGTH = 10
_ASKED, _TOLD = "ask_procedure", "complain"
_STOPS = re.compile(r"[.,;!?\n]+")
_SHORT_CLAUSE = 4  # words
_SURELY = 0.8
_HARDLY = 0.02  # of a message that is less likely to be a complaint nobody needs to know which


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Writes `intent` (the act) and `intent_ranking`, `aspects` (learnt from `ask_procedure/<aspect>`) and
    `categories` (from `complain/<category>`), each best first with calibrated confidence; and `also`: that a part of
    the message asks (`ask_procedure`) or complains (`complain`) while the whole does something else.

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
            "segments": True,  # words of several syllables, for the categories
            "C": 0.4,  # inverse of the regularisation
            "version": 2,  # raise it when the code changes: Rasa's cache does not see that
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
            message.set("also", self._models.also(text, ranking[0]["name"]) if said else [], add_to_output=True)
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
        self._segments: Any = word_counts(2) if settings["segments"] else None
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
        asked, told = (_rows(act, seconds, sources) for act in (_ASKED, _TOLD))
        self._aspects = self._model(features[asked], [_second(seconds[sources[row]]) for row in asked], groups[asked])
        features = features[told]
        if self._segments is not None and told:
            words = self._segments.fit_transform([segmented(shape(every[row])) for row in told])
            features = scipy.sparse.hstack([features, words]).tocsr()
        self._categories = self._model(features, [_second(seconds[sources[row]]) for row in told], groups[told])
        return self

    def read(self, text: str) -> Dict[str, List[Dict[str, Any]]]:
        """The rankings of one text, best first."""
        features = self._views.transform([text])
        acts = _ranking(self._acts, features)
        likely = {one["name"]: one["confidence"] for one in acts}
        categories = self._read_categories(text, features) if likely.get(_TOLD, 0.0) >= _HARDLY else []
        return {"acts": acts, "aspects": _ranking(self._aspects, features), "categories": categories}

    def also(self, text: str, main: str) -> List[str]:
        """Whether a part of a text surely asks or complains when that is not its main act."""
        parts = _parts(text)
        if len(parts) < 2 or main not in (_ASKED, _TOLD):
            return []
        wanted = _TOLD if main == _ASKED else _ASKED
        column = list(self._acts.classes_).index(wanted)
        surest = float(self._acts.predict_proba(self._views.transform(parts))[:, column].max())
        return [wanted] if surest >= _SURELY else []

    def _read_categories(self, text: str, features: Any) -> List[Dict[str, Any]]:
        if self._segments is not None and self._categories is not None:
            words = self._segments.transform([segmented(shape(text))])
            features = scipy.sparse.hstack([features, words]).tocsr()
        return _ranking(self._categories, features)

    def _model(self, features: Any, labels: List[str], groups: Any) -> Optional[SureSvm]:
        """None where there is nothing to tell apart."""
        return SureSvm(self._settings["C"]).fit(features, labels, groups) if len(set(labels)) > 1 else None


def _parts(text: str) -> List[str]:
    """The clauses of a text as its commas and stops part them; short ones belong to the clause before."""
    parts: List[str] = []
    for clause in _STOPS.split(text):
        if parts and len(clause.split()) < _SHORT_CLAUSE:
            parts[-1] += f", {clause}"
        elif clause.strip():
            parts.append(clause.strip())
    return parts


def _rows(act: str, seconds: Sequence[str], sources: Sequence[int]) -> List[int]:
    return [row for row, source in enumerate(sources) if seconds[source].startswith(f"{act}/")]


def _second(label: str) -> str:
    return label.partition("/")[2]


def _ranking(model: Optional[SureSvm], features: Any) -> List[Dict[str, Any]]:
    if model is None:
        return []
    probabilities = model.predict_proba(features)[0]
    best = np.argsort(probabilities)[::-1][:RANKING_LENGTH]
    return [{"name": str(model.classes_[at]), "confidence": float(probabilities[at])} for at in best]
