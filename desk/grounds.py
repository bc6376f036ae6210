"""Legal grounds for not taking a ticket: those of data/legal.yml, or one in the person's own words."""

from catalogue.validity import holds
from desk.gate import Desk

PREFIX = "reject_"
"""How the keys of these texts begin."""


def offered(desk: Desk) -> list[str]:
    """The grounds that hold today, each with its source; an empty list where the data has none."""
    known = [one for one in desk.facts.legal if one.key.startswith(PREFIX) and holds(one, desk.now.date())]
    return [f"{one.text.rstrip('. ')} ({one.source})" for one in known]


def given(desk: Desk) -> str:
    """The ground that was chosen, and what was written beside it: both fields of the form have one name."""
    return ". ".join(part for part in desk.fields("legal_ground") if part)
