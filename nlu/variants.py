"""How others would have typed a text: what is stored stays what a person wrote, the variants exist while training."""

import random
import unicodedata
from typing import List, Sequence, Tuple

from vntext.fold import fold

_SHORTHAND = {
    "không": "ko", "được": "dc", "gì": "j", "vậy": "z", "rồi": "r", "em": "e", "anh": "a", "chị": "c", "giờ": "h",
    "bao": "bn", "với": "vs", "cũng": "cg", "người": "ng", "những": "nhg", "biết": "bik", "thế": "the", "quá": "wa",
    "mình": "mk", "nhiêu": "nhiu", "giấy": "giay", "đăng": "dk", "tờ": "to", "làm": "lm", "trước": "trc", "cần": "can"
}  # fmt: skip

# Combining marks as keys: breve and horn are w; the circumflex doubles its letter.
_TELEX_SHAPES = {"\u0306": "w", "\u031b": "w"}
_TELEX_TONES = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}


def with_variants(texts: Sequence[str]) -> Tuple[List[str], List[int]]:
    """The texts, then variants that are none of them; and for each the place of the text that it comes from."""
    known = set(texts)
    every, sources = list(texts), list(range(len(texts)))
    for place, text in enumerate(texts):
        for variant in variants(text):
            if variant not in known:
                known.add(variant)
                every.append(variant)
                sources.append(place)
    return every, sources


def variants(text: str) -> List[str]:
    """How others would have typed it: without marks, and in one of the other ways, by lot."""
    if text.startswith("/"):
        return []
    dice = random.Random(text)  # noqa: S311 the same variants every time, not a secret
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
    letters: List[str] = []
    tone = ""
    for char in unicodedata.normalize("NFD", word.replace("đ", "dd").replace("Đ", "DD")):
        if char in _TELEX_TONES:
            tone = _TELEX_TONES[char]
        else:
            letters.append(_TELEX_SHAPES.get(char, char) if char != "\u0302" else letters[-1])
    return "".join(letters) + tone


# Upper case and letters in threes make no difference to the models (nlu/components/shape.py), so nobody writes them.
_OTHER_WAYS = (_in_shorthand, _in_shorthand, _in_raw_telex, _with_doubled_letters)
