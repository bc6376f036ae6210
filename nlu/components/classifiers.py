"""Linear classifiers over the sentence features: acts, aspects of a question, categories of a complaint."""

from abc import ABC, abstractmethod
from typing import Any, Dict, List, Optional, Tuple

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

from nlu.components.features import TextFeatures
from nlu.components.model import SureSvm
from nlu.importer import SECOND_LABEL

_FILE = "classifier.joblib"
RANKING_LENGTH = 10


class LinearClassifier(GraphComponent, IntentClassifier, ABC):
    """A linear model with calibrated confidence. Subclasses say which label they learn and what they write."""

    @classmethod
    def required_components(cls) -> List[type]:
        return [TextFeatures]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"C": 0.4, "version": 4}

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._model: Any = None

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LinearClassifier":
        return cls(config, model_storage, resource)

    @abstractmethod
    def label(self, message: Message) -> Optional[str]:
        """The label of a training example; None leaves it out."""

    @abstractmethod
    def write(self, message: Message, ranking: List[Dict[str, Any]]) -> None:
        """Put the ranking, best first, into a message."""

    def train(self, training_data: TrainingData) -> Resource:
        """Fit. Raises InvalidConfigException when the examples hold fewer than two labels."""
        labelled = [(message, self.label(message)) for message in training_data.training_examples]
        known = [(message, label) for message, label in labelled if label and message.get(TEXT)]
        if len({label for _, label in known}) < 2:
            raise InvalidConfigException(f"{type(self).__name__}: needs examples of two labels at least")
        features, rows = _matrix([message for message, _ in known])
        labels = [known[row][1] for row in rows]
        self._model = SureSvm(self._config["C"]).fit(features, labels)
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._model, directory / _FILE)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        features, rows = _matrix(messages)
        if rows:
            for row, probabilities in zip(rows, self._model.predict_proba(features)):
                self.write(messages[row], self._ranking(probabilities))
        for row in set(range(len(messages))) - set(rows):
            self.write(messages[row], [])
        return messages

    def _ranking(self, probabilities: Any) -> List[Dict[str, Any]]:
        best = np.argsort(probabilities)[::-1][:RANKING_LENGTH]
        return [{"name": str(self._model.classes_[at]), "confidence": float(probabilities[at])} for at in best]

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "LinearClassifier":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._model = joblib.load(directory / _FILE)
        return component


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ActClassifier(LinearClassifier):
    """The act of a message: Rasa's intent."""

    def label(self, message: Message) -> Optional[str]:
        intent: Optional[str] = message.get(INTENT)
        return intent

    def write(self, message: Message, ranking: List[Dict[str, Any]]) -> None:
        best = ranking[0] if ranking else {"name": None, "confidence": 0.0}
        message.set("intent", dict(best), add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AspectClassifier(LinearClassifier):
    """What a question about a procedure wants to know; learnt from `ask_procedure/<aspect>`."""

    def label(self, message: Message) -> Optional[str]:
        return _second_label(message, "ask_procedure")

    def write(self, message: Message, ranking: List[Dict[str, Any]]) -> None:
        message.set("aspects", ranking, add_to_output=True)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CategoryClassifier(LinearClassifier):
    """What a complaint is about; learnt from `complain/<category>`."""

    def label(self, message: Message) -> Optional[str]:
        return _second_label(message, "complain")

    def write(self, message: Message, ranking: List[Dict[str, Any]]) -> None:
        message.set("categories", ranking, add_to_output=True)


def _second_label(message: Message, act: str) -> Optional[str]:
    first, _, second = str(message.get(SECOND_LABEL) or "").partition("/")
    return second if first == act and second else None


def _matrix(messages: List[Message]) -> Tuple[Any, List[int]]:
    """The sentence features of the messages that have some, and which messages those are."""
    parts, rows = [], []
    for row, message in enumerate(messages):
        _, sentence = message.get_sparse_features(TEXT, [TextFeatures.__name__])
        if sentence is not None:
            parts.append(sentence.features)
            rows.append(row)
    return (scipy.sparse.vstack(parts).tocsr() if parts else None), rows
