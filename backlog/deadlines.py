"""When a ticket is due: pure rules over the working calendar. No clock inside; naive moments are refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from catalogue.calendar import VIETNAM, WorkingCalendar
from catalogue.deadlines import DeadlineFile, DeadlineRule

WARN_AT = (0.5, 0.8)


@dataclass(frozen=True)
class Pause:
    """A time during which the agency waited for the citizen; `end` is None while it lasts."""

    start: datetime
    end: datetime | None


def rule_for(
    file: DeadlineFile, kind: str, categories: Sequence[str], on: date, calendar: WorkingCalendar
) -> DeadlineRule:
    """The rule that holds: of those for the ticket's categories the one that ends first, else the one for its kind.

    `on` is the day of filing. Which limit ends first only the calendar can say: five calendar days may end before
    four working days or after them. Raises LookupError when the data know no rule for the kind on that day.
    """
    valid = [
        rule
        for rule in file.rules
        if rule.kind == kind and rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to)
    ]
    exact = [rule for rule in valid if rule.category in categories]
    found = exact or [rule for rule in valid if rule.category is None]
    if not found:
        raise LookupError(f"no deadline rule for {kind} on {on}")
    filed_at = datetime.combine(on, time(), VIETNAM)
    return min(found, key=lambda rule: due_at(rule, calendar, filed_at))


def due_at(
    rule: DeadlineRule, calendar: WorkingCalendar, filed_at: datetime, pauses: Sequence[Pause] = ()
) -> datetime:
    """The moment at which the ticket becomes late, pauses that have ended included.

    A pause that begins when the ticket is late already gives nothing back: a question asked too late would
    otherwise make the ticket punctual. One that began in time never ends late: the citizen who answers on a day off,
    or after hours, has not made the agency late. Raises ValueError for a naive moment.
    """
    _refuse_naive(filed_at, *_moments(pauses))
    add = calendar.add_working_days if rule.unit == "working" else calendar.add_calendar_days
    days = rule.days
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if pause.end is not None and pause.start < add(filed_at, days):
            days += _length(rule, calendar, pause)
            while add(filed_at, days) <= pause.end:
                days += 1
    return add(filed_at, days)


def warning_points(filed_at: datetime, due: datetime, pauses: Sequence[Pause] = ()) -> list[datetime]:
    """When half and four fifths of the agency's own time are gone; the citizen's time does not count.

    Raises ValueError for a naive moment.
    """
    _refuse_naive(filed_at, due, *_moments(pauses))
    ended = sorted(((p.start, p.end) for p in pauses if p.end is not None and p.start < due), key=lambda p: p[0])
    own = (due - filed_at) - sum((end - start for start, end in ended), timedelta())
    points = []
    for share in WARN_AT:
        point = filed_at + own * share
        for start, end in ended:
            if start < point:
                point += end - start
        points.append(point)
    return points


def used_share(filed_at: datetime, due: datetime, now: datetime) -> float:
    """How much of the time is gone; over 1 when the ticket is late. Raises ValueError for a naive moment."""
    _refuse_naive(filed_at, due, now)
    total = (due - filed_at).total_seconds()
    return (now - filed_at).total_seconds() / total if total > 0 else 1.0


def level(filed_at: datetime, due: datetime, now: datetime, pauses: Sequence[Pause] = ()) -> int:
    """Escalation level: 0 quiet, 1 half gone (handler), 2 four fifths (unit head), 3 late, +1 for each week late.

    The ladder is handler, unit head, agency head, inspection team, chairman; it ends at 6. Raises ValueError for a
    naive moment.
    """
    _refuse_naive(filed_at, due, now)
    if now >= due:
        return min(6, 3 + (now - due).days // 7)
    return sum(now >= point for point in warning_points(filed_at, due, pauses))


def next_interim(due: datetime, last: datetime | None, now: datetime, days: int) -> datetime | None:
    """When the next interim reply is owed: at once when late, then every `days` days; None while in time.

    Raises ValueError for a naive moment.
    """
    _refuse_naive(due, now, *([last] if last else []))
    if now < due:
        return None
    return due if last is None else last + timedelta(days=days)


def _length(rule: DeadlineRule, calendar: WorkingCalendar, pause: Pause) -> int:
    """Days that a pause adds: those that began in Vietnam while it lasted."""
    assert pause.end is not None
    first, last = pause.start.astimezone(VIETNAM).date(), pause.end.astimezone(VIETNAM).date()
    return calendar.working_days_between(first, last) if rule.unit == "working" else (last - first).days


def _moments(pauses: Sequence[Pause]) -> list[datetime]:
    return [moment for pause in pauses for moment in (pause.start, pause.end) if moment is not None]


def _refuse_naive(*moments: datetime) -> None:
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("naive datetime: a deadline needs a time zone")
