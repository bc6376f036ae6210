"""The workflow of a ticket: one table, every edge with who may take it, what it needs and what it does.

Unknown pairs raise; nothing is accepted because nobody thought of it. docs/workflow.mmd is generated from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from backlog.errors import Incomplete, NotAllowed, WrongState

Clock = Literal["run", "pause", "stop", "restart", "same"]


class State(StrEnum):
    """Where a ticket stands. Values are stored; words for people are in WORDS."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_CITIZEN = "waiting_citizen"
    ANSWERED = "answered"
    CLOSED = "closed"
    REJECTED = "rejected"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"

    @property
    def is_open(self) -> bool:
        """Whether the agency still owes something."""
        return self in OPEN


WORDS = {
    State.RECEIVED: "mới nhận",
    State.TRIAGED: "đã phân loại",
    State.ASSIGNED: "đã giao người xử lý",
    State.IN_PROGRESS: "đang xử lý",
    State.WAITING_CITIZEN: "chờ người dân trả lời",
    State.ANSWERED: "đã trả lời",
    State.CLOSED: "đã kết thúc",
    State.REJECTED: "không thụ lý",
    State.TRANSFERRED: "đã chuyển cơ quan khác",
    State.MERGED: "đã gộp vào phiếu khác",
    State.WITHDRAWN: "người dân đã rút",
    State.REOPENED: "mở lại",
}
OPEN = frozenset(
    {State.RECEIVED, State.TRIAGED, State.ASSIGNED, State.IN_PROGRESS, State.WAITING_CITIZEN, State.REOPENED}
)
_WORKABLE = (State.RECEIVED, State.TRIAGED, State.ASSIGNED, State.IN_PROGRESS, State.REOPENED)
REOPEN_DAYS = 14
# Our own convention: no rule was found that says how long an agency must wait for a citizen's answer.
LONGEST_WAIT_DAYS = 30

STAFF = ("handler", "unit_head", "coordinator", "admin")
LEADS = ("unit_head", "coordinator", "admin")


@dataclass(frozen=True)
class Transition:
    """One action: from which states, to which, by whom, with what, and its effect on the clock.

    `requires` are names of fields that must be filled. `notice` is the key of the message to the citizen in
    data/templates/notices.yml; None says nothing. `why` is the reason or the legal basis of the edge.
    """

    action: str
    words: str
    sources: tuple[State, ...]
    target: State
    who: tuple[str, ...]
    requires: tuple[str, ...] = ()
    clock: Clock = "same"
    notice: str | None = None
    why: str = ""


