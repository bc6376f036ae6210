"""What `tiepdan route` says about a story."""

from datetime import datetime

import pytest

from assembly.route_print import print_route
from kit import clock

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _a_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 16, 9, 0, tzinfo=clock.VIETNAM))


def printed(capsys: Printed, story: str, *, explain: bool = False) -> str:
    print_route(story, explain=explain)
    caught = capsys.readouterr()
    assert caught.err == ""
    return caught.out


@pytest.mark.parametrize(
    ("story", "unit"),
    [
        ("chị ở UBND phường 2 TP Sóc Trăng nạt tôi", "UBND phường Phú Lợi"),
        ("chu tich phuong phu loi mang toi", "UBND thành phố Cần Thơ"),
        ("phó chủ tịch phường Phú Lợi mắng tôi", "UBND phường Phú Lợi"),
        ("cán bộ sở tư pháp cần thơ hẹn hoài", "Sở Tư pháp thành phố Cần Thơ"),
        ("cán bộ mắng tôi", "Trung tâm Phục vụ hành chính công thành phố Cần Thơ"),
    ],
)
def test_the_unit_is_one_line(capsys: Printed, story: str, unit: str) -> None:
    assert printed(capsys, story) == f"Đơn vị xử lý: {unit}\n"


def test_a_place_that_may_be_several_is_not_guessed(capsys: Printed) -> None:
    told = printed(capsys, "phường 2 nạt tôi", explain=True)
    assert "Nơi hiểu được:   chưa rõ" in told
    assert "=> city-level-or-unknown" in told


def test_the_explanation_names_what_was_understood_and_the_rule(capsys: Printed) -> None:
    told = printed(capsys, "chị ở phường 2 TP Sóc Trăng nạt tôi sáng 9/11/2026", explain=True)
    wanted = [
        "Nơi hiểu được:   Phường 2, TP Sóc Trăng (nay thuộc phường Phú Lợi)",
        "Nói về:          UBND phường Phú Lợi (cấp commune)",
        "Người đứng đầu:  không",
        "Lúc xảy ra:      thứ Hai, 09/11/2026",
        "head-of-unit-complained-about: chỉ khi nói về người đứng đầu",
        "=> unit-itself: áp dụng, chuyển tới: head_of_unit",
        "Căn cứ:          Luật Khiếu nại 2011",
    ]
    assert [line for line in wanted if line not in told] == []
    assert told.count("=>") == 1


def test_what_happened_before_the_merger_names_who_has_taken_over(capsys: Printed) -> None:
    told = printed(capsys, "ngày 10/3/2025 chị ở phường 2 TP Sóc Trăng nạt tôi", explain=True)
    assert "Lúc xảy ra: UBND phường 2; nay UBND phường Phú Lợi tiếp nhận" in told


def test_rules_of_another_time_say_when_they_held(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2025, 7, 20, 9, 0, tzinfo=clock.VIETNAM))
    told = printed(capsys, "cán bộ mắng tôi", explain=True)
    assert "city-level-or-unknown: chưa có hiệu lực" in told
    assert "=> before-the-centre" in told
    monkeypatch.setattr(clock, "now", lambda: datetime(2025, 3, 3, 9, 0, tzinfo=clock.VIETNAM))
    assert "=> soc-trang-coordinator" in printed(capsys, "cán bộ mắng tôi", explain=True)
