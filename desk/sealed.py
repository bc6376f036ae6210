"""What the page of a ticket shows of its sealed identity: who may ask, who is asked, and what became of it."""

from dataclasses import dataclass, field

from backlog import identity, policy
from backlog.model import IdentityRequest, Ticket
from backlog.policy import Permission
from desk.gate import Desk


@dataclass(frozen=True)
class Box:
    """The state of a ticket's identity for the person who looks at it.

    `step` is what they may do now: "none" where no name was left, "look" at the seal only, "ask" a second person,
    "wait" for one, "open". `own` is their own last request, `others` those that wait for their word.
    """

    step: str
    own: IdentityRequest | None = None
    others: list[IdentityRequest] = field(default_factory=list)
    nobody: bool = False
    """Whether there is no second person who could agree."""


def box(desk: Desk, ticket: Ticket) -> Box:
    """The box of a ticket for the person at the desk."""
    if not identity.has_identity(desk.session, ticket):
        return Box("none")
    may_open = policy.has(desk.staff, Permission.OPEN_IDENTITY)
    if not identity.needs_two(ticket):
        return Box("open" if may_open else "look")
    requests = identity.requests(desk.session, ticket)
    own = next((one for one in requests if one.asked_by == desk.staff.id), None) if may_open else None
    return Box(
        step=_step(own) if may_open else "look",
        own=own,
        others=[one for one in requests if _waits_for(desk, one)],
        nobody=may_open and all(one.id == desk.staff.id for one in identity.approvers(desk.backlog, ticket)),
    )


def _step(own: IdentityRequest | None) -> str:
    if own is None or own.used_at is not None or own.granted is False:
        return "ask"
    return "open" if own.granted else "wait"


def _waits_for(desk: Desk, request: IdentityRequest) -> bool:
    approves = policy.has(desk.staff, Permission.APPROVE_IDENTITY)
    return approves and request.granted is None and request.asked_by != desk.staff.id
