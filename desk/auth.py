"""Who is at the desk: login, session, password change.

The cookie holds 32 random bytes; the database holds only their hash, so a stolen backup opens no session.
Functions flush and never commit.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backlog.model import Staff, StaffSession
from desk import passwords
from desk.throttle import Throttle
from kit.crypto import digest
from kit.errors import Invalid

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
# `last_seen_at` is written at most this often: a page view should not cost a write each time.
_SEEN_STEP = timedelta(seconds=60)


class WrongPassword(Invalid):
    """Mật khẩu đang dùng chưa đúng."""


@dataclass(frozen=True)
class SignedIn:
    """A valid session: who, and the token that the browser showed."""

    staff: Staff
    session: StaffSession
    token: str

    @property
    def csrf(self) -> str:
        """The token that every form of this session carries. Derived, so there is nothing to store or to steal."""
        return hmac.new(self.token.encode(), b"desk csrf", hashlib.sha256).hexdigest()

    def accepts(self, csrf: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


def log_in(
    session: Session, digest_key: str, username: str, password: str, address: str, now: datetime
) -> str | None:
    """The token of a new session, or None when name and password do not fit (counted; the caller must commit).

    Raises TooManyLogins while a delay runs; then the password is not even looked at, right or wrong.
    An unknown or switched-off user costs the same time and gets the same answer as a wrong password.
    """
    name = username.strip().lower()
    throttle = Throttle(
        session, digest(digest_key, f"login user {name}"), digest(digest_key, f"login from {address}")
    )
    throttle.check(now)
    staff = session.scalar(select(Staff).where(Staff.username == name, Staff.active.is_(True)))
    if not passwords.verify(staff.password_hash if staff else None, password) or staff is None:
        throttle.failed(now)
        return None
    throttle.succeeded()
    return _open(session, staff, now)


def find(session: Session, token: str, now: datetime) -> SignedIn | None:
    """The session of a cookie; None when it is unknown, ended, idle for 30 min, 8 h old, or its user switched off."""
    row = session.scalar(select(StaffSession).where(StaffSession.token_digest == _hash(token)))
    if row is None or row.ended_at is not None:
        return None
    if now - row.last_seen_at > IDLE or now - row.created_at > ABSOLUTE:
        return None
    staff = session.get(Staff, row.staff_id)
    if staff is None or not staff.active:
        return None
    if now - row.last_seen_at > _SEEN_STEP:
        row.last_seen_at = now
    return SignedIn(staff, row, token)


def log_out(signed_in: SignedIn, now: datetime) -> None:
    """End this session."""
    signed_in.session.ended_at = now


def change_password(session: Session, signed_in: SignedIn, old: str, new: str, again: str, now: datetime) -> str:
    """Set a new password, end every session of this user and open a new one; returns its token.

    Raises WrongPassword, or WeakPassword with what is wrong with the new one.
    """
    staff = signed_in.staff
    if not passwords.verify(staff.password_hash, old):
        raise WrongPassword
    passwords.check_new(staff.username, old, new, again)
    staff.password_hash = passwords.hash_password(new)
    staff.must_change_password = False
    end_all(session, staff, now)
    return _open(session, staff, now)


def end_all(session: Session, staff: Staff, now: datetime) -> None:
    """End every session of a user, wherever it is open."""
    mine = update(StaffSession).where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None))
    session.execute(mine.values(ended_at=now))


def _open(session: Session, staff: Staff, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(StaffSession(staff_id=staff.id, token_digest=_hash(token), created_at=now, last_seen_at=now))
    session.flush()
    return token


def _hash(token: str) -> str:
    """Plain SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
