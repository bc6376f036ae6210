"""Who may see and do what: a closed vocabulary, a map from roles, and one query for the rows that are visible."""

import re
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from backlog.model import Staff, Ticket
from backlog.routing import given_name
from vntext.fold import fold


class Permission(StrEnum):
    """Everything that can be allowed. Changes of state are allowed by the workflow table, row by row."""

    VIEW_TICKETS = "view_tickets"
    WORK_TICKETS = "work_tickets"
    NOTE = "note"
    OPEN_IDENTITY = "open_identity"
    APPROVE_IDENTITY = "approve_identity"
    MANAGE_STAFF = "manage_staff"
    TRAIN = "train"


_P = Permission
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "handler": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE}),
    "unit_head": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE}),
    "coordinator": frozenset({_P.VIEW_TICKETS, _P.WORK_TICKETS, _P.NOTE, _P.APPROVE_IDENTITY}),
    "inspector": frozenset({_P.VIEW_TICKETS, _P.NOTE, _P.OPEN_IDENTITY, _P.APPROVE_IDENTITY}),
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
    return select(Ticket).where(_scope(staff), ~_conflicts(staff))


def can(session: Session, staff: Staff, permission: Permission, ticket: Ticket) -> bool:
    """Whether somebody may do this with this ticket: the role allows it and the ticket is visible."""
    if not has(staff, permission):
        return False
    return session.scalar(visible_tickets(staff).where(Ticket.id == ticket.id)) is not None


def in_conflict(session: Session, staff: Staff, ticket: Ticket) -> bool:
    """Whether a ticket must be kept from somebody because of whom it is about."""
    return session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, _conflicts(staff))) is not None


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


def _conflicts(staff: Staff) -> ColumnElement[bool]:
    """A ticket never goes to the person it is about, nor to the unit of the head whom it is about."""
    # Nobody knows yet whom some tickets are about: NULL is no conflict, and must not hide the row either.
    return func.coalesce(or_(_is_about(staff), _is_about_own_head(staff)), false())


def _is_about(staff: Staff) -> ColumnElement[bool]:
    """People name officials by their given name ("chị Hạnh"); that is enough within one unit.

    Somebody without a unit works nowhere near most of them: there only the full name counts.
    """
    name = given_name(staff.full_name) if staff.unit_key else " ".join(fold(staff.full_name).split())
    if not name:
        return false()
    named = Ticket.official_folded.regexp_match(rf"\m{re.escape(name)}\M")
    if staff.unit_key is None:
        return named
    return and_(named, or_(Ticket.about_key == staff.unit_key, Ticket.unit_key == staff.unit_key))


def _is_about_own_head(staff: Staff) -> ColumnElement[bool]:
    """What was taken out of the hands of the unit it is about is not for that unit's eyes, whatever the role."""
    if staff.unit_key is None:
        return false()
    return and_(Ticket.about_key == staff.unit_key, Ticket.unit_key != staff.unit_key)
