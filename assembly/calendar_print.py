"""`tiepdan calendar`: one year of the working calendar, as a wall calendar with its reasons below."""

from calendar import Calendar
from datetime import date

from rich.table import Table
from rich.text import Text

from assembly.bootstrap import DATA
from assembly.console import out
from catalogue.calendar import WorkingCalendar
from catalogue.load import load_facts
from kit.clock import say_date
from kit.errors import Invalid

_STYLES = {"off": "bold red", "work": "bold green", "half": "bold yellow"}
_KINDS = {"off": "nghỉ", "work": "làm việc", "half": "làm buổi sáng"}


def print_year(year: int) -> None:
    """Print the year. Raises Invalid when nobody has entered it."""
    facts = load_facts(DATA)
    known = facts.calendar
    if not known.first_year <= year <= known.last_year:
        years = f"từ {known.first_year} đến {known.last_year}"
        raise Invalid(f"Lịch chỉ có {years}. Thêm năm {year} trong data/calendar/overlay.yml.")
    for first in range(1, 13, 3):
        row = Table.grid(padding=(0, 3))
        row.add_row(*(_month(known, year, month) for month in range(first, first + 3)))
        out.print(row)
    days = [day for day in sorted(known.special) if day.year == year]
    for day in days:
        special = known.special[day]
        doubt = (
            "" if special.confirmed else "  [CHƯA CHẮC: sửa dòng này trong data/calendar/overlay.yml khi có văn bản]"
        )
        line = f"{say_date(day)}: {_KINDS[special.kind]}. {special.reason}. Nguồn: {special.source}.{doubt}"
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    working = sum(
        known.is_working_day(date.fromordinal(n))
        for n in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
    )
    out.print(f"Năm {year}: {working} ngày làm việc. {facts.hours_note}.", highlight=False, soft_wrap=True)


def _month(known: WorkingCalendar, year: int, month: int) -> Table:
    table = Table(*("T2", "T3", "T4", "T5", "T6", "T7", "CN"), title=f"Tháng {month}", box=None, padding=(0, 1, 0, 0))
    for week in Calendar().monthdatescalendar(year, month):
        table.add_row(*(_day(known, day) if day.month == month else Text("") for day in week))
    return table


def _day(known: WorkingCalendar, day: date) -> Text:
    """The number; in words too where colour is all that would tell: "*" not confirmed, "n" off, "b" made up."""
    special = known.about(day)
    if special is None:
        return Text(str(day.day), style="" if known.is_working_day(day) else "dim")
    mark = {"off": "n", "work": "b", "half": "s"}[special.kind] + ("" if special.confirmed else "*")
    return Text(f"{day.day}{mark}", style=_STYLES[special.kind])
