"""How the desk says things: moments, deadlines, people, what happened."""

from datetime import date, datetime

from backlog import words as backlog_words
from backlog import workflow
from backlog.model import AuditRow, Staff, Ticket
from backlog.policy import ROLE_WORDS
from backlog.workflow import State
from catalogue.load import Facts
from kit import clock

CATEGORIES = backlog_words.CATEGORIES
KINDS = backlog_words.KINDS
FIELDS = workflow.FIELD_WORDS
STATES = {str(state): word for state, word in workflow.WORDS.items()}

# Sentences that a redirect may show, by the name in its query string.
DONE = {
    "logged_out": "Anh/chị đã đăng xuất.",
    "password_changed": "Đã đổi mật khẩu.",
    "changed": "Đã ghi nhận. Người dân được báo nếu việc này cần báo.",
    "noted": "Đã lưu ghi chú nội bộ.",
}


def moment(at: datetime) -> str:
    """A moment: "thứ Ba, 24/11/2026 10:30"."""
    local = at.astimezone(clock.VIETNAM)
    return f"{clock.say_date(local.date())} {local:%H:%M}"


def day(at: datetime | date) -> str:
    """A day: "thứ Ba, 24/11/2026"."""
    return clock.say_date(at.astimezone(clock.VIETNAM).date() if isinstance(at, datetime) else at)


def role_and_unit(staff: Staff, facts: Facts, on: date) -> str:
    """ "người xử lý, UBND phường Phú Lợi"."""
    role = ROLE_WORDS[staff.role]
    return f"{role}, {facts.agencies.today(staff.unit_key, on).name}" if staff.unit_key else role


def urgency(ticket: Ticket, now: datetime) -> tuple[str, str]:
    """A tag for the deadline: its look (late, near, fine, still) and its words, which say it without colour."""
    state = State(ticket.state)
    if not state.is_open:
        return "still", "không còn hạn"
    if state is State.WAITING_CITIZEN:
        return "still", "tạm dừng, chờ người dân"
    left = ticket.due_at - now
    if left.total_seconds() < 0:
        return "late", f"quá hạn {max(1, -left.days)} ngày"
    return ("near", "dưới 2 ngày") if left.days < 2 else ("fine", f"còn {left.days} ngày")


def what(ticket: Ticket) -> str:
    """What a ticket is about, in a line."""
    parts = [CATEGORIES[name] for name in ticket.categories]
    if ticket.trips and ticket.trips > 1:
        parts.append(f"đi lại {ticket.trips} lần")
    return "; ".join(parts) or KINDS[ticket.kind]


def place(ticket: Ticket, facts: Facts) -> str:
    """Where it happened: the name of the time, and today's unit."""
    if ticket.place_key:
        return facts.places.label(ticket.place_key, ticket.filed_at.date())
    if ticket.agency_key:
        return facts.agencies.get(ticket.agency_key).name
    return ticket.place_text or "không rõ"


def action(row: AuditRow) -> str:
    """What an audit row says happened."""
    if row.action in backlog_words.ACTIONS:
        return backlog_words.ACTIONS[row.action]
    return workflow.transition(row.action).words


def actor(row: AuditRow, names: dict[str, str]) -> str:
    """Who did it."""
    kind, _, staff_id = row.actor.partition(":")
    return {"citizen": "người dân", "system": "hệ thống"}.get(kind) or names.get(staff_id, "cán bộ")


def why(row: AuditRow) -> str:
    """The reasons that were given for it."""
    given = [str(row.data[name]) for name in ("reason", "legal_ground", "onward", "receiver") if row.data.get(name)]
    return " · ".join(given)
