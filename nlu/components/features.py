"""Sparse features: words and letters, of the text as it is and of the text without its marks."""

from typing import Any, Dict, List

import joblib
import scipy.sparse
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.components.shape import bare, shape

_FILE = "features.joblib"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TextFeatures(GraphComponent):
    """TF-IDF of word n-grams and of letter n-grams inside words, on two views of the text."""

    @classmethod
    def required_components(cls) -> List[type]:
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {
            "words": 2,  # longest word n-gram
            "letters": 4,  # longest letter n-gram; 0 leaves letters out
            "bare_view": True,  # a second view without diacritics
            "version": 1,  # raise it when the code changes: Rasa's cache does not see that
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._vectorizers: List[Any] = []

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TextFeatures":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the vocabulary. Raises InvalidConfigException without any example."""
        texts = [message.get(TEXT) for message in training_data.training_examples if message.get(TEXT)]
        if not texts:
            raise InvalidConfigException("TextFeatures: there are no training examples")
        self._vectorizers = self._new_vectorizers()
        for view, vectorizer in zip(self._views(texts), self._vectorizers):
            vectorizer.fit(view)
        self._persist()
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self._add([message for message in training_data.training_examples if message.get(TEXT)])
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        self._add([message for message in messages if message.get(TEXT) and not message.get(TEXT).startswith("/")])
        return messages

    def _add(self, messages: List[Message]) -> None:
        if not messages:
            return
        views = self._views([message.get(TEXT) for message in messages])
        matrix = scipy.sparse.hstack([v.transform(view) for view, v in zip(views, self._vectorizers)]).tocsr()
        for row, message in enumerate(messages):
            message.add_features(Features(matrix[row], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))

    def _new_vectorizers(self) -> List[Any]:
        def words() -> Any:
            return TfidfVectorizer(
                ngram_range=(1, self._config["words"]), token_pattern=r"\S+", lowercase=False, sublinear_tf=True
            )

        def letters() -> Any:
            return TfidfVectorizer(
                analyzer="char_wb",
                ngram_range=(2, self._config["letters"]),
                lowercase=False,
                sublinear_tf=True,
                min_df=2,
            )

        kinds = [words] + ([letters] if self._config["letters"] else [])
        return [make() for make in kinds * (2 if self._config["bare_view"] else 1)]

    def _views(self, texts: List[str]) -> List[List[str]]:
        kinds = 2 if self._config["letters"] else 1
        views = [[shape(text) for text in texts]]
        if self._config["bare_view"]:
            views.append([bare(text) for text in texts])
        return [view for view in views for _ in range(kinds)]

    def _persist(self) -> None:
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._vectorizers, directory / _FILE)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TextFeatures":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as directory:
            component._vectorizers = joblib.load(directory / _FILE)
        return component
