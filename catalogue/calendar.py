"""The working calendar of State agencies: pure, no clock inside, naive datetimes refused.

Rules of counting: the day of the event does not count (Bộ luật Dân sự 2015, Điều 147); a limit in calendar
days that ends on a day off ends with the next working day (Điều 148 khoản 5). A limit ends when the office
closes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SAME_DAY_UNTIL = time(15)  # "ngay trong ngày": what is handed in after 15:00 is ready the next working day


class OutsideCalendar(ValueError):
    """The calendar does not know this year: extend data/calendar/overlay.yml."""


@dataclass(frozen=True)
class SpecialDay:
    """A day that is not what its weekday says. `confirmed` is false while no decision settles it."""

    kind: Literal["off", "work", "half"]
    reason: str
    source: str
    confirmed: bool = True


@dataclass(frozen=True)
class Hours:
    """One stretch of office hours."""

    opens: time
    closes: time


@dataclass(frozen=True)
class WorkingCalendar:
    """Monday to Friday, changed by `special` days, for the years `first_year` to `last_year`.

    `hours` are the stretches of an ordinary day, in order; of a half day only the first counts.
    """

    first_year: int
    last_year: int
    special: Mapping[date, SpecialDay]
    hours: tuple[Hours, ...]

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open, if only for half a day. Raises OutsideCalendar for a year nobody has
        entered."""
        if not self.first_year <= day.year <= self.last_year:
            raise OutsideCalendar(f"no working calendar for {day.year}")
        special = self.special.get(day)
        return special.kind != "off" if special else day.weekday() < 5

    def about(self, day: date) -> SpecialDay | None:
        """Why a day is off, made up or half; None for an ordinary day or weekend."""
        return self.special.get(day)

    def unconfirmed(self, day: date) -> bool:
        """Whether a day counts as it does only until somebody decides."""
        special = self.special.get(day)
        return special is not None and not special.confirmed

    def openings(self, day: date) -> list[datetime]:
        """When offices open on a day, in the morning and after noon; empty on a day off."""
        return [self._at(day, one.opens) for one in self._hours_of(day)] if self.is_working_day(day) else []

    def opens(self, day: date) -> datetime | None:
        """When offices open on a day; None on a day off."""
        return self._at(day, self.hours[0].opens) if self.is_working_day(day) else None

    def closes(self, day: date) -> datetime | None:
        """When offices close for the day; None on a day off."""
        return self._at(day, self._hours_of(day)[-1].closes) if self.is_working_day(day) else None

    def is_open(self, moment: datetime) -> bool:
        """Whether offices are open at a moment. Raises ValueError for a naive one."""
        here = _aware(moment)
        return self.is_working_day(here.date()) and any(
            stretch.opens <= here.time() < stretch.closes for stretch in self._hours_of(here.date())
        )

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        following = day + timedelta(days=1)
        while not self.is_working_day(following):
            following += timedelta(days=1)
        return following

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The close of the `days`-th working day after `start`; for 0 days, of the working day it falls on.

        Raises ValueError for a naive start or a negative number.
        """
        day = self._this_or_next(_aware(start).date()) if _whole(days) == 0 else _aware(start).date()
        for _ in range(days):
            day = self.next_working_day(day)
        return self._close_of(day)

    def add_calendar_days(self, start: datetime, days: int) -> datetime:
        """The close of the `days`-th day after `start`, or of the next working day when that is a day off.

        Raises ValueError for a naive start or a negative number.
        """
        return self._close_of(self._this_or_next(_aware(start).date() + timedelta(days=_whole(days))))

    def add_working_hours(self, start: datetime, hours: int) -> datetime:
        """The moment when so many office hours have passed after `start`.

        Raises ValueError for a naive start or a negative number.
        """
        at, left = _aware(start), timedelta(hours=_whole(hours))
        day = at.date()
        while True:
            for stretch in self._hours_of(day) if self.is_working_day(day) else ():
                opens, closes = max(self._at(day, stretch.opens), at), self._at(day, stretch.closes)
                if closes > opens and closes - opens >= left:
                    return opens + left
                left -= max(closes - opens, timedelta(0))
            day += timedelta(days=1)

    def add_months(self, start: datetime, months: int) -> datetime:
        """The close of the same day some months later (the last of a shorter month: Bộ luật Dân sự 2015, Điều
        147), or of the next working day.

        Raises ValueError for a naive start or a negative number.
        """
        day = _aware(start).date()
        years, month = divmod(day.month - 1 + _whole(months), 12)
        first = date(day.year + years, month + 1, 1)
        last = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
        return self._close_of(self._this_or_next(first.replace(day=min(day.day, last))))

    def working_days_between(self, first: date, last: date) -> int:
        """Working days after `first` up to and including `last`; 0 when `last` is not later."""
        return sum(self.is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def result_day(self, handed_in: datetime, same_day_until: time = SAME_DAY_UNTIL) -> date:
        """When "ngay trong ngày" is: today, or the next working day for what comes later or on a day off."""
        moment = _aware(handed_in)
        if self.is_working_day(moment.date()) and moment.time() <= same_day_until:
            return moment.date()
        return self.next_working_day(moment.date())

    def _hours_of(self, day: date) -> tuple[Hours, ...]:
        special = self.special.get(day)
        return self.hours[:1] if special and special.kind == "half" else self.hours

    def _this_or_next(self, day: date) -> date:
        return day if self.is_working_day(day) else self.next_working_day(day)

    def _close_of(self, day: date) -> datetime:
        return self._at(day, self._hours_of(day)[-1].closes)

    @staticmethod
    def _at(day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, VIETNAM)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("naive datetime: a deadline needs a time zone")
    return moment.astimezone(VIETNAM)


def _whole(days: int) -> int:
    if days < 0:
        raise ValueError("a time limit cannot be negative")
    return days
