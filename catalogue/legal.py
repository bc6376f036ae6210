"""Sentences about the law that answers and complaint texts are built from: data/legal.yml."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from catalogue.document import Strict
from catalogue.procedures import Confidence, Text
from catalogue.validity import holds


class LegalText(Strict):
    """One sentence or two for citizens, with where it comes from and when that was read."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    text: Text
    source: Text
    as_of: date
    confidence: Confidence
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def unverified(self) -> bool:
        """Whether citizens must be told that nobody has read the law itself."""
        return self.confidence == "low"


class LegalFile(Strict):
    """data/legal.yml."""

    texts: Annotated[list[LegalText], Field(min_length=1)]


class LegalTexts:
    """The texts by key and day."""

    def __init__(self, texts: list[LegalText]) -> None:
        self._texts = texts

    def __iter__(self) -> Iterator[LegalText]:
        return iter(self._texts)

    def get(self, key: str, on: date) -> LegalText:
        """The text of a key that holds on a day. Raises KeyError when there is none."""
        for text in self._texts:
            if text.key == key and holds(text, on):
                return text
        raise KeyError(key)
