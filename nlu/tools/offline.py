"""The intent part of the pipeline without Rasa around it: the same code, for cross-validation and comparisons."""

import statistics
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.data import get_data_files, is_nlu_file
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from nlu.components.features import Views
from nlu.components.model import SureSvm
from nlu.importer import SECOND_LABEL, labelled, variants

DEFAULTS: Dict[str, Any] = {"words": 2, "letters": 4, "bare_view": True, "ends": True, "C": 0.4, "augment": True}


class Example(NamedTuple):
    """One labelled text. `second`: aspect of a question or category of a complaint."""

    text: str
    act: str
    second: Optional[str]


class Ranked(NamedTuple):
    """One label with its probability."""

    name: str
    confidence: float


def read_examples(path: Path) -> List[Example]:
    """Labelled texts of a Rasa NLU file or folder, in whatever format Rasa reads."""
    files = [str(path)] if path.is_file() else sorted(get_data_files(str(path), is_nlu_file))
    return [
        Example(message.get(TEXT), message.get(INTENT), _second(message.get(SECOND_LABEL)))
        for file in files
        for message in labelled(load_data(file)).training_examples
        if message.get(TEXT) and message.get(INTENT) and not message.get(TEXT).startswith(INTENT_MESSAGE_PREFIX)
    ]


def _second(key: Optional[str]) -> Optional[str]:
    return key.partition("/")[2] or None if key else None


class Labeller:
    """Vectorizers and classifier for one kind of label. `settings` are those of DEFAULTS, as far as given."""

    def __init__(self, **settings: Any) -> None:
        self._settings = {**DEFAULTS, **settings}
        self._views: Any = None
        self._model: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> "Labeller":
        """Learn, with typed variants of each text unless told otherwise."""
        pairs = list(zip(texts, labels))
        if self._settings["augment"]:
            known = {text for text, _ in pairs}
            more = [(variant, label) for text, label in pairs for variant in variants(text) if variant not in known]
            pairs += list(dict(more).items())
        kept = {name: self._settings[name] for name in ("words", "letters", "bare_view", "ends")}
        self._views = Views(**kept).fit([text for text, _ in pairs])
        features = self._views.transform([text for text, _ in pairs])
        self._model = SureSvm(self._settings["C"]).fit(features, [label for _, label in pairs])
        return self

    def rank(self, texts: Sequence[str]) -> List[List[Ranked]]:
        """For each text all labels, most likely first."""
        rows = self._model.predict_proba(self._views.transform(list(texts)))
        names = [str(name) for name in self._model.classes_]
        return [sorted(map(Ranked, names, map(float, row)), key=lambda one: -one.confidence) for row in rows]

    def best(self, texts: Sequence[str]) -> List[str]:
        """The most likely label of each text."""
        return [ranking[0].name for ranking in self.rank(texts)]


def measure_files(train: Path, test: Path) -> Dict[str, float]:
    """Train on one Rasa NLU file, test on another: accuracy, macro-F1, milliseconds a text, seconds of training."""
    from nlu.tools.figures import macro_f1

    known, asked = read_examples(train), read_examples(test)
    started = time.perf_counter()
    labeller = Labeller().fit([one.text for one in known], [one.act for one in known])
    seconds = time.perf_counter() - started
    given, times = [], []
    for one in asked:
        started = time.perf_counter()
        given.append(labeller.best([one.text])[0])
        times.append((time.perf_counter() - started) * 1000)
    pairs = [(one.act, label) for one, label in zip(asked, given)]
    return {
        "intent_accuracy": round(sum(right == label for right, label in pairs) / len(pairs), 4),
        "macro_f1": round(macro_f1(pairs), 4),
        "parse_ms_p50": round(statistics.median(times), 2),
        "train_seconds": round(seconds, 2),
    }
