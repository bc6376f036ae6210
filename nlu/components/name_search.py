"""Search over what procedures are called: names and aliases, by likeness and word for word."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from nlu.components.shape import bare
from nlu.components.tfidf import Tfidf

CANDIDATES = 5
_LONGEST_NAME = 10  # words
_WORD = re.compile(r"[a-z0-9]+")


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
        self._words = Tfidf(ngram_range=(1, 2), token_pattern=r"\S+")
        self._letters = Tfidf(analyzer="char_wb", ngram_range=(3, 5))
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
