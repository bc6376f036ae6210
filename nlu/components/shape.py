"""A text as the models see it: one spelling, and numbers that mean something as one word each."""

import re
from functools import lru_cache

from vntext import patterns
from vntext.fold import fold
from vntext.normalise import normalise

# The gateway puts these where receipts and personal numbers stood (bot/masking.py).
_MASKS = {
    "[mã biên nhận]": "xreceipt",
    "[số điện thoại]": "xphone",
    "[số định danh]": "xidnumber",
    "[đã niêm phong]": "xsealed",
}
_FINDERS = (
    ("xticket", patterns.find_ticket_numbers),
    ("xdossier", patterns.find_dossier_codes),
    ("xreceipt", patterns.find_receipts),
    ("xphone", patterns.find_phones),
    ("xidnumber", patterns.find_id_numbers),
    ("xmoney", patterns.find_money),
)
_REPEATED = re.compile(r"(\D)\1{2,}")
_NUMBER = re.compile(r"\d+")
_PUNCTUATION = re.compile(r"[^\w\s?]")
_ABBREVIATIONS = {
    "sanh": "sinh",
    "cccd": "can cuoc",
    "cmnd": "can cuoc",
    "gplx": "bang lai",
    "bhyt": "bao hiem y te",
    "bhxh": "bao hiem xa hoi",
    "gks": "giay khai sinh",
    "dkkh": "dang ky ket hon",
}
_ABBREVIATION = re.compile(r"\b(?:" + "|".join(_ABBREVIATIONS) + r")\b")
MOST_CHARACTERS = 2000  # a longer story says what it is about well before this


@lru_cache(maxsize=64)  # several components of one turn look at the same text
def shape(text: str) -> str:
    """Lower case, one spelling, "quáaaa" → "quá", numbers as words. Never raises."""
    text = normalise(text[:MOST_CHARACTERS])
    for mask, word in _MASKS.items():
        text = text.replace(mask, f" {word} ")
    for word, find in _FINDERS if _NUMBER.search(text) else ():
        for span in reversed(find(text)):
            text = f"{text[: span.start]} {word} {text[span.end :]}"
    text = _REPEATED.sub(r"\1", text.lower())
    text = _NUMBER.sub("0", text)
    return " ".join(_PUNCTUATION.sub(" ", text).replace("?", " ? ").split())


def bare(text: str) -> str:
    """The shaped text without diacritics: how much of the country types."""
    return fold(shape(text))


def spelled(text: str) -> str:
    """The bare text with Southern "sanh" as "sinh" and the usual abbreviations in full."""
    return _ABBREVIATION.sub(lambda match: _ABBREVIATIONS[match.group()], bare(text))
