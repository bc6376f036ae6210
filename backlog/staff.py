"""Members of staff as rows. Passwords are hashed by the desk; here only the hash arrives."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import audit
from backlog.model import ROLES, Staff
from kit import clock
from kit.errors import Conflict, Invalid


class UsernameTaken(Conflict):
    """Tên đăng nhập này đã có người dùng. Chọn tên khác."""


def add_staff(
    session: Session, username: str, full_name: str, role: str, unit_key: str | None, password_hash: str
) -> Staff:
    """Add a member of staff who must change the password at the first login.

    Raises UsernameTaken, or Invalid for an unknown role or a role that needs a unit.
    """
    username = username.strip().lower()
    if role not in ROLES:
        raise Invalid(f"Vai trò không có: {role}. Chọn một trong: {', '.join(ROLES)}.")
    if role in ("handler", "unit_head") and not unit_key:
        raise Invalid("Vai trò này cần đơn vị.")
    if session.scalar(select(Staff.id).where(Staff.username == username)):
        raise UsernameTaken
    staff = Staff(username=username, full_name=full_name, role=role, unit_key=unit_key, password_hash=password_hash)
    session.add(staff)
    session.flush()
    audit.write(
        session,
        at=clock.now(),
        actor="system",
        action="add_staff",
        ticket_id=None,
        data={"staff": str(staff.id), "role": role, "unit": unit_key},
    )
    return staff


def anyone(session: Session) -> bool:
    """Whether there is any member of staff yet."""
    return session.scalar(select(Staff.id).limit(1)) is not None
