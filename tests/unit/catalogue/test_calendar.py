"""Counting days as Vietnamese offices do. Rows say the day in words."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.calendar import Hours, OutsideCalendar, SpecialDay, WorkingCalendar
from catalogue.holidays import CalendarFile, build_calendar
from catalogue.load import Facts
from kit.settings import ROOT

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def at(text: str) -> datetime:
    """A Vietnamese moment, "2026-11-24 09:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    from catalogue.load import load_facts

    return load_facts(ROOT / "data").calendar


@pytest.mark.parametrize(
    ("day", "works", "in_words"),
    [
        ("2026-11-23", True, "thứ Hai thường"),
        ("2026-11-21", False, "thứ Bảy"),
        ("2026-11-22", False, "Chủ nhật"),
        ("2026-01-01", False, "Tết Dương lịch"),
        ("2026-01-02", False, "nghỉ nối, thư viện không biết"),
        ("2026-01-10", True, "thứ Bảy làm bù cho 2/1"),
        ("2026-02-16", False, "giao thừa Bính Ngọ"),
        ("2026-02-20", False, "mùng bốn Tết"),
        ("2026-02-23", True, "đi làm lại sau Tết"),
        ("2026-04-27", False, "nghỉ bù Giỗ Tổ rơi vào Chủ nhật"),
        ("2026-08-22", True, "thứ Bảy làm bù cho 31/8"),
        ("2026-08-31", False, "nghỉ hoán đổi trước Quốc khánh"),
        ("2026-09-02", False, "Quốc khánh"),
        ("2026-11-24", True, "Ngày Văn hóa Việt Nam, chưa có luật"),
        ("2024-05-04", True, "thứ Bảy làm bù cho 29/4"),
        ("2024-04-29", False, "nghỉ hoán đổi"),
        ("2025-05-02", False, "nghỉ hoán đổi"),
        ("2025-04-26", True, "thứ Bảy làm bù cho 2/5"),
    ],
)
def test_working_days(calendar: WorkingCalendar, day: str, works: bool, in_words: str) -> None:
    assert calendar.is_working_day(date.fromisoformat(day)) is works, in_words


@pytest.mark.parametrize(
    ("start", "days", "end", "in_words"),
    [
        ("2026-11-23 09:00", 1, "2026-11-24 17:00", "thứ Hai, một ngày → chiều thứ Ba"),
        ("2026-11-20 16:59", 1, "2026-11-23 17:00", "chiều thứ Sáu → chiều thứ Hai"),
        ("2026-11-21 10:00", 1, "2026-11-23 17:00", "thứ Bảy → chiều thứ Hai"),
        ("2026-11-24 08:00", 10, "2026-12-08 17:00", "mười ngày làm việc, hai tuần"),
        ("2026-02-13 10:00", 1, "2026-02-23 17:00", "thứ Sáu trước Tết → thứ Hai sau Tết"),
        ("2026-08-21 10:00", 1, "2026-08-22 17:00", "thứ Sáu → thứ Bảy làm bù"),
        ("2026-08-28 10:00", 1, "2026-09-03 17:00", "qua kỳ nghỉ Quốc khánh năm ngày"),
        ("2026-01-09 10:00", 1, "2026-01-10 17:00", "thứ Sáu → thứ Bảy làm bù của Tết Dương lịch"),
        ("2026-11-21 10:00", 0, "2026-11-23 17:00", "không ngày nào, nhưng hôm nay nghỉ"),
        ("2026-11-23 10:00", 0, "2026-11-23 17:00", "không ngày nào: hết hôm nay"),
    ],
)
def test_add_working_days(calendar: WorkingCalendar, start: str, days: int, end: str, in_words: str) -> None:
    assert calendar.add_working_days(at(start), days) == at(end), in_words


@pytest.mark.parametrize(
    ("start", "days", "end", "in_words"),
    [
        ("2026-11-23 09:00", 7, "2026-11-30 17:00", "bảy ngày lịch, rơi vào thứ Hai"),
        ("2026-11-20 09:00", 1, "2026-11-23 17:00", "rơi vào thứ Bảy → thứ Hai"),
        ("2026-02-11 09:00", 5, "2026-02-23 17:00", "rơi vào giao thừa → sau Tết"),
    ],
)
def test_add_calendar_days(calendar: WorkingCalendar, start: str, days: int, end: str, in_words: str) -> None:
    assert calendar.add_calendar_days(at(start), days) == at(end), in_words


@pytest.mark.parametrize(
    ("handed_in", "ready", "in_words"),
    [
        ("2026-11-23 09:00", "2026-11-23", "sáng thứ Hai: trong ngày"),
        ("2026-11-23 15:00", "2026-11-23", "đúng 15 giờ: vẫn trong ngày"),
        ("2026-11-23 15:01", "2026-11-24", "sau 15 giờ: ngày làm việc kế tiếp"),
        ("2026-11-20 15:30", "2026-11-23", "chiều thứ Sáu: thứ Hai"),
        ("2026-11-22 08:00", "2026-11-23", "Chủ nhật trên mạng: thứ Hai"),
        ("2026-02-13 16:00", "2026-02-23", "chiều trước Tết: sau Tết"),
    ],
)
def test_same_day_results(calendar: WorkingCalendar, handed_in: str, ready: str, in_words: str) -> None:
    assert calendar.result_day(at(handed_in)) == date.fromisoformat(ready), in_words


