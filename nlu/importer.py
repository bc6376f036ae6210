"""Training data as written by hand, and beside each example the ways in which others would have typed it.

The variants exist only while training: what is stored stays what a person wrote.
"""

import random
import unicodedata
from typing import Any, Dict, List, Optional, Union

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from vntext.fold import fold

SECOND_LABEL = "second_label"
_SHORTHAND = {
    "không": "ko", "được": "dc", "gì": "j", "vậy": "z", "rồi": "r", "em": "e", "anh": "a", "chị": "c", "giờ": "h",
    "bao": "bn", "với": "vs", "cũng": "cg", "người": "ng", "những": "nhg", "biết": "bik", "thế": "the", "quá": "wa",
    "mình": "mk", "nhiêu": "nhiu", "giấy": "giay", "đăng": "dk", "tờ": "to", "làm": "lm", "trước": "trc", "cần": "can"
}  # fmt: skip

# Combining marks as keys: breve and horn are w; the circumflex doubles its letter.
_TELEX_SHAPES = {"\u0306": "w", "\u031b": "w"}
_TELEX_TONES = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}


class AugmentingImporter(TrainingDataImporter):
    """Rasa's file importer with typed variants of every example."""

    def __init__(
        self,
        config_file: Optional[str] = None,
        domain_path: Optional[str] = None,
        training_data_paths: Optional[Union[List[str], str]] = None,
        **kwargs: Any,
    ) -> None:
        self._files = RasaFileImporter(config_file, domain_path, training_data_paths)
        self._augment = kwargs.get("augment", True)

    def get_config(self) -> Dict[str, Any]:
        return self._files.get_config()

    def get_config_file_for_auto_config(self) -> Optional[str]:
        path: Optional[str] = self._files.get_config_file_for_auto_config()
        return path

    def get_stories(self, exclusion_percentage: Optional[int] = None) -> StoryGraph:
        return self._files.get_stories(exclusion_percentage)

    def get_conversation_tests(self) -> StoryGraph:
        return self._files.get_conversation_tests()

    def get_domain(self) -> Domain:
        return self._files.get_domain()

    def get_nlu_data(self, language: Optional[str] = "vi") -> TrainingData:
        data = labelled(self._files.get_nlu_data(language or "vi"))
        return augmented(data) if self._augment else data


def labelled(data: TrainingData) -> TrainingData:
    """The data with `ask_procedure/fee` under our own name.

    Rasa writes such labels for its response selector, takes the intent for a retrieval intent and then misses its
    responses; here the second part is a label that other classifiers learn.
    """
    for message in data.training_examples:
        key = message.data.pop(INTENT_RESPONSE_KEY, None)
        if key:
            message.data[SECOND_LABEL] = key
    return data


def augmented(data: TrainingData) -> TrainingData:
    """The data with variants of each example; deterministic, so that equal data train equal models."""
    messages = list(data.training_examples)
    known = {message.get(TEXT) for message in messages}
    for message in list(messages):
        text = message.get(TEXT)
        for variant in variants(text) if text else ():
            if variant not in known:
                known.add(variant)
                messages.append(Message(data={**message.data, TEXT: variant}))
    return TrainingData(messages, data.entity_synonyms, data.regex_features, data.lookup_tables, data.responses)


def variants(text: str) -> List[str]:
    """How others would have typed it: without marks, and in one of the other ways, by lot."""
    if text.startswith("/"):
        return []
    dice = random.Random(text)
    other = dice.choice(_OTHER_WAYS)(text, dice)
    return [way for way in dict.fromkeys((fold(text), other)) if way != text]


def _in_shorthand(text: str, dice: random.Random) -> str:
    """ "không biết làm gì" → "ko bik lm j", with and without the other marks."""
    short = " ".join(_SHORTHAND.get(word, word) if dice.random() < 0.7 else word for word in text.lower().split())
    return short if dice.random() < 0.5 else fold(short)


def _in_raw_telex(text: str, dice: random.Random) -> str:
    """The keys themselves where the keyboard was not set to Vietnamese: "đăng ký" → "ddawng kys"."""
    share = 1.0 if dice.random() < 0.3 else 0.25
    return " ".join(_telex(word) if dice.random() < share else word for word in text.split())


def _with_doubled_letters(text: str, dice: random.Random) -> str:
    """ "rồi" → "rồii": some words drawn out, as when calling."""
    return " ".join(word + word[-1] if word[-1].isalpha() and dice.random() < 0.2 else word for word in text.split())


def _telex(word: str) -> str:
    letters, tone = [], ""
    for char in unicodedata.normalize("NFD", word.replace("đ", "dd").replace("Đ", "DD")):
        if char in _TELEX_TONES:
            tone = _TELEX_TONES[char]
        else:
            letters.append(_TELEX_SHAPES.get(char, char) if char != "\u0302" else letters[-1])
    return "".join(letters) + tone


# Upper case and letters in threes make no difference to the models (nlu/components/shape.py), so nobody writes them.
_OTHER_WAYS = (_in_shorthand, _in_shorthand, _in_raw_telex, _with_doubled_letters)
