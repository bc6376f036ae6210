"""The text without its marks, as people type on a phone in a hurry."""

import unicodedata

_STROKE = str.maketrans("đĐ", "dd")


def fold(text: str) -> str:
    """Lower case, no diacritics, đ → d. For NFC text the result has the same length, so offsets stay valid."""
    return "".join(_bare(char) for char in text.translate(_STROKE))


def _bare(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char
