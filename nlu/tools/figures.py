"""Figures of understanding: pure functions over what was right and what was given."""

from collections import Counter, defaultdict
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

Pairs = Sequence[Tuple[str, str]]  # (right, given)
_BINS = 10


class LabelFigures(NamedTuple):
    """One label: of those given, how many were right; of those that should be given, how many were."""

    label: str
    n: int
    precision: float
    recall: float
    f1: float


class Bin(NamedTuple):
    """Answers of about equal confidence: how sure they were on average, and how many were right."""

    low: float
    n: int
    confidence: float
    accuracy: float


def accuracy(pairs: Pairs) -> Optional[float]:
    """Share of right ones; None without any."""
    return round(sum(right == given for right, given in pairs) / len(pairs), 4) if pairs else None


def by_label(pairs: Pairs) -> List[LabelFigures]:
    """Precision, recall and F1 of every label that should occur."""
    hits = Counter(right for right, given in pairs if right == given)
    wanted, got = Counter(right for right, _ in pairs), Counter(given for _, given in pairs)
    return [
        LabelFigures(
            label,
            n,
            round(hits[label] / got[label], 4) if got[label] else 0.0,
            round(hits[label] / n, 4),
            round(2 * hits[label] / (n + got[label]), 4),
        )
        for label, n in sorted(wanted.items())
    ]


def macro_f1(pairs: Pairs) -> float:
    """Mean F1 over the labels that should occur."""
    scores = [one.f1 for one in by_label(pairs)]
    return sum(scores) / len(scores) if scores else 0.0


def confusion(pairs: Pairs) -> Dict[str, Any]:
    """Labels, and counts[right][given]."""
    labels = sorted({label for pair in pairs for label in pair})
    at = {label: place for place, label in enumerate(labels)}
    counts = [[0] * len(labels) for _ in labels]
    for right, given in pairs:
        counts[at[right]][at[given]] += 1
    return {"labels": labels, "counts": counts}


def worst_confusions(pairs: Pairs, texts: Sequence[str], most: int = 12) -> List[Dict[str, Any]]:
    """The pairs that are mixed up most often, each with its texts."""
    mixed: Dict[Tuple[str, str], List[str]] = defaultdict(list)
    for (right, given), text in zip(pairs, texts):
        if right != given:
            mixed[right, given].append(text)
    ranked = sorted(mixed.items(), key=lambda one: (-len(one[1]), one[0]))[:most]
    return [{"right": right, "given": given, "texts": found} for (right, given), found in ranked]


def calibration(sure: Sequence[float], right: Sequence[bool]) -> Dict[str, Any]:
    """Expected calibration error over ten bins of equal width (Naeini et al., AAAI 2015), and the bins."""
    bins: List[Bin] = []
    for number in range(_BINS):
        low = number / _BINS
        rows = [
            at for at, value in enumerate(sure) if low <= value < low + 1 / _BINS or (value == 1 == low + 1 / _BINS)
        ]
        if rows:
            mean = sum(sure[at] for at in rows) / len(rows)
            bins.append(Bin(low, len(rows), round(mean, 4), round(sum(right[at] for at in rows) / len(rows), 4)))
    error = sum(one.n * abs(one.confidence - one.accuracy) for one in bins) / len(sure) if sure else 0.0
    return {"ece": round(error, 4), "bins": [one._asdict() for one in bins]}


def ranks(found: Sequence[int]) -> Dict[str, Optional[float]]:
    """R@1, R@3 and mean reciprocal rank of places from 1; 0 means not found."""
    if not found:
        return {"r1": None, "r3": None, "mrr": None}
    return {
        "r1": round(sum(place == 1 for place in found) / len(found), 4),
        "r3": round(sum(0 < place <= 3 for place in found) / len(found), 4),
        "mrr": round(sum(1 / place for place in found if place) / len(found), 4),
    }


def spans(wanted: Sequence[Dict[str, List[str]]], given: Sequence[Dict[str, List[str]]]) -> List[LabelFigures]:
    """Entities by kind: a given one counts when it says the same words (case and spaces aside)."""
    hits: Dict[str, int] = defaultdict(int)
    want: Dict[str, int] = defaultdict(int)
    got: Dict[str, int] = defaultdict(int)
    for right, found in zip(wanted, given):
        for kind in {*right, *found}:
            left = [_plain(words) for words in found.get(kind, ())]
            got[kind] += len(left)
            for words in right.get(kind, ()):
                want[kind] += 1
                if _plain(words) in left:
                    left.remove(_plain(words))
                    hits[kind] += 1
    return [
        LabelFigures(
            kind,
            want[kind],
            round(hits[kind] / got[kind], 4) if got[kind] else 0.0,
            round(hits[kind] / want[kind], 4),
            round(2 * hits[kind] / (want[kind] + got[kind]), 4),
        )
        for kind in sorted(want)
    ]


def _plain(words: str) -> str:
    return " ".join(str(words).lower().split())
