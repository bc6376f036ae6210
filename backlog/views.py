"""A ticket as its citizen is told about it: plain words, nothing internal, no staff names."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from backlog import queries, words, workflow
from backlog.model import Ticket
from backlog.workflow import State
from catalogue.load import Facts
from kit import clock


def status_for_citizen(session: Session, ticket: Ticket, facts: Facts, now: datetime) -> str:
    """Where a ticket stands, who has it, until when, and what was last said to the citizen."""
    state = State(ticket.state)
    if state is State.MERGED and ticket.merged_into is not None:
        return _merged(session, ticket, ticket.merged_into)
    unit = facts.agencies.get(ticket.unit_key).name
    lines = [
        f"Phiếu {ticket.number}: {workflow.WORDS[state]}.",
        f"Gửi ngày {ticket.filed_at.astimezone(clock.VIETNAM):%d/%m/%Y}. Nơi xử lý: {unit}.",
        _time_line(ticket, state, now),
    ]
    lines.append(f"Các bước: {_steps(session, ticket)}.")
    said = [message for message in queries.messages(session, ticket, citizen_only=True) if message.author == "staff"]
    if said:
        lines.append(f"Cán bộ viết: {said[-1].text}")
    if state is State.REJECTED:
        lines += _refusal(session, ticket)
    lines.append(_next_step(ticket, state))
    return "\n".join(line for line in lines if line)


def _steps(session: Session, ticket: Ticket) -> str:
    """What has happened, day by day, in plain words: "25/11 anh/chị gửi phiếu; 26/11 bắt đầu xử lý"."""
    days: dict[str, list[str]] = {}
    for row, _ in queries.history(session, ticket):
        if (step := words.STEPS.get(row.action)) is not None:
            told = days.setdefault(f"{clock.require_aware(row.at):%d/%m}", [])
            if step not in told[-1:]:
                told.append(step)
    return "; ".join(f"{day} {', '.join(steps)}" for day, steps in days.items())


def _merged(session: Session, ticket: Ticket, target_id: uuid.UUID) -> str:
    """A merged ticket has no story of its own any more: where it went, and what was answered there."""
    target = queries.by_id(session, target_id)
    assert target is not None  # the column is a foreign key
    state = workflow.WORDS[State(target.state)]
    line = f"Phiếu {ticket.number} được xử lý chung với phiếu {target.number}, nay {state}."
    told = [line]
    if target.answered_at is not None:
        said = queries.messages(session, target, citizen_only=True)
        told.append(f"Cán bộ viết: {[one.text for one in said if one.author == 'staff'][-1]}")
    return "\n".join([*told, "Có tin mới, tôi báo anh/chị ngay."] if target.answered_at is None else told)


def _time_line(ticket: Ticket, state: State, now: datetime) -> str:
    due = clock.say_date(ticket.due_at.astimezone(clock.VIETNAM).date())
    if state is State.WAITING_CITIZEN:
        return "Hạn xử lý đang tạm dừng để chờ anh/chị trả lời."
    if not state.is_open:
        return ""
    return f"Đã quá hạn trả lời ({due})." if now > ticket.due_at else f"Hạn trả lời: {due}."


def _refusal(session: Session, ticket: Ticket) -> list[str]:
    """Why it was refused, on what ground, and where to go: as it was told when it happened."""
    given = next((texts for row, texts in reversed(queries.history(session, ticket)) if row.action == "reject"), {})
    words_for = {"reason": "Lý do", "legal_ground": "Căn cứ", "onward": "Anh/chị có thể"}
    return [f"{title}: {given[name]}" for name, title in words_for.items() if given.get(name)]


def _next_step(ticket: Ticket, state: State) -> str:
    if state is State.WAITING_CITIZEN:
        return 'Anh/chị nhắn "bổ sung thông tin" rồi viết câu trả lời.'
    if state in (State.ANSWERED, State.CLOSED, State.REJECTED):
        if ticket.appealed:
            return ""
        if ticket.reopened:
            return "Chưa thỏa đáng thì trong 14 ngày anh/chị đưa lên cấp trên được."
        return 'Chưa thỏa đáng thì trong 14 ngày anh/chị nhắn "mở lại phiếu".'
    return 'Muốn nói thêm, anh/chị nhắn "bổ sung thông tin".' if state.is_open else ""
