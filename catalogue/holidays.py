"""Builds the working calendar: the `holidays` library's Vietnamese days with data/calendar/overlay.yml over
them."""

import datetime as dt
from datetime import date, time
from importlib.metadata import version
from typing import Annotated, Literal

import holidays
from pydantic import Field

from catalogue.calendar import Hours, SpecialDay, WorkingCalendar
from catalogue.document import Strict
from catalogue.procedures import Text

LIBRARY = f"thư viện holidays {version('holidays')}"
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class OfficeHours(Strict):
    """One stretch of office hours, "07:00" to "11:00"."""

    opens: Clock
    closes: Clock


class OverlayDay(Strict):
    """A day that the library misses, or that no law has settled. `kind` says how it counts meanwhile."""

    date: dt.date
    kind: Literal["off", "work", "half"]
    reason: Text
    source: Text
    confirmed: bool


class CalendarFile(Strict):
    """data/calendar/overlay.yml. Days of the library after `announced_until` count, but as unconfirmed."""

    first_year: Annotated[int, Field(ge=2015, le=2100)]
    last_year: Annotated[int, Field(ge=2015, le=2100)]
    announced_until: date
    hours: Annotated[list[OfficeHours], Field(min_length=1)]
    hours_note: Text
    days: list[OverlayDay] = Field(default_factory=list)


def build_calendar(file: CalendarFile) -> WorkingCalendar:
    """The calendar of the years that the file names."""
    years = range(file.first_year, file.last_year + 1)
    library = holidays.country_holidays("VN", years=years, language="vi")
    special = {day: _from_library("off", str(name), day, file) for day, name in library.items() if day.year in years}
    for day in library.weekend_workdays:
        if day.year in years:
            special[day] = _from_library("work", "Làm bù", day, file)
    for line in file.days:
        special[line.date] = SpecialDay(line.kind, line.reason, line.source, line.confirmed)
    hours = tuple(Hours(time.fromisoformat(one.opens), time.fromisoformat(one.closes)) for one in file.hours)
    return WorkingCalendar(file.first_year, file.last_year, special, hours)


def _from_library(kind: Literal["off", "work"], name: str, day: date, file: CalendarFile) -> SpecialDay:
    return SpecialDay(kind, name, LIBRARY, confirmed=day <= file.announced_until)
