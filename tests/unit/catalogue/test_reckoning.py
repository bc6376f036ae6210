"""Days worked out: when a result is ready, and by when a citizen has to act."""

from datetime import date, datetime

import pytest

from catalogue.load import Facts
from catalogue.procedures import CitizenDeadline, Span
from catalogue.reckoning import deadline_line, handing_in, last_day, ready_day, ready_line
from kit.clock import VIETNAM
from vntext.when import find_clock


def at(day: int, hour: int = 9, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """A moment in Vietnam."""
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


SAME_DAY = Span(unit="same_day")
FIVE = Span(unit="working_day", amount=5)


@pytest.mark.parametrize(
    ("span", "moment", "day"),
    [
        (SAME_DAY, at(24, 14, 59), date(2026, 11, 24)),
        (SAME_DAY, at(24, 16, 10), date(2026, 11, 25)),
        (SAME_DAY, at(27, 16, 10), date(2026, 11, 30)),  # Friday afternoon: Monday
        (FIVE, at(24), date(2026, 12, 1)),
        (FIVE, at(13, month=2), date(2026, 2, 27)),  # over Tết
        (Span(unit="calendar_day", amount=4), at(24), date(2026, 11, 30)),  # ends on a Saturday
        (Span(unit="working_hour", amount=8), at(24, 13), date(2026, 11, 25)),
        (Span(unit="working_hour", amount=4), at(24, 13), date(2026, 11, 24)),
        (Span(unit="month", amount=1), at(31, month=1), date(2026, 3, 2)),  # the last of February is a Saturday
    ],
)
def test_ready_day(facts: Facts, span: Span, moment: datetime, day: date) -> None:
    assert ready_day(span, moment, facts.calendar) == day


def test_after_hours_the_office_opens_first(facts: Facts) -> None:
    evening = ready_line(SAME_DAY, at(25, 20), None, facts.calendar)
    assert evening == "Nộp thứ Năm, 26/11/2026 thì chậm nhất thứ Năm, 26/11/2026 có kết quả, nếu hồ sơ đủ."
    noon = ready_line(SAME_DAY, at(25, 12), None, facts.calendar)
    assert noon == "Nộp hôm nay thì chậm nhất thứ Tư, 25/11/2026 có kết quả, nếu hồ sơ đủ."


def test_the_hour_of_handing_in_counts(facts: Facts) -> None:
    line = ready_line(SAME_DAY, at(25), at(25, 16, 10), facts.calendar)
    assert line == "Nộp hôm nay lúc 16:10 thì chậm nhất thứ Năm, 26/11/2026 có kết quả, nếu hồ sơ đủ."


def test_an_unsettled_day_off_is_admitted(facts: Facts) -> None:
    line = ready_line(FIVE, at(23), None, facts.calendar)
    assert line is not None
    assert line.endswith("Ngày 24/11 chưa rõ có được nghỉ hay không; nếu nghỉ thì lui lại.")


def test_beyond_the_calendar_nothing_is_promised(facts: Facts) -> None:
    assert ready_line(Span(unit="calendar_day", amount=300), at(1, month=12, year=2030), None, facts.calendar) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("nộp hôm nay 16:10 thì khi nào xong", at(24, 16, 10)),
        ("mai nop luc 8 gio sang thi bao lau", at(25, 8)),
        ("thứ sáu nộp thì chừng nào có", at(27, 9)),
        ("chiều 4 giờ rưỡi nộp được không", at(24, 4, 30)),
        ("nộp hồ sơ mấy ngày", None),
        ("hôm nay trời đẹp", None),
    ],
)
def test_handing_in(text: str, moment: datetime | None) -> None:
    assert handing_in(text, at(24, 10)) == moment


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("16:10", "16:10"),
        ("16h", "16:00"),
        ("4 giờ chiều", "16:00"),
        ("8 gio ruoi", "08:30"),
        ("15/3", None),
        ("25h", None),
    ],
)
def test_find_clock(text: str, clock: str | None) -> None:
    found = find_clock(text)
    assert (f"{found:%H:%M}" if found else None) == clock


BIRTH = CitizenDeadline(
    event="sinh", event_words=["sinh"], amount=60, unit="calendar_day", late="vẫn làm được", source="Luật"
)


def test_the_citizens_own_deadline(facts: Facts) -> None:
    """Sixty days from 20/9 end on 19/11; from 23/9, on Sunday 22/11, and so with Monday."""
    assert last_day(BIRTH, date(2026, 9, 20), facts.calendar) == date(2026, 11, 19)
    assert last_day(BIRTH, date(2026, 9, 23), facts.calendar) == date(2026, 11, 23)
    late = deadline_line(BIRTH, date(2026, 9, 20), date(2026, 11, 24), facts.calendar)
    assert late == ("Sinh ngày 20/09/2026 thì hạn 60 ngày là hết thứ Năm, 19/11/2026, nay đã quá hạn. Vẫn làm được.")
    assert deadline_line(BIRTH, date(2026, 9, 20), date(2026, 11, 19), facts.calendar) == (
        "Sinh ngày 20/09/2026 thì hạn 60 ngày là hết thứ Năm, 19/11/2026, tức là hôm nay."
    )
    soon = deadline_line(BIRTH, date(2026, 11, 1), date(2026, 11, 24), facts.calendar)
    assert soon is not None
    assert soon.endswith("còn 37 ngày.")
    assert deadline_line(BIRTH, date(2030, 12, 1), date(2030, 12, 2), facts.calendar) is None
