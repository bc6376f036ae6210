"""Vietnamese time expressions: "sáng nay", "thứ 2 tuần rồi", "15/3", "cách đây 3 bữa", with or without marks.

Everything is counted back from the moment of the message: people complain about what has happened. A day that
would lie ahead is therefore taken to be the latest one in the past.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Callable, List, Match, Optional, Pattern, Tuple

from vntext.fold import fold

_DAYPARTS = {
    "sang": "sáng",
    "sang som": "sáng sớm",
    "trua": "trưa",
    "chieu": "chiều",
    "xe chieu": "chiều",
    "toi": "tối",
    "khuya": "khuya",
}
_NUMBERS = {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10}
_WEEKDAYS = {"2": 0, "hai": 0, "3": 1, "ba": 1, "4": 2, "tu": 2, "5": 3, "nam": 3, "6": 4, "sau": 4, "7": 5, "bay": 5}
_NUMBER = r"(\d{1,2}|" + "|".join(_NUMBERS) + ")"
_PART = r"(?:(?P<part>sang som|sang|trua|xe chieu|chieu|toi|khuya)\s+)?"
_PAST = r"(?:\s+(?:roi|truoc|vua roi|vua qua|qua))"

Range = Optional[Tuple[date, date]]


@dataclass(frozen=True)
class TimeSpan:
    """A time expression at text[start:end]: the days it may mean, both included, and how to say it."""

    start: int
    end: int
    text: str
    first: date
    last: date
    label: str


def find_times(text: str, now: datetime) -> List[TimeSpan]:
    """All time expressions in `text`, in order, counted from `now`.

    Raises ValueError when `now` is naive: "hôm qua" would depend on where the server stands.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    folded = fold(text)
    found: List[TimeSpan] = []
    for pattern, resolve in _RULES:
        for match in pattern.finditer(folded):
            if any(match.start() < span.end and span.start < match.end() for span in found):
                continue
            days = resolve(match, now.date())
            if days is not None:
                found.append(_span(text, match, days))
    return sorted(found, key=lambda span: span.start)


_CLOCK = re.compile(
    r"(?<![\w/.,:])(?P<hour>\d{1,2})\s*(?:[:hg]|gio)\s*(?P<minute>[0-5]\d|ruoi)?(?:\s*phut)?(?:\s+(?P<part>sang|trua|chieu|toi))?(?!\w)"
)


def find_clock(text: str) -> Optional[time]:
    """The first time of day in `text`: "16:10", "16h10", "4 giờ chiều", "8 giờ rưỡi"; None when there is none."""
    for match in _CLOCK.finditer(fold(text)):
        hour = int(match["hour"])
        if match["part"] in ("chieu", "toi") and hour < 12:
            hour += 12
        minute = 30 if match["minute"] == "ruoi" else int(match["minute"] or 0)
        if hour < 24:
            return time(hour, minute)
    return None


def _span(text: str, match: "Match[str]", days: Tuple[date, date]) -> TimeSpan:
    first, last = days
    start, part = match.start(), match.groupdict().get("part")
    if part == "toi" and _is_a_person(text, match):
        start, part = match.end("part") + 1, None
    words = f"{first:%d/%m/%Y}" if first == last else f"từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"
    label = f"{_DAYPARTS[part]} {words}" if part else words
    return TimeSpan(start, match.end(), text[start : match.end()], first, last, label)


def _is_a_person(text: str, match: "Match[str]") -> bool:
    """ "nạt tôi hôm qua": without its marks "tôi" looks like "tối". Unmarked it is the evening only right before
    "nay" and "qua", where nobody puts the pronoun."""
    written = text[match.start("part") : match.end("part")].lower()
    if written != "toi":
        return written != "tối"
    return re.match(
        r"toi\s+(?:qua|wa|nay|gio)\b", fold(text[match.start("part") : match.end()])
    ) is None and not fold(text[: match.start("part")]).rstrip().endswith(("hoi", "buoi"))


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _ago(days: int) -> Callable[["Match[str]", date], Range]:
    return lambda match, today: (today - timedelta(days), today - timedelta(days))


