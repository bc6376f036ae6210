"""Telephone numbers for citizens: data/hotlines.yml. A wrong number is worse than none."""

from datetime import date
from typing import Annotated

from pydantic import Field

from catalogue.document import Strict
from catalogue.procedures import Text


class Hotline(Strict):
    """One number. Only a verified one may be shown: somebody read it at the agency itself or called it."""

    name: Text
    number: Annotated[str, Field(pattern=r"^[0-9][0-9 ]{2,14}$")]
    purpose: Text | None = None
    verified: bool
    source: Text
    as_of: date


class HotlineFile(Strict):
    """data/hotlines.yml."""

    hotlines: Annotated[list[Hotline], Field(min_length=1)]

    def shown(self) -> list[Hotline]:
        """The numbers that citizens may be told."""
        return [one for one in self.hotlines if one.verified]
