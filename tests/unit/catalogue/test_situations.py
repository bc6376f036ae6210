"""What a citizen's own words settle about their case."""

from datetime import date, datetime
from typing import Any

import pytest

from catalogue.case_view import CaseView
from catalogue.load import Facts
from catalogue.procedures import CitizenDeadline, Procedure
from catalogue.situations import event_day, holds, open_questions
from kit.clock import VIETNAM
from tests.unit.catalogue.samples import TODAY, make_procedure

NOW = datetime(2026, 11, 24, 16, 10, tzinfo=VIETNAM)
QUESTIONS: list[dict[str, Any]] = [
    {"key": "who", "ask": "Ai đi?", "options": [{"key": "self", "title": "Tôi"}, {"key": "proxy", "title": "Thay"}]},
    {
        "key": "age",
        "ask": "Mấy tuổi?",
        "options": [
            {"key": "adult", "title": "Người lớn", "age": [14, None]},
            {"key": "child", "title": "Dưới 14 tuổi", "age": [None, 14]},
        ],
    },
    {
        "key": "why",
        "ask": "Vì sao?",
        "options": [
            {"key": "first", "title": "Lần đầu"},
            {"key": "lost", "title": "Mất", "said": ["không thấy đâu"]},
        ],
    },
]
GROUPS: list[dict[str, Any]] = [
    {"items": ["Tờ khai", {"text": "Ảnh", "when": {"age": "adult"}}]},
    {"case": "Nhờ người khác", "when": {"who": "proxy"}, "items": ["Giấy ủy quyền"]},
    {"case": "Trẻ em", "when": {"age": "child"}, "items": ["Giấy khai sinh"]},
    {"case": "Mất", "when": {"why": "lost", "age": "adult"}, "items": ["Đơn báo mất"]},
]


@pytest.fixture(scope="module")
def procedure() -> Procedure:
    return make_procedure(questions=QUESTIONS, documents=GROUPS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("làm cho con 5 tuổi", {"age": "child"}),
        ("lam cho chau 5t, 5 tuoi", {"age": "child"}),
        ("bé 8 tháng", {"age": "child"}),
        ("con tôi mười hai tuổi", {"age": "child"}),
        ("cho con em mới sinh", {"age": "child"}),
        ("con sinh năm 2020", {"age": "child"}),
        ("tôi 35 tuổi", {"age": "adult"}),
        ("tôi 40 tuổi làm cho con 5 tuổi", {"age": "child"}),
        ("con sinh năm 2012", {}),  # thirteen or fourteen: the birthday is not told
        ("3 tháng rồi chưa xong", {}),
        ("em đi làm giùm mẹ", {"who": "proxy"}),
        ("lam dum me toi", {"who": "proxy"}),
        ("làm hộ chiếu", {}),  # "làm hộ" is not "làm hộ chiếu"
        ("bị mất rồi", {"why": "lost"}),
        ("bi mat roi", {"why": "lost"}),
        ("bị mặt trời", {}),  # another word, written with its marks
        ("không bị mất", {}),
        ("chưa bị mất", {}),
        ("tìm không thấy đâu hết", {"why": "lost"}),
        ("làm lần đầu mà bị mất giấy", {}),  # two answers to one question settle nothing
        ("con 5 tuổi bị mất, tôi đi làm thay", {"who": "proxy", "age": "child", "why": "lost"}),
        ("", {}),
    ],
)
def test_told(facts: Facts, procedure: Procedure, text: str, expected: dict[str, str]) -> None:
    assert facts.situations.told(procedure, text, TODAY) == expected


@pytest.mark.parametrize(
    ("when", "situation", "expected"),
    [
        ({}, {}, True),
        ({"age": ["child"]}, {}, None),
        ({"age": ["child"]}, {"age": "child"}, True),
        ({"age": ["child"]}, {"age": "adult"}, False),
        ({"age": ["child"], "why": ["lost"]}, {"age": "child"}, None),
        ({"age": ["child"], "why": ["lost"]}, {"age": "adult"}, False),
        ({"age": ["child", "adult"]}, {"age": "adult"}, True),
    ],
)
def test_holds(when: dict[str, list[str]], situation: dict[str, str], *, expected: bool | None) -> None:
    assert holds(when, situation) is expected


def papers(procedure: Procedure, **situation: str) -> tuple[list[str], list[str | None]]:
    """Papers for sure, and the cases that are still open."""
    view = CaseView(procedure, situation, TODAY)
    return [item.text for item in view.papers], [group.case for group in view.open_groups]


def test_the_list_follows_the_case(procedure: Procedure) -> None:
    assert papers(procedure) == (["Tờ khai", "Ảnh"], ["Nhờ người khác", "Trẻ em", "Mất"])
    assert papers(procedure, age="child") == (["Tờ khai", "Giấy khai sinh"], ["Nhờ người khác"])
    everything = papers(procedure, age="adult", who="proxy", why="lost")
    assert everything == (["Tờ khai", "Ảnh", "Giấy ủy quyền", "Đơn báo mất"], [])


def test_only_questions_that_still_change_something_are_asked(procedure: Procedure) -> None:
    assert [one.key for one in open_questions(procedure, {})] == ["who", "age", "why"]
    assert [one.key for one in open_questions(procedure, {"age": "child"})] == ["who"]
    assert open_questions(procedure, {"age": "child", "who": "self"}) == []


BIRTH = CitizenDeadline(
    event="sinh", event_words=["sinh", "đẻ", "sanh"], amount=60, unit="calendar_day", late="Vẫn làm.", source="Luật"
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("con em sinh hôm 20/9 giờ làm khai sinh", date(2026, 9, 20)),
        ("vo moi sanh ngay 15/11", date(2026, 11, 15)),
        ("hôm qua tôi đi hỏi", None),
        ("sinh 20/9, à nhầm, sinh 21/9", None),
        ("làm khai sinh cho con", None),
    ],
)
def test_the_day_of_the_event(text: str, day: date | None) -> None:
    assert event_day(BIRTH, text, NOW) == day
