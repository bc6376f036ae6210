"""What every change of a ticket works with: who changes it, with what, and the database, facts and moment."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from backlog.model import Staff, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer


@dataclass(frozen=True)
class Actor:
    """Who changes a ticket: a member of staff, its citizen, or the system."""

    role: str
    staff: Staff | None = None

    @property
    def id(self) -> str:
        """How audit rows name the actor."""
        return f"staff:{self.staff.id}" if self.staff else self.role


CITIZEN = Actor("citizen")
SYSTEM = Actor("system")


def staff_actor(staff: Staff) -> Actor:
    """A member of staff as an actor."""
    return Actor(staff.role, staff)


@dataclass(frozen=True)
class Desk:
    """What every change needs beside the ticket: the database, facts, the sealer and the moment."""

    session: Session
    facts: Facts
    sealer: Sealer
    now: datetime


@dataclass(frozen=True)
class Change:
    """What an action brings along. Only the fields that the workflow asks for are looked at."""

    text: str = ""
    checked: str = ""
    reason: str = ""
    legal_ground: str = ""
    onward: str = ""
    receiver: str = ""
    unit: str = ""
    assignee: Staff | None = None
    target: Ticket | None = None
    filled: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        texts = {
            name: bool(str(getattr(self, name)).strip())
            for name in ("text", "checked", "reason", "legal_ground", "onward", "receiver", "unit")
        }
        texts |= {"assignee": self.assignee is not None, "target": self.target is not None}
        object.__setattr__(self, "filled", frozenset(name for name, there in texts.items() if there))
