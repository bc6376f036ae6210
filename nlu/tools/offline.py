"""The intent part of the pipeline without Rasa around it: the same code, for cross-validation and comparisons."""

import statistics
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.data import get_data_files, is_nlu_file
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from nlu.components.features import Extra, Views, closing
from nlu.components.model import SureSvm
from nlu.components.segments import segmented_words
from nlu.components.understanding import Understanding
from nlu.importer import SECOND_LABEL, labelled
from nlu.variants import with_variants

# What only one kind of label has: a labeller gets it when told so.
_EXTRAS: Dict[str, Any] = {"closing": False, "segments": False}
DEFAULTS: Dict[str, Any] = {**Understanding.get_default_config(), **_EXTRAS, "augment": True}


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
    """The features and one model for one kind of label. `settings` are those of the component, as far as given."""

    def __init__(self, **settings: Any) -> None:
        self._settings = {**DEFAULTS, **settings}
        self._views = Views(**{name: self._settings[name] for name in ("words", "letters", "bare_view", "ends")})
        views = (("closing", closing, 3), ("segments", segmented_words, 2))
        self._extras = [Extra(view, longest) for name, view, longest in views if self._settings[name]]
        self._model = SureSvm(self._settings["C"])

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> "Labeller":
        """Learn, with typed variants of each text unless told otherwise."""
        plain = (list(texts), list(range(len(texts))))
        every, sources = with_variants(texts) if self._settings["augment"] else plain
        features = self._views.fit_transform(every)
        for extra in self._extras:
            features = extra.fit_transform(features, every)
        self._model.fit(features, [labels[at] for at in sources], sources)
        return self

    def rank(self, texts: Sequence[str]) -> List[List[Ranked]]:
        """For each text all labels, most likely first."""
        features = self._views.transform(list(texts))
        for extra in self._extras:
            features = extra.transform(features, list(texts))
        rows = self._model.predict_proba(features)
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
