"""Days worked out on the working calendar: when a result is ready, and by when a citizen has to act."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from catalogue.calendar import OutsideCalendar, WorkingCalendar
from catalogue.phrases import sentence
from catalogue.procedures import CitizenDeadline, Span
from kit.clock import VIETNAM, say_date
from vntext.fold import fold
from vntext.when import find_clock

_HANDS_IN = re.compile(r"(?<!\w)(?:nop|dua ho so|ra lam|len lam|di lam|lam)(?!\w)")
_AHEAD = ((r"(?<!\w)(?:ngay\s+)?mai(?!\w)", 1), (r"(?<!\w)(?:ngay\s+)?(?:mot|kia)(?!\w)", 2))
_WEEKDAY = re.compile(r"(?<!\w)(?:thu\s*([2-7]|hai|ba|tu|nam|sau|bay))(?:\s+(?:nay|toi|sau|tuan\s+sau))?(?!\w)")
_WEEKDAYS = {"2": 0, "hai": 0, "3": 1, "ba": 1, "4": 2, "tu": 2, "5": 3, "nam": 3, "6": 4, "sau": 4, "7": 5, "bay": 5}


def handing_in(text: str, now: datetime) -> datetime | None:
    """When a message says that the dossier is handed in ("nộp hôm nay 16:10"); None when it does not say.

    A day without an hour is taken at the opening hour of nine; an hour without a day is today's.
    """
    folded = fold(unicodedata.normalize("NFC", text))
    if not _HANDS_IN.search(folded):
        return None
    clock, day = find_clock(text), _day_ahead(folded, now)
    if clock is None and day is None:
        return None
    day = day or now.date()
    if clock is None:
        return now if day == now.date() else datetime.combine(day, time(9), VIETNAM)
    return datetime.combine(day, clock, VIETNAM)


def ready_day(span: Span, handed_in: datetime, calendar: WorkingCalendar) -> date:
    """The day on which the result is due. Raises OutsideCalendar for years that nobody has entered."""
    if span.unit == "same_day":
        return calendar.result_day(handed_in)
    count = {
        "working_day": calendar.add_working_days,
        "calendar_day": calendar.add_calendar_days,
        "working_hour": calendar.add_working_hours,
        "month": calendar.add_months,
    }[span.unit]
    return count(handed_in, span.amount).date()


def ready_line(span: Span, asked_at: datetime, handed_in: datetime | None, calendar: WorkingCalendar) -> str | None:
    """One sentence about when the result is ready; None when the calendar ends before."""
    try:
        start = _opening(handed_in or asked_at, calendar)
        due = ready_day(span, start, calendar)
        doubt = _doubtful_day(start.date(), due, calendar)
    except OutsideCalendar:
        return None
    today = "hôm nay" if start.date() == asked_at.date() else say_date(start.date())
    hour = f" lúc {handed_in:%H:%M}" if handed_in and start == handed_in else ""
    line = f"Nộp {today}{hour} thì chậm nhất {say_date(due)} có kết quả, nếu hồ sơ đủ."
    return f"{line} {doubt}" if doubt else line


def last_day(rule: CitizenDeadline, event: date, calendar: WorkingCalendar) -> date | None:
    """The last day on which the citizen is in time; None when the calendar does not reach it."""
    start = datetime.combine(event, time(12), VIETNAM)
    count = calendar.add_calendar_days if rule.unit == "calendar_day" else calendar.add_working_days
    try:
        return count(start, rule.amount).date()
    except OutsideCalendar:
        return None


def deadline_line(rule: CitizenDeadline, event: date, today: date, calendar: WorkingCalendar) -> str | None:
    """One sentence about the citizen's own deadline after an event; None when the calendar does not reach it."""
    last = last_day(rule, event, calendar)
    if last is None:
        return None
    days = f"{rule.amount} ngày{' làm việc' if rule.unit == 'working_day' else ''}"
    head = f"{sentence(rule.event).rstrip('.')} ngày {event:%d/%m/%Y} thì hạn {days} là hết {say_date(last)}"
    if today > last:
        return f"{head}, nay đã quá hạn. {sentence(rule.late)}"
    left = (last - today).days
    return f"{head}, còn {left} ngày." if left else f"{head}, tức là hôm nay."


def _opening(moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The moment itself while offices are open, else when they open next."""
    if calendar.is_open(moment):
        return moment
    for offset in range(30):
        day = moment.date() + timedelta(days=offset)
        for opens in calendar.openings(day):
            if opens > moment:
                return opens
    raise OutsideCalendar("no opening within 30 days")


def _doubtful_day(first: date, last: date, calendar: WorkingCalendar) -> str:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    doubtful = [day for day in days if calendar.unconfirmed(day)]
    if not doubtful:
        return ""
    named = " và ".join(f"{day:%d/%m}" for day in doubtful)
    return f"Ngày {named} chưa rõ có được nghỉ hay không; nếu nghỉ thì lui lại."


def _day_ahead(folded: str, now: datetime) -> date | None:
    if re.search(r"(?<!\w)(?:hom|bua|sang|chieu|trua|ngay)\s+nay(?!\w)|(?<!\w)bay\s+gio(?!\w)", folded):
        return now.date()
    for pattern, days in _AHEAD:
        if re.search(pattern, folded):
            return now.date() + timedelta(days=days)
    if match := _WEEKDAY.search(folded):
        return now.date() + timedelta(days=(_WEEKDAYS[match[1]] - now.weekday()) % 7)
    return None
