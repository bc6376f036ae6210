"""Sparse features: words and letters, of the text as it is and of the text without its marks."""

from typing import Any, Callable, List, Tuple

import scipy.sparse
from joblib import Parallel, delayed

from nlu.components.shape import shape
from nlu.components.tfidf import Tfidf
from vntext.fold import fold

_FIRST, _LAST = 10, 14  # words
_CLOSE, _STOP = 6, "$"
_MANY = 10_000  # texts; two processes pay from here on


class Views:
    """The vectorizers of both views.

    `words`: longest word n-gram. `letters`: longest letter n-gram, 0 for none. `bare_view`: also without marks.
    `ends`: once more the first and the last words by themselves, where a long story says what it wants.
    """

    def __init__(self, words: int, letters: int, bare_view: bool, ends: bool) -> None:
        self._words, self._letters, self._bare, self._ends = words, letters, bare_view, ends
        kinds = [self._of_words] + ([self._of_letters] if letters else [])
        self._vectorizers = [make() for make in kinds * (2 if bare_view else 1)]
        self._vectorizers += [self._of_words() for _ in range(2 * ends)]

    def fit_transform(self, texts: List[str]) -> Any:
        """Learn the vocabulary; the features of the texts."""
        at_once = 2 if len(texts) >= _MANY else 1
        learnt = Parallel(n_jobs=at_once, max_nbytes=None)(
            delayed(_learnt)(vectorizer, view) for view, vectorizer in zip(self._views(texts), self._vectorizers)
        )
        self._vectorizers = [vectorizer for vectorizer, _ in learnt]
        return scipy.sparse.hstack([part for _, part in learnt]).tocsr()

    def transform(self, texts: List[str]) -> Any:
        """One sparse row a text."""
        parts = [vectorizer.transform(view) for view, vectorizer in zip(self._views(texts), self._vectorizers)]
        return scipy.sparse.hstack(parts).tocsr()

    def _of_words(self) -> Any:
        return word_counts(self._words)

    def _of_letters(self) -> Any:
        return Tfidf(analyzer="char_wb", ngram_range=(2, self._letters), min_df=2)

    def _views(self, texts: List[str]) -> List[List[str]]:
        kinds = 2 if self._letters else 1
        shaped = [shape(text) for text in texts]
        views = [shaped] + ([[fold(text) for text in shaped]] if self._bare else [])
        ends = [[_first(text) for text in views[-1]], [_last(text) for text in views[-1]]] if self._ends else []
        return [view for view in views for _ in range(kinds)] + ends


def _learnt(vectorizer: Tfidf, view: List[str]) -> Tuple[Tfidf, Any]:
    return vectorizer, vectorizer.fit_transform(view)


class Extra:
    """Word n-grams of one more view, laid beside the features of both views for a kind of label that gains by it."""

    def __init__(self, view: Callable[[str], str], longest: int) -> None:
        self._view = view
        self._counts = word_counts(longest)

    def fit_transform(self, features: Any, texts: List[str]) -> Any:
        """Learn the vocabulary; `features` with the view's own beside them."""
        return self._beside(features, self._counts.fit_transform([self._view(text) for text in texts]))

    def transform(self, features: Any, texts: List[str]) -> Any:
        """`features` with the view's own beside them."""
        return self._beside(features, self._counts.transform([self._view(text) for text in texts]))

    @staticmethod
    def _beside(features: Any, more: Any) -> Any:
        return scipy.sparse.hstack([features, more]).tocsr()


def closing(text: str) -> str:
    """How a text ends, with a mark at the end: "… xin ở đâu $" asks for the place, whatever papers are told of."""
    return " ".join([*fold(shape(text)).split()[-_CLOSE:], _STOP])


def word_counts(longest: int) -> Tfidf:
    """A vectorizer of word n-grams up to a length; words are what white space parts."""
    return Tfidf(ngram_range=(1, longest), token_pattern=r"\S+")


def _first(text: str) -> str:
    return " ".join(text.split()[:_FIRST])


def _last(text: str) -> str:
    return " ".join(text.split()[-_LAST:])
