"""Time expressions as people say them, counted from Tuesday 24 November 2026, 10:30."""

from datetime import datetime, timedelta, timezone

import pytest

from vntext.when import find_times

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=7)))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("sáng nay tôi lên phường", "sáng 24/11/2026"),
        ("sang nay len phuong", "sáng 24/11/2026"),
        ("hồi sáng tui ghé ủy ban", "sáng 24/11/2026"),
        ("hôm qua", "23/11/2026"),
        ("chiều hôm qua", "chiều 23/11/2026"),
        ("tối qua", "tối 23/11/2026"),
        ("bữa kia", "22/11/2026"),
        ("cách đây 3 bữa", "21/11/2026"),
        ("3 ngay truoc", "21/11/2026"),
        ("thứ 2 tuần rồi", "16/11/2026"),
        ("sáng thứ hai tuần trước", "sáng 16/11/2026"),
        ("thứ sáu vừa rồi", "20/11/2026"),
        ("chủ nhật vừa rồi", "22/11/2026"),
        ("ngày 15/3", "15/03/2026"),
        ("15/12", "15/12/2025"),
        ("15/3/2025", "15/03/2025"),
        ("ngày 15 tháng 3 năm 2024", "15/03/2024"),
        ("hôm 20", "20/11/2026"),
        ("bữa 28", "28/10/2026"),
        ("tháng trước", "từ 01/10/2026 đến 31/10/2026"),
        ("đầu tháng 11", "từ 01/11/2026 đến 10/11/2026"),
        ("tuần rồi", "từ 16/11/2026 đến 22/11/2026"),
        ("bữa hổm", "từ 17/11/2026 đến 24/11/2026"),
        ("mới đây", "từ 17/11/2026 đến 24/11/2026"),
    ],
)
def test_says_the_days_that_are_meant(text: str, label: str) -> None:
    spans = find_times(text, NOW)
    assert [span.label for span in spans] == [label]


@pytest.mark.parametrize(
    "text", ["", "làm khai sinh cần giấy gì", "quầy số 3", "phường 2", "30/2", "đi 3 lần", "nộp 2 bản"]
)
def test_finds_no_time_where_there_is_none(text: str) -> None:
    assert find_times(text, NOW) == []


def test_spans_point_into_the_text() -> None:
    text = "Hôm qua bà ở quầy số 3 nói 15/3 quay lại"
    assert [text[span.start : span.end] for span in find_times(text, NOW)] == ["Hôm qua", "15/3"]


def test_refuses_a_naive_moment() -> None:
    with pytest.raises(ValueError, match="time zone"):
        find_times("hôm qua", datetime(2026, 11, 24))