@pytest.mark.parametrize(
    ("moment", "open_now"),
    [
        ("2026-11-23 06:59", False),
        ("2026-11-23 07:00", True),
        ("2026-11-23 11:00", False),
        ("2026-11-23 12:00", False),
        ("2026-11-23 13:00", True),
        ("2026-11-23 17:00", False),
        ("2026-11-22 09:00", False),
    ],
)
def test_office_hours(calendar: WorkingCalendar, moment: str, open_now: bool) -> None:
    assert calendar.is_open(at(moment)) is open_now


def test_opening_and_closing(calendar: WorkingCalendar) -> None:
    assert calendar.opens(date(2026, 11, 23)) == at("2026-11-23 07:00")
    assert calendar.closes(date(2026, 11, 23)) == at("2026-11-23 17:00")
    assert calendar.opens(date(2026, 11, 22)) is None
    assert calendar.closes(date(2026, 11, 22)) is None


def test_a_half_day_ends_with_the_morning() -> None:
    hours = (Hours(time(7), time(11)), Hours(time(13), time(17)))
    half = {date(2026, 2, 13): SpecialDay("half", "Chiều cuối năm", "thử")}
    calendar = WorkingCalendar(2026, 2026, half, hours)
    assert calendar.closes(date(2026, 2, 13)) == at("2026-02-13 11:00")
    assert calendar.add_working_days(at("2026-02-12 09:00"), 1) == at("2026-02-13 11:00")
    assert not calendar.is_open(at("2026-02-13 14:00"))


def test_unconfirmed_days_say_so(calendar: WorkingCalendar) -> None:
    assert calendar.unconfirmed(date(2026, 11, 24))
    assert not calendar.unconfirmed(date(2026, 9, 2))
    assert calendar.unconfirmed(date(2027, 2, 5)), "lịch nghỉ 2027 chưa công bố"
    about = calendar.about(date(2026, 11, 24))
    assert about is not None
    assert "chưa rõ" in about.reason


def test_an_unconfirmed_day_can_be_settled_in_the_file(facts: Facts) -> None:
    day = {"date": date(2026, 11, 24), "kind": "off", "reason": "Luật", "source": "thử", "confirmed": True}
    file = CalendarFile.model_validate(
        {
            "first_year": 2026,
            "last_year": 2026,
            "announced_until": date(2026, 12, 31),
            "hours": [{"opens": "07:00", "closes": "17:00"}],
            "hours_note": "thử",
            "days": [day],
        }
    )
    assert not build_calendar(file).is_working_day(date(2026, 11, 24))
    assert facts.calendar.is_working_day(date(2026, 11, 24))


@pytest.mark.parametrize("method", ["add_working_days", "add_calendar_days"])
def test_naive_moments_and_negative_limits_are_refused(calendar: WorkingCalendar, method: str) -> None:
    with pytest.raises(ValueError, match="naive"):
        getattr(calendar, method)(datetime(2026, 11, 24, 9), 1)
    with pytest.raises(ValueError, match="negative"):
        getattr(calendar, method)(at("2026-11-24 09:00"), -1)


def test_naive_moments_are_refused_everywhere(calendar: WorkingCalendar) -> None:
    for method in (calendar.is_open, calendar.result_day):
        with pytest.raises(ValueError, match="naive"):
            method(datetime(2026, 11, 24, 9))


def test_a_year_nobody_entered_is_an_error(calendar: WorkingCalendar) -> None:
    with pytest.raises(OutsideCalendar):
        calendar.is_working_day(date(2031, 1, 3))
    with pytest.raises(OutsideCalendar):
        calendar.add_working_days(at("2030-12-30 09:00"), 10)


def test_moments_abroad_count_by_the_vietnamese_day(calendar: WorkingCalendar) -> None:
    late_sunday_in_utc = datetime(2026, 11, 22, 18, tzinfo=ZoneInfo("UTC"))  # Monday 01:00 in Vietnam
    assert calendar.add_working_days(late_sunday_in_utc, 1) == at("2026-11-24 17:00")


days = st.dates(date(2024, 1, 1), date(2027, 9, 30))
moments = st.builds(lambda day, hour: datetime.combine(day, time(hour), VIETNAM), days, st.integers(0, 23))


@given(moments, st.integers(1, 40))
def test_a_limit_ends_on_a_working_day_after_exactly_so_many(start: datetime, count: int) -> None:
    calendar = build()
    end = calendar.add_working_days(start, count)
    assert calendar.is_working_day(end.date())
    assert end == calendar.closes(end.date())
    assert calendar.working_days_between(start.date(), end.date()) == count


@given(moments, st.integers(0, 30), st.integers(0, 10))
def test_more_days_never_end_earlier(start: datetime, count: int, more: int) -> None:
    calendar = build()
    assert calendar.add_working_days(start, count + more) >= calendar.add_working_days(start, count)
    assert calendar.add_calendar_days(start, count + more) >= calendar.add_calendar_days(start, count)


@given(moments, st.integers(1, 15), st.integers(1, 15))
def test_two_limits_in_a_row_are_one_long_limit(start: datetime, first: int, second: int) -> None:
    calendar = build()
    at_once = calendar.add_working_days(start, first + second)
    assert calendar.add_working_days(calendar.add_working_days(start, first), second) == at_once


@given(days)
def test_the_next_working_day_is_the_nearest(day: date) -> None:
    calendar = build()
    following = calendar.next_working_day(day)
    assert following > day
    assert calendar.is_working_day(following)
    between = (day + timedelta(days=n) for n in range(1, (following - day).days))
    assert not any(calendar.is_working_day(one) for one in between)


_built: list[WorkingCalendar] = []


def build() -> WorkingCalendar:
    """The project's calendar, built once: hypothesis calls it hundreds of times."""
    if not _built:
        from catalogue.load import load_facts

        _built.append(load_facts(ROOT / "data").calendar)
    return _built[0]
