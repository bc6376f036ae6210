"""scikit-learn's TF-IDF, quick for one text: a turn transforms a dozen, and most of the time went in checks."""

from collections import Counter
from functools import cached_property
from typing import Any, Callable, Dict, List

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

# scikit-learn has no type annotations: every `type: ignore` below is for a call of it.
_FEW = 8  # texts; from here on scikit-learn's own way is as quick


class Tfidf(TfidfVectorizer):
    """Sublinear, in single precision, rows of length one; `transform` gives the same numbers as scikit-learn's."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(lowercase=False, sublinear_tf=True, dtype=np.float32, **settings)  # type: ignore[no-untyped-call]

    @classmethod  # scikit-learn reads them from __init__, where ours has only **settings
    def _get_param_names(cls) -> List[str]:
        names: List[str] = TfidfVectorizer._get_param_names()
        return names

    def fit_transform(self, raw_documents: Any, y: None = None) -> Any:
        """Learn the vocabulary; one row a text."""
        return super().fit_transform(raw_documents, y)  # type: ignore[no-untyped-call]

    @cached_property
    def _analyze(self) -> Callable[[str], List[str]]:
        analyze: Callable[[str], List[str]] = self.build_analyzer()  # type: ignore[no-untyped-call]
        return analyze

    @cached_property
    def _rarity(self) -> Any:
        return self._tfidf.idf_

    def __getstate__(self) -> Dict[str, Any]:
        state: Dict[str, Any] = super().__getstate__()  # type: ignore[no-untyped-call]
        return {name: value for name, value in state.items() if name not in ("_analyze", "_rarity")}

    def transform(self, raw_documents: Any) -> Any:
        """One row a text. Raises NotFittedError before `fit`."""
        texts = list(raw_documents)
        if len(texts) >= _FEW or not hasattr(self, "vocabulary_"):
            return super().transform(texts)  # type: ignore[no-untyped-call]
        rows = [self._row(text) for text in texts]
        columns, values = ([row[part] for row in rows] for part in (0, 1))
        ends = np.cumsum([0, *(len(row) for row in columns)])
        shape = (len(texts), len(self.vocabulary_))
        return scipy.sparse.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=shape)

    def _row(self, text: str) -> Any:
        counts = Counter(self._analyze(text))
        known = sorted((self.vocabulary_[term], count) for term, count in counts.items() if term in self.vocabulary_)
        columns = np.array([column for column, _ in known], dtype=np.int32)
        values = np.array([count for _, count in known], dtype=self.dtype)
        values = (np.log(values) + 1) * self._rarity[columns]
        size = np.sqrt((values**2).sum())
        return columns, values.astype(self.dtype) / (size or 1)
