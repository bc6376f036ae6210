"""Growing delay after failed logins, per user name and per network address. Kept in the database: a restart or a
second process forgives nothing."""

import math
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from desk.model import LoginThrottle
from kit.errors import TooMany

FREE_PER_USER = 3
# A whole office often shares one address, so an address may fail more often than one person.
FREE_PER_ADDRESS = 15
LONGEST_DELAY = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)


class TooManyLogins(TooMany):
    """Đăng nhập sai nhiều lần. Anh/chị chờ một lúc rồi thử lại."""


def delay(failures: int, free: int) -> timedelta:
    """How long after the last failure the next try is taken: nothing at first, then 2, 4, 8 … s up to 15 min."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST_DELAY, timedelta(seconds=2.0 ** min(failures - free + 1, 20)))


class Throttle:
    """The two counters that one login attempt touches, locked until the end of the transaction.

    The lock makes guesses for one name go one after another, however many connections they come over.
    """

    def __init__(self, session: Session, user_key: str, address_key: str) -> None:
        keys = sorted({user_key, address_key})  # one order for everyone: no deadlock
        values = [{"key": key, "failures": 0} for key in keys]
        session.execute(insert(LoginThrottle).values(values).on_conflict_do_nothing())
        query = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key)
        rows = {row.key: row for row in session.scalars(query.with_for_update())}
        self._rows = [(rows[user_key], FREE_PER_USER), (rows[address_key], FREE_PER_ADDRESS)]

    def check(self, now: datetime) -> None:
        """Raises TooManyLogins, saying how long to wait, while a delay runs."""
        wait = max(self._wait(row, free, now) for row, free in self._rows)
        if wait > timedelta(0):
            raise TooManyLogins(f"Đăng nhập sai nhiều lần. Anh/chị chờ {_say(wait)} rồi thử lại.")

    def failed(self, now: datetime) -> None:
        """Count one failure on both counters; a count that is a day old starts again."""
        for row, _ in self._rows:
            fresh = row.last_failed_at is not None and now - row.last_failed_at < FORGET_AFTER
            row.failures = row.failures + 1 if fresh else 1
            row.last_failed_at = now

    def succeeded(self) -> None:
        """Forgive the user name. The address stays counted: one good account must not cover guesses at others."""
        row, _ = self._rows[0]
        row.failures, row.last_failed_at = 0, None

    @staticmethod
    def _wait(row: LoginThrottle, free: int, now: datetime) -> timedelta:
        if row.last_failed_at is None:
            return timedelta(0)
        return row.last_failed_at + delay(row.failures, free) - now


def _say(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    return f"{seconds} giây" if seconds < 90 else f"{math.ceil(seconds / 60)} phút"
