"""Who may see and do what: a closed vocabulary, a map from roles, and one query for the rows that are visible."""

import re
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from backlog.model import Staff, Ticket
from vntext.fold import fold


class Permission(StrEnum):
    """Everything that can be allowed. Changes of state are allowed by the workflow table, row by row."""

    VIEW_TICKETS = "view_tickets"
    WORK_TICKETS = "work_tickets"
    NOTE = "note"
    OPEN_IDENTITY = "open_identity"
    MANAGE_STAFF = "manage_staff"
    TRAIN = "train"


_P = Permission
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "handler": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE}),
    "unit_head": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE}),
    "coordinator": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE}),
    "inspector": frozenset({_P.VIEW_TICKETS, _P.NOTE, _P.OPEN_IDENTITY}),
    "admin": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE, _P.MANAGE_STAFF}),
    "trainer": frozenset({_P.TRAIN}),
}
ROLE_WORDS = {
    "handler": "người xử lý",
    "unit_head": "người đứng đầu đơn vị",
    "coordinator": "điều phối",
    "inspector": "Đoàn Kiểm tra công vụ",
    "admin": "quản trị",
    "trainer": "người huấn luyện",
}


def permissions(staff: Staff) -> frozenset[Permission]:
    """What a role may do at all; nothing for somebody who has left."""
    return ROLE_PERMISSIONS[staff.role] if staff.active else frozenset()


def has(staff: Staff, permission: Permission) -> bool:
    """Whether somebody's role allows this at all, whatever the ticket."""
    return permission in permissions(staff)


def visible_tickets(staff: Staff) -> Select[Ticket]:
    """The tickets that somebody may see. Pages and lists both come through here, so they cannot disagree."""
    return select(Ticket).where(_scope(staff), ~_is_about(staff))


def can(session: Session, staff: Staff, permission: Permission, ticket: Ticket) -> bool:
    """Whether somebody may do this with this ticket: the role allows it and the ticket is visible."""
    if not has(staff, permission):
        return False
    return session.scalar(visible_tickets(staff).where(Ticket.id == ticket.id)) is not None


def _scope(staff: Staff) -> ColumnElement[bool]:
    if Permission.VIEW_TICKETS not in permissions(staff):
        return false()
    own_unit = Ticket.unit_key == staff.unit_key
    if staff.role == "handler":
        return and_(own_unit, or_(Ticket.assignee_id == staff.id, Ticket.assignee_id.is_(None)))
    if staff.role == "unit_head":
        return own_unit
    if staff.role == "inspector":
        return Ticket.kind == "phan_anh"  # Công văn 510/UBND-TH, mục 8 and 12: every complaint about conduct
    return true()  # coordinator, admin


def _is_about(staff: Staff) -> ColumnElement[bool]:
    """A ticket never goes to the person it is about. People name officials by their given name ("chị Hạnh")."""
    given = re.sub(r"\W", "", fold(staff.full_name).split()[-1]) if staff.full_name.strip() else ""
    if not given:
        return false()
    named = Ticket.official_folded.op("~")(rf"\m{given}\M")
    same_unit = or_(Ticket.about_key == staff.unit_key, Ticket.unit_key == staff.unit_key)
    return and_(named, same_unit)
