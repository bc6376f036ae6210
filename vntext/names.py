"""Finds known names in a text as people write it: longest first, with and without diacritics."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from vntext.fold import fold

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class NameMatch:
    """text[start:end] names one of `keys`; several keys mean that the words alone do not decide."""

    start: int
    end: int
    text: str
    keys: tuple[str, ...]


class NameIndex:
    """An index from folded word sequences to keys."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """`names`: pairs of (name or alias, key)."""
        self._keys: dict[str, list[str]] = {}
        self._longest = 1
        for name, key in names:
            words = _WORD.findall(fold(name))
            self._longest = max(self._longest, len(words))
            keys = self._keys.setdefault(" ".join(words), [])
            if key not in keys:
                keys.append(key)

    def find(self, text: str) -> list[NameMatch]:
        """Matches that do not overlap, in the order of the text. Offsets are those of the text in NFC."""
        text = unicodedata.normalize("NFC", text)
        words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(fold(text))]
        found: list[NameMatch] = []
        at = 0
        while at < len(words):
            size = self._longest_at(words, at)
            if size:
                start, end = words[at][0], words[at + size - 1][1]
                found.append(NameMatch(start, end, text[start:end], self._known(words[at : at + size])))
            at += size or 1
        return found

    def _longest_at(self, words: list[tuple[int, int, str]], at: int) -> int:
        for size in range(min(self._longest, len(words) - at), 0, -1):
            if self._known(words[at : at + size]):
                return size
        return 0

    def _known(self, words: list[tuple[int, int, str]]) -> tuple[str, ...]:
        return tuple(self._keys.get(" ".join(word for _, _, word in words), ()))
