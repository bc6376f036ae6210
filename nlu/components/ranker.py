"""Which of the checked procedures a question is about, learnt from names and from questions of people."""

from typing import Dict, List, Tuple

import numpy as np
from scipy.sparse import hstack

from nlu.components.model import SureSvm
from nlu.components.name_search import CANDIDATES
from nlu.components.shape import spelled
from nlu.components.tfidf import Tfidf

_LONG, _STRETCH = 24, 14  # words
_NOTHING = "-"


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
        texts = [(spelled(phrase), code) for code, own in phrases.items() for phrase in dict.fromkeys(own)]
        texts += [(spelled(text), _NOTHING) for text in nothing]
        self._words = Tfidf(ngram_range=(1, 2), token_pattern=r"\S+")
        self._letters = Tfidf(analyzer="char_wb", ngram_range=(2, 5))
        features = hstack([one.fit_transform([text for text, _ in texts]) for one in (self._words, self._letters)])
        self._model = SureSvm(strength).fit(features.tocsr(), [code for _, code in texts])

    def rank(self, text: str) -> List[Tuple[str, float]]:
        """The likeliest procedures with their probabilities, best first.

        Of a long story the part counts that names a procedure best.
        """
        parts = _windows(spelled(text))
        features = hstack([self._words.transform(parts), self._letters.transform(parts)]).tocsr()
        row = self._model.predict_proba(features).max(axis=0)
        ranked = [(str(self._model.classes_[at]), float(row[at])) for at in np.argsort(row)[::-1]]
        return [one for one in ranked if one[0] != _NOTHING][:CANDIDATES]
