"""What the edges of the workflow change beside the state, and what they refuse."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from backlog import policy, queries, routing
from backlog.context import Actor, Change, Desk
from backlog.errors import AppealRefused, Incomplete, NotAllowed, ReopenTooLate, WrongState
from backlog.model import Ticket
from backlog.workflow import REOPEN_DAYS, State, Transition
from catalogue.agencies import Agency


@dataclass(frozen=True)
class Step:
    """One edge being taken: by whom, on which ticket, with what."""

    desk: Desk
    actor: Actor
    ticket: Ticket
    given: Change


def apply(desk: Desk, actor: Actor, ticket: Ticket, edge: Transition, given: Change) -> None:
    """Take an edge: its own effect, then the new state. Raises what the effect refuses; then nothing has changed."""
    if effect := _EFFECTS.get(edge.action):
        effect(Step(desk, actor, ticket, given))
    ticket.state = edge.target.value
    if edge.target is State.ANSWERED:
        ticket.answered_at = desk.now
    elif not edge.target.is_open:
        ticket.closed_at = desk.now


def level_up(desk: Desk, ticket: Ticket) -> Agency | None:
    """The unit above the one that has the ticket; None at the top."""
    return desk.facts.agencies.parent(ticket.unit_key, desk.now.date())


def _assign(step: Step) -> None:
    """Somebody of the handling unit whom the ticket is not about."""
    assert step.given.assignee is not None  # the workflow requires it
    if step.given.assignee.unit_key != step.ticket.unit_key or not step.given.assignee.active:
        raise NotAllowed("Người này không thuộc đơn vị đang xử lý phiếu.")
    if policy.in_conflict(step.desk.session, step.given.assignee, step.ticket):
        raise NotAllowed("Phiếu này nói về chính người được giao. Anh/chị chọn người khác giúp.")
    step.ticket.assignee_id = step.given.assignee.id


def _start(step: Step) -> None:
    """Who starts on a ticket that nobody has, has it."""
    if (
        step.ticket.assignee_id is None
        and step.actor.staff is not None
        and step.actor.staff.unit_key == step.ticket.unit_key
    ):
        step.ticket.assignee_id = step.actor.staff.id


def _transfer(step: Step) -> None:
    """To another unit, never back under the head whom the ticket is about, nor down again after an appeal."""
    agencies, today, ticket = step.desk.facts.agencies, step.desk.now.date(), step.ticket
    if step.given.unit not in agencies:
        raise Incomplete("Đơn vị nhận không có trong danh mục.")
    headed = _headed(step)
    # Above the city there is nobody to send it to: there the rules of data/routing.yml stand.
    if headed is not None and headed.parent and routing.answers_to(agencies, step.given.unit, headed.key, today):
        raise NotAllowed("Phiếu nói về người đứng đầu, không chuyển về chính đơn vị của người đó được.")
    lower = step.given.unit != ticket.unit_key and routing.answers_to(
        agencies, step.given.unit, ticket.unit_key, today
    )
    if ticket.appealed and lower:
        raise NotAllowed("Phiếu đã đưa lên cấp trên, không chuyển lại cho cấp dưới được.")
    ticket.unit_key, ticket.assignee_id = step.given.unit, None


def _merge(step: Step) -> None:
    assert step.given.target is not None  # the workflow requires it
    if step.given.target.id == step.ticket.id:
        raise Incomplete("Không gộp một phiếu vào chính nó.")
    if not State(step.given.target.state).is_open:
        raise WrongState("Phiếu kia đã xong hoặc đã gộp vào phiếu khác. Anh/chị chọn phiếu đang xử lý.")
    step.ticket.merged_into = step.given.target.id
    for other in queries.merged_into(step.desk.session, step.ticket):  # answered with the target now
        other.merged_into = step.given.target.id


def _reopen(step: Step) -> None:
    if step.ticket.reopened or not _in_time(step.desk, step.ticket):
        raise ReopenTooLate
    step.ticket.reopened += 1
    step.ticket.answered_at = step.ticket.closed_at = None


def _appeal(step: Step) -> None:
    """After reopening has not helped; the level above handles it, with nobody who had it before."""
    above = level_up(step.desk, step.ticket)
    if step.ticket.appealed or not step.ticket.reopened or not _in_time(step.desk, step.ticket):
        raise AppealRefused
    headed, agencies = _headed(step), step.desk.facts.agencies
    if above is None or (headed and routing.answers_to(agencies, above.key, headed.key, step.desk.now.date())):
        raise AppealRefused("Trên nơi đang xử lý không còn cấp nào khách quan hơn nên không đưa lên được nữa.")
    step.ticket.appealed = True
    step.ticket.unit_key, step.ticket.assignee_id = above.key, None
    step.ticket.answered_at = step.ticket.closed_at = None


def _headed(step: Step) -> Agency | None:
    """The unit whose head the ticket is about, when it is about a head."""
    agencies, ticket = step.desk.facts.agencies, step.ticket
    about = agencies.get(ticket.about_key) if ticket.about_key else None
    heads = queries.heads_of(step.desk.session, about.key) if about else ()
    return routing.headed_unit(agencies, about, ticket.official, step.desk.now.date(), heads)


def _in_time(desk: Desk, ticket: Ticket) -> bool:
    ended = ticket.answered_at or ticket.closed_at
    return ended is not None and desk.now <= ended + timedelta(days=REOPEN_DAYS)


_EFFECTS: dict[str, Callable[[Step], None]] = {
    "assign": _assign,
    "reassign": _assign,
    "start": _start,
    "transfer": _transfer,
    "merge": _merge,
    "reopen": _reopen,
    "appeal": _appeal,
}
