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

from nlu.components.shape import shape
from vntext.fold import fold

_FILE = "features.joblib"
_FIRST, _LAST = 10, 14  # words


class Views:
    """The vectorizers of both views, without Rasa around them: what evaluation and training share.

    `words`: longest word n-gram. `letters`: longest letter n-gram, 0 for none. `bare_view`: also without marks.
    `ends`: once more the first and the last words by themselves, where a long story says what it wants.
    """

    def __init__(self, words: int, letters: int, bare_view: bool, ends: bool) -> None:
        self._words, self._letters, self._bare, self._ends = words, letters, bare_view, ends
        kinds = [self._of_words] + ([self._of_letters] if letters else [])
        self._vectorizers = [make() for make in kinds * (2 if bare_view else 1)]
        self._vectorizers += [self._of_words() for _ in range(2 * ends)]

    def fit(self, texts: List[str]) -> "Views":
        """Learn the vocabulary."""
        for view, vectorizer in zip(self._views(texts), self._vectorizers):
            vectorizer.fit(view)
        return self

    def transform(self, texts: List[str]) -> Any:
        """One sparse row a text."""
        parts = [vectorizer.transform(view) for view, vectorizer in zip(self._views(texts), self._vectorizers)]
        return scipy.sparse.hstack(parts).tocsr()

    def _of_words(self) -> Any:
        return TfidfVectorizer(ngram_range=(1, self._words), token_pattern=r"\S+", lowercase=False, sublinear_tf=True)

    def _of_letters(self) -> Any:
        return TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, self._letters), lowercase=False, sublinear_tf=True, min_df=2
        )

    def _views(self, texts: List[str]) -> List[List[str]]:
        kinds = 2 if self._letters else 1
        shaped = [shape(text) for text in texts]
        views = [shaped] + ([[fold(text) for text in shaped]] if self._bare else [])
        ends = [[_first(text) for text in views[-1]], [_last(text) for text in views[-1]]] if self._ends else []
        return [view for view in views for _ in range(kinds)] + ends


def _first(text: str) -> str:
    return " ".join(text.split()[:_FIRST])


def _last(text: str) -> str:
    return " ".join(text.split()[-_LAST:])


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
            "ends": True,  # the first and the last words once more by themselves
            "version": 3,  # raise it when the code changes: Rasa's cache does not see that
        }

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._views: Any = None

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
        kept = {name: self._config[name] for name in ("words", "letters", "bare_view", "ends")}
        self._views = Views(**kept).fit(texts)
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._views, directory / _FILE)
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
        matrix = self._views.transform([message.get(TEXT) for message in messages])
        for row, message in enumerate(messages):
            message.add_features(Features(matrix[row], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))

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
            component._views = joblib.load(directory / _FILE)
        return component
