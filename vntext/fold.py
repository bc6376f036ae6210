"""The text without its marks, as people type on a phone in a hurry."""

import unicodedata
from typing import Dict


class _Bare(Dict[int, str]):
    """Code point → character without marks, worked out once for each character that occurs."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        self[code] = bare = base if len(base) == 1 else chr(code)
        return bare


_BARE = _Bare({ord("đ"): "d", ord("Đ"): "d"})


def fold(text: str) -> str:
    """Lower case, no diacritics, đ → d. For NFC text the result has the same length, so offsets stay valid."""
    return text.translate(_BARE)