TRANSITIONS = (
    Transition(
        "triage", "Xác nhận phân loại", (State.RECEIVED,), State.TRIAGED, LEADS,
        why="A person has checked what the bot understood (category, place).",
    ),
    Transition(
        "assign", "Giao người xử lý", _WORKABLE, State.ASSIGNED, LEADS, ("assignee",),
        clock="run", why="One person answers for each step (Công văn 510/UBND-TH, mục 2).",
    ),
    Transition(
        "reassign", "Đổi người xử lý", (State.WAITING_CITIZEN,), State.WAITING_CITIZEN, LEADS, ("assignee",),
        why="A handler leaves while a question is open: what was asked is still waited for.",
    ),
    Transition(
        "start", "Bắt đầu xử lý", (State.RECEIVED, State.TRIAGED, State.ASSIGNED, State.REOPENED),
        State.IN_PROGRESS, STAFF, why="The citizen's status page says that somebody is at it.",
    ),
    Transition(
        "ask", "Hỏi thêm người dân", (State.ASSIGNED, State.IN_PROGRESS), State.WAITING_CITIZEN, STAFF, ("text",),
        clock="pause", notice="question", why="The agency's time does not run while it waits for the citizen.",
    ),
    Transition(
        "citizen_reply", "Người dân trả lời", (State.WAITING_CITIZEN,), State.IN_PROGRESS, ("citizen",), ("text",),
        clock="run", why="What was asked has been answered.",
    ),
    Transition(
        "resume", "Xử lý tiếp, không chờ nữa", (State.WAITING_CITIZEN,), State.IN_PROGRESS, (*STAFF, "system"),
        clock="run", why="Nobody has to wait for an answer for ever.",
    ),
    Transition(
        "answer", "Trả lời người dân", (State.ASSIGNED, State.IN_PROGRESS), State.ANSWERED, STAFF,
        ("checked", "text"), clock="stop", notice="answered",
        why="Luật Tiếp công dân 42/2013/QH13, Điều 28: the person is told; how it was checked stays on record.",
    ),
    Transition(
        "close", "Kết thúc", (State.ANSWERED,), State.CLOSED, (*LEADS, "citizen", "system"),
        notice="closed", why="Only what has been answered can be closed.",
    ),
    Transition(
        "reject", "Không thụ lý", _WORKABLE, State.REJECTED, LEADS, ("reason", "legal_ground", "onward"),
        clock="stop", notice="rejected", why="A refusal names its legal ground and where to go instead.",
    ),
    Transition(
        "transfer", "Chuyển đơn vị khác", _WORKABLE, State.TRIAGED, LEADS, ("unit", "reason"),
        clock="run", notice="moved", why="Wrong unit: the ticket goes on, its clock does not start again.",
    ),
    Transition(
        "hand_off", "Chuyển cơ quan ngoài hệ thống", _WORKABLE, State.TRANSFERRED, LEADS, ("receiver", "reason"),
        clock="stop", notice="handed_off", why="Matters of another authority, for example the police.",
    ),
    Transition(
        "merge", "Gộp vào phiếu khác", (*_WORKABLE, State.WAITING_CITIZEN), State.MERGED, LEADS, ("target",),
        clock="stop", notice="merged", why="The same event told twice is answered once; both citizens are told.",
    ),
    Transition(
        "withdraw", "Rút phiếu", (*_WORKABLE, State.WAITING_CITIZEN), State.WITHDRAWN, ("citizen",),
        clock="stop", notice="withdrawn", why="The story belongs to the person who told it.",
    ),
    Transition(
        "reopen", "Mở lại", (State.ANSWERED, State.CLOSED, State.REJECTED), State.REOPENED, ("citizen", *LEADS),
        ("reason",), clock="restart", notice="reopened", why="Once, within 14 days of the answer.",
    ),
    Transition(
        "appeal", "Đưa lên cấp trên", (State.ANSWERED, State.CLOSED, State.REJECTED), State.REOPENED, ("citizen",),
        ("reason",), clock="restart", notice="appealed",
        why="Once, within 14 days, after reopening did not help: the unit one level up looks at it.",
    ),
)  # fmt: skip
_BY_ACTION = {transition.action: transition for transition in TRANSITIONS}


def transition(action: str) -> Transition:
    """The edge of an action. Raises KeyError for an action that is not in the table."""
    return _BY_ACTION[action]


def check(action: str, state: str, role: str, filled: Iterable[str]) -> Transition:
    """The edge that `role` may take from `state` with these fields filled.

    Raises WrongState, NotAllowed or Incomplete, in this order.
    """
    edge = _BY_ACTION[action]
    if State(state) not in edge.sources:
        raise WrongState
    if role not in edge.who:
        raise NotAllowed
    missing = [name for name in edge.requires if name not in set(filled)]
    if missing:
        raise Incomplete(f"Còn thiếu: {', '.join(FIELD_WORDS[name] for name in missing)}.")
    return edge


def open_to(state: str, role: str) -> list[Transition]:
    """The edges that a role may take from a state, in the order of the table."""
    return [edge for edge in TRANSITIONS if State(state) in edge.sources and role in edge.who]


FIELD_WORDS = {
    "text": "nội dung",
    "checked": "đã kiểm tra thế nào",
    "assignee": "người xử lý",
    "reason": "lý do",
    "legal_ground": "căn cứ pháp lý",
    "onward": "nơi người dân có thể đến",
    "unit": "đơn vị nhận",
    "receiver": "cơ quan nhận",
    "target": "số phiếu gộp vào",
}


def mermaid() -> str:
    """The table as a Mermaid state diagram, for docs/workflow.mmd."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.RECEIVED}"]
    lines += [
        f"    {source} --> {edge.target}: {edge.action} ({', '.join(edge.who)})"
        for edge in TRANSITIONS
        for source in edge.sources
    ]
    return "\n".join(lines) + "\n"
