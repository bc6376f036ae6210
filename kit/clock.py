"""The one clock. Everything that depends on time takes `now` as an argument and gets it from here at the edge."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The current moment, aware, in Vietnam's time zone (UTC+7, no daylight saving)."""
    return datetime.now(VIETNAM)


def require_aware(moment: datetime) -> datetime:
    """Return `moment` in Vietnam's time zone.

    Raises ValueError for a naive datetime: a deadline computed from one would be wrong by hours in silence.
    """
    if moment.tzinfo is None:
        raise ValueError("naive datetime: attach a time zone before it reaches a rule")
    return moment.astimezone(VIETNAM)


_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def say_date(day: date) -> str:
    """A date as a person reads it: "thứ Ba, 08/12/2026"."""
    return f"{_WEEKDAYS[day.weekday()]}, {day:%d/%m/%Y}"
