"""Search over all procedures of the country: the checked ones and those that were imported."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from nlu.components.name_search import CANDIDATES, Stop
from nlu.components.shape import spelled
from nlu.components.tfidf import Tfidf


class WideFound(NamedTuple):
    """Imported procedures (place in `WideIndex.imported`, score), best first, how sure the first one is, and by how
    much it is ahead of the best checked procedure (below zero: behind)."""

    candidates: List[Tuple[int, float]]
    confidence: float
    lead: float


class _Phrases:
    """Phrases of procedures, grouped by their owner, and how like a text the best and the second best of each are."""

    def __init__(self, phrases: List[List[str]]) -> None:
        self._owners = [owner for owner, own in enumerate(phrases) if own]
        self._starts = np.cumsum([0, *(len(phrases[owner]) for owner in self._owners)])[:-1]
        self._sizes = [len(phrases[owner]) for owner in self._owners]
        self._procedures = len(phrases)

    def best(self, scores: Any) -> Any:
        """One score a procedure, that of its best phrase; zero without phrases."""
        return self._spread(np.maximum.reduceat(scores, self._starts))

    def two_best(self, scores: Any) -> Tuple[Any, Any]:
        """The scores of the best and of the second best phrase of each procedure."""
        first = np.maximum.reduceat(scores, self._starts)
        others = np.where(scores >= np.repeat(first, self._sizes), 0, scores)
        return self._spread(first), self._spread(np.maximum.reduceat(others, self._starts))

    def _spread(self, values: Any) -> Any:
        every = np.zeros(self._procedures, dtype=np.float32)
        every[self._owners] = values
        return every


class WideIndex:
    """Names and questions of thousands of procedures as TF-IDF matrices, all without diacritics.

    Each procedure: {"code", "name", "names", "questions", "checked"}. The checked ones take part as rivals, so that
    it can be said whether a text is nearer to one of them.
    """

    def __init__(self, procedures: List[Dict[str, Any]], stop: Stop, weights: Dict[str, float]) -> None:
        self._procedures = [{"code": one["code"], "name": one["name"]} for one in procedures]
        self._checked = np.array([one["checked"] for one in procedures])
        self._stop, self._weights = stop, weights
        names = [list(dict.fromkeys(map(spelled, one["names"]))) for one in procedures]
        questions = [list(dict.fromkeys(map(spelled, one["questions"]))) for one in procedures]
        self._names, self._questions = _Phrases(names), _Phrases(questions)
        called = [phrase for own in names for phrase in own]
        asked = [phrase for own in questions for phrase in own]
        self._count_of_names = len(called)
        whole = called + asked
        stripped = called + [stop.strip(phrase) for phrase in asked]
        self._words, self._word_matrix = _fitted(_words(), stripped)
        self._letters, self._letter_matrix = _fitted(_letters(), stripped)
        self._spoken, self._spoken_matrix = _fitted(_words(), whole)
        self._known = CountVectorizer(token_pattern=r"\S+", lowercase=False, binary=True)
        held = self._known.fit_transform(called)
        rarity = np.log((1 + held.shape[0]) / (1 + np.asarray(held.sum(axis=0))[0])) + 1
        self._rarity = rarity
        self._held = held.multiply(rarity).T.tocsr()
        self._size_of_name = np.asarray(self._held.sum(axis=0)).ravel()

    @property
    def procedures(self) -> List[Dict[str, str]]:
        """Code and name of each procedure, in the order of the candidates' places."""
        return self._procedures

    def search(self, text: str) -> Optional[WideFound]:
        """The imported procedures most like a text; None when none is like it ("hhhhh")."""
        scores = self._scores(spelled(text))
        imported = np.where(self._checked, -1.0, scores)
        order = np.argpartition(-imported, CANDIDATES)[: CANDIDATES + 1]
        order = order[np.argsort(-imported[order])]
        top = float(imported[order[0]])
        if top < self._weights["least"]:
            return None
        rival = float(scores[self._checked].max()) if self._checked.any() else 0.0
        confidence = self._confidence(top, top - max(rival, float(imported[order[1]])))
        return WideFound([(int(at), float(imported[at])) for at in order[:CANDIDATES]], confidence, top - rival)

    def _scores(self, asked: str) -> Any:
        """How like each procedure is: its best phrase, and more when a second one, its name and its wording agree."""
        query = self._stop.strip(asked)
        words = (self._words.transform([query]) @ self._word_matrix).toarray()[0]
        letters = (self._letters.transform([query]) @ self._letter_matrix).toarray()[0]
        spoken = (self._spoken.transform([asked]) @ self._spoken_matrix).toarray()[0]
        both, at = (words + letters) / 2, self._count_of_names
        named = self._names.best(both[:at])
        questioned, again = self._questions.two_best(both[at:])
        wording = np.maximum(self._names.best(spoken[:at]), self._questions.best(spoken[at:]))
        weight = self._weights
        return (
            np.maximum(named, questioned)
            + weight["second"] * again
            + weight["name"] * named
            + weight["wording"] * wording
            + weight["shared"] * self._names.best(self._shared(query))
        )

    def _shared(self, query: str) -> Any:
        """How much of a name a text says, times how much of the text the name holds, in words weighed by rarity."""
        said = self._known.transform([query])
        common = (said @ self._held).toarray()[0]
        return common / self._size_of_name * common / max(float(said @ self._rarity), 1e-6)

    def _confidence(self, top: float, lead: float) -> float:
        """Probability that the first is right: logistic in its score and its lead."""
        weight = self._weights
        return float(1 / (1 + np.exp(-(weight["bias"] + weight["score"] * top + weight["lead"] * lead))))


def _words() -> Any:
    return Tfidf(ngram_range=(1, 2), token_pattern=r"\S+")


def _letters() -> Any:
    return Tfidf(analyzer="char_wb", ngram_range=(2, 5), min_df=2)


def _fitted(vectorizer: Any, phrases: List[str]) -> Tuple[Any, Any]:
    return vectorizer, vectorizer.fit_transform(phrases).T.tocsr()
