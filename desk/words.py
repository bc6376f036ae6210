"""How the desk says things: moments, deadlines, people, what happened."""

from datetime import date, datetime

from backlog import words as backlog_words
from backlog import workflow
from backlog.model import AuditRow, Staff, StaffNotice, Ticket
from backlog.policy import ROLE_WORDS
from backlog.workflow import State
from catalogue.load import Facts
from kit import clock

CATEGORIES = backlog_words.CATEGORIES
KINDS = backlog_words.KINDS
FIELDS = workflow.FIELD_WORDS
STATES = {str(state): word for state, word in workflow.WORDS.items()}

LINKS = {
    "same_story": "kể trong cùng một lần",
    "split": "tách ra từ một phiếu",
    "related": "có liên quan",
}
NOTICES = {
    "approval": "có người xin mở danh tính, chờ người thứ hai",
    "decided": "yêu cầu mở danh tính của anh/chị đã có quyết định",
}

# Sentences that a redirect may show, by the name in its query string.
DONE = {
    "logged_out": "Anh/chị đã đăng xuất.",
    "password_changed": "Đã đổi mật khẩu.",
    "changed": "Đã ghi nhận. Người dân được báo nếu việc này cần báo.",
    "noted": "Đã lưu ghi chú nội bộ.",
    "related": "Đã nối hai phiếu với nhau.",
    "split": "Đã tách thành một phiếu nữa. Phiếu mới ở mục Phiếu liên quan.",
    "asked": "Đã gửi yêu cầu. Người thứ hai đồng ý thì anh/chị mở được.",
    "allowed": "Đã ghi nhận là anh/chị đồng ý.",
    "refused": "Đã ghi nhận là anh/chị không đồng ý.",
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


def why(texts: dict[str, str]) -> str:
    """The reasons that were given for it."""
    return " · ".join(texts[name] for name in ("reason", "legal_ground", "onward", "receiver") if texts.get(name))


def notice(one: StaffNotice) -> str:
    """Why a ticket wants somebody's eye."""
    if one.kind == "deadline":
        return backlog_words.LEVELS[int(one.key.rpartition(":")[2])]
    return NOTICES[one.kind]


def again(ticket: Ticket) -> str:
    """Whether the citizen was not content with an earlier answer; empty when there is nothing to say."""
    if ticket.appealed:
        return "Đã mở lại, rồi người dân đề nghị cấp trên xem lại. Nơi xử lý và hạn trả lời là của lần xem lại này."
    if ticket.reopened:
        return "Đã mở lại một lần sau khi có trả lời. Hạn trả lời tính từ lúc mở lại."
    return ""


def size(octets: int) -> str:
    """The size of a file: "12 KB", "1,5 MB"."""
    kilobytes = octets / 1024
    return f"{max(1, round(kilobytes))} KB" if kilobytes < 1000 else f"{decimal(kilobytes / 1024)} MB"


def decimal(value: float | None, unit: str = "") -> str:
    """One place after a comma, as Vietnamese is written; a dash for what there is none of."""
    return "–" if value is None else f"{value:.1f}{unit}".replace(".", ",")


def percent(share: float | None) -> str:
    """A share of 0 to 1: "87,5%"; a dash for none."""
    return decimal(None if share is None else 100 * share, "%")
