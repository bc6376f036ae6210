"""The desk's own table. Staff and their sessions are in backlog.model, because audit rows name them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base


class LoginThrottle(Base):
    """Failed logins in a row, for one user name or one network address.

    `key` is a keyed digest: the table tells nobody which names were tried or from where.
    """

    __tablename__ = "desk_login_throttle"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime | None]