def _counted_days(match: "Match[str]", today: date) -> Range:
    unit = {"tuan": 7, "thang": 30}.get(match["unit"], 1)
    day = today - timedelta(_number(match["n"]) * unit)
    return (day, day) if unit == 1 else (day - timedelta(unit // 2), day + timedelta(unit // 2))


def _weekday(match: "Match[str]", today: date) -> Range:
    wanted = 6 if match["day"] is None else _WEEKDAYS[match["day"]]
    named = match.groupdict()
    if named.get("week"):
        monday = today - timedelta(today.weekday() + 7)
        day = monday + timedelta(wanted)
    else:
        day = today - timedelta((today.weekday() - wanted) % 7 or (0 if named.get("this") else 7))
        if named.get("this") and day > today:
            return None
    return day, day


def _calendar_date(match: "Match[str]", today: date) -> Range:
    year = match["year"]
    number = int(year) if year else today.year
    number += 2000 if number < 100 else 0
    try:
        day = date(number, int(match["month"]), int(match["day"]))
        if year is None and day > today:
            day = day.replace(year=number - 1)
    except ValueError:
        return None
    return day, day


def _day_of_month(match: "Match[str]", today: date) -> Range:
    for back in range(2):
        month = (today.replace(day=1) - timedelta(1)) if back else today
        try:
            day = month.replace(day=int(match["day"]))
        except ValueError:
            continue
        if day <= today:
            return day, day
    return None


def _month(match: "Match[str]", today: date) -> Range:
    number = int(match["month"])
    if not 1 <= number <= 12:
        return None
    year = int(match["year"]) if match["year"] else today.year - (number > today.month)
    return _third_of(match.groupdict().get("third"), date(year, number, 1), today)


def _last_month(match: "Match[str]", today: date) -> Range:
    first = (today.replace(day=1) - timedelta(1)).replace(day=1)
    return _third_of(match.groupdict().get("third"), first, today)


def _this_month(match: "Match[str]", today: date) -> Range:
    return _third_of(match.groupdict().get("third"), today.replace(day=1), today)


def _third_of(third: Optional[str], first: date, today: date) -> Range:
    last = (first + timedelta(31)).replace(day=1) - timedelta(1)
    if third == "dau":
        last = first.replace(day=10)
    elif third == "giua":
        first, last = first.replace(day=11), first.replace(day=20)
    elif third == "cuoi":
        first = first.replace(day=21)
    return (first, min(last, today)) if first <= today else None


def _last_week(match: "Match[str]", today: date) -> Range:
    monday = today - timedelta(today.weekday() + 7)
    return monday, monday + timedelta(6)


def _this_week(match: "Match[str]", today: date) -> Range:
    return today - timedelta(today.weekday()), today


def _recently(match: "Match[str]", today: date) -> Range:
    return today - timedelta(7), today


def _rule(
    pattern: str, resolve: Callable[["Match[str]", date], Range]
) -> Tuple["Pattern[str]", Callable[..., Range]]:
    return re.compile(r"(?<!\w)" + pattern + r"(?!\w)"), resolve


_THIRD = r"(?:(?P<third>dau|giua|cuoi)\s+)?"
# Longer and more exact ones first: a later rule never takes words that an earlier one has taken.
_RULES = (
    _rule(
        _PART + r"(?:ngay\s+)?(?P<day>\d{1,2})\s*[/\-.]\s*(?P<month>\d{1,2})(?:\s*[/\-.]\s*(?P<year>20\d\d|\d\d))?",
        _calendar_date,
    ),
    _rule(
        _PART
        + r"(?:ngay\s+|mung\s+|mong\s+)?(?P<day>\d{1,2})\s+(?:thang|th)\s*(?P<month>\d{1,2})(?:\s+nam\s+(?P<year>20\d\d))?",
        _calendar_date,
    ),
    _rule(
        _PART
        + r"(?:(?:thu|t)\s*(?P<day>[2-7]|hai|ba|tu|nam|sau|bay)|chu\s+nhat|cn)"
        + r"(?:(?P<week>\s+tuan(?:\s+(?:roi|truoc|vua\s+roi|vua\s+qua|qua)))|(?P<this>\s+(?:tuan\s+nay|nay))|\s+(?:roi|vua\s+roi|vua\s+qua))",
        _weekday,
    ),
    _rule(
        r"(?:hom|bua)\s+(?:(?:thu|t)\s*(?P<day>[2-7]|hai|ba|tu|nam|sau|bay)|chu\s+nhat|cn)",
        _weekday,
    ),
    _rule(
        r"cach\s+(?:day|nay)\s+(?:khoang\s+|chung\s+)?(?P<n>"
        + _NUMBER[1:-1]
        + r")\s+(?P<unit>bua|ngay|hom|tuan|thang)",
        _counted_days,
    ),
    _rule(r"(?P<n>" + _NUMBER[1:-1] + r")\s+(?P<unit>bua|ngay|hom|tuan|thang)\s+(?:truoc|roi|nay)", _counted_days),
    _rule(_PART + r"(?:hom|bua)\s+(?:kia|truoc\s+nua)", _ago(2)),
    _rule(_PART + r"(?:hom|bua)\s+(?:qua|wa)", _ago(1)),
    _rule(r"(?P<part>toi|chieu|sang|trua)\s+(?:qua|wa)", _ago(1)),
    _rule(_PART + r"(?:hom|bua|ngay)\s+nay", _ago(0)),
    _rule(r"(?:hoi\s+)?(?P<part>sang som|sang|trua|xe chieu|chieu|toi|khuya)\s+(?:nay|gio)", _ago(0)),
    _rule(r"hoi\s+(?P<part>sang som|sang|trua|chieu|toi)", _ago(0)),
    _rule(r"(?:moi\s+(?:vua\s+)?(?:hoi\s+)?(?:nay|xong)|hoi\s+nay|luc\s+nay|nay\s+gio|vua\s+moi|vua\s+nay)", _ago(0)),
    _rule(_PART + r"(?:hom|bua)\s+(?:truoc|hom|no|bua)", _recently),
    _rule(r"(?:may|vai)\s+(?:hom|bua|ngay)\s+(?:nay|truoc|roi)", _recently),
    _rule(r"(?:moi\s+day|gan\s+day|vua\s+qua|vua\s+roi|dao\s+nay)", _recently),
    _rule(_THIRD + r"tuan" + _PAST, _last_week),
    _rule(r"tuan\s+nay", _this_week),
    _rule(_THIRD + r"thang" + _PAST, _last_month),
    _rule(_THIRD + r"thang\s+nay", _this_month),
    _rule(_THIRD + r"thang\s*(?P<month>\d{1,2})(?:\s*[/\-]\s*|\s+nam\s+)?(?P<year>20\d\d)?", _month),
    _rule(_PART + r"(?:hom|bua|ngay|mung|mong)\s+(?P<day>\d{1,2})", _day_of_month),
)
