"""Two complaints in one breath: when a message is parted, and when it is not."""

from typing import Any

import pytest

from actions.heard import Heard, Link, Part
from actions.stories import apart
from catalogue.load import Facts

TOWN = "thành phố sóc trăng"
HERE = f"sáng nay ở ubnd phường 2 {TOWN} cán bộ nạt tôi trước mặt mọi người"
THERE = f"hôm qua ở ubnd phường 7 {TOWN} hồ sơ trễ hẹn nửa tháng chưa trả"


def message(*clauses: str, categories: tuple[str | None, ...] = (), **more: Any) -> Heard:
    """A message of clauses that all complain, each of the category beside it."""
    text, parts, at = ", ".join(clauses), [], 0
    named = [*categories, *["attitude"] * len(clauses)][: len(clauses)]
    for clause, category in zip(clauses, named, strict=True):
        start = text.index(clause, at)
        at = start + len(clause)
        parts.append(Part(start, at, "complain", 0.9, category))
    values: dict[str, Any] = {
        "text": text,
        "message_id": "web:1",
        "intent": "complain",
        "confidence": 0.9,
        "also": [],
        "entities": [],
        "aspects": [],
        "categories": [{"name": "attitude", "confidence": 0.6}],
        "link": None,
        "metadata": {"sent_at": "2026-11-24T10:30:00+07:00"},
        "parts": parts,
    }
    return Heard(**(values | more))


def test_two_wards_are_two_stories(facts: Facts) -> None:
    first, second = apart(message(HERE, THERE, categories=("attitude", "delay")), facts)
    assert (first.text, second.text) == (HERE, THERE)
    assert [first.categories[0]["name"], second.categories[0]["name"]] == ["attitude", "delay"]
    assert [first.parts, second.parts] == [[], []]


@pytest.mark.parametrize(
    "second",
    [
        "còn một chuyện nữa là nhân viên ở đó đòi tôi 200 ngàn",
        "con mot chuyen nua la nhan vien o do doi toi 200 ngan",
        "thêm một vụ khác là nhân viên đòi tôi 200 ngàn",
        "ngoài ra còn chuyện khác nữa là họ đòi tôi 200 ngàn",
        "chuyện thứ hai là nhân viên đòi tôi 200 ngàn",
        "việc số 2 là nhân viên đòi tôi 200 ngàn tiền bồi dưỡng",
    ],
)
def test_somebody_may_say_that_it_is_another_story(facts: Facts, second: str) -> None:
    assert len(apart(message(HERE, second), facts)) == 2


@pytest.mark.parametrize(
    "second",
    [
        "còn bắt tôi đi về photo thêm giấy tờ rồi quay lại",  # the same matter goes on
        f"rồi ở ubnd phường 2 {TOWN} họ bắt tôi chờ cả buổi",  # the same ward again
        "ở thành phố Sóc Trăng ai cũng biết chuyện này từ lâu rồi",  # a city says only where the ward lies
        "mấy chuyện nữa tôi không muốn kể ở đây làm gì",
    ],
)
def test_one_story_stays_one(facts: Facts, second: str) -> None:
    said = message(HERE, second)
    assert apart(said, facts) == [said]


def test_the_ward_of_today_and_its_former_name_are_one_place(facts: Facts) -> None:
    said = message(HERE, "phường Phú Lợi giờ làm ăn kiểu đó dân nào chịu nổi")
    assert apart(said, facts) == [said]


def test_two_former_wards_of_one_ward_of_today_are_one_place(facts: Facts) -> None:
    said = message(HERE, THERE.replace("phường 7", "phường 4"))
    assert apart(said, facts) == [said]


def test_somebody_sent_from_office_to_office_tells_one_story(facts: Facts) -> None:
    said = message(HERE, THERE, categories=("buck_passing", "buck_passing"))
    assert apart(said, facts) == [said]
    assert len(apart(message(HERE, THERE, categories=("attitude", "buck_passing")), facts)) == 1


def test_a_few_words_are_no_second_story(facts: Facts) -> None:
    assert len(apart(message(HERE, "thị trấn Kế Sách nữa"), facts)) == 1


def test_a_second_part_that_does_not_complain_is_no_story(facts: Facts) -> None:
    said = message(HERE, THERE)
    first, second = said.parts
    for other in (Part(second.start, second.end, "ask_procedure", 0.9, None), Part(*_span(second), 0.4, "delay")):
        quiet = message(HERE, THERE, parts=[first, other])
        assert apart(quiet, facts) == [quiet]


def _span(part: Part) -> tuple[int, int, str]:
    return part.start, part.end, "complain"


@pytest.mark.parametrize("text", ["", "cán bộ nạt tôi"])
def test_a_message_without_clauses_is_one(facts: Facts, text: str) -> None:
    said = message(text, parts=[])
    assert apart(said, facts) == [said]


def test_each_story_keeps_only_its_own_entities_and_no_guessed_procedure(facts: Facts) -> None:
    text = f"{HERE}, {THERE}"
    entities = [
        {"entity": "counter", "value": "quầy 3", "start": 0, "end": 4},
        {"entity": "official", "value": "chị Hạnh", "start": text.index(THERE) + 1, "end": len(text)},
        {"entity": "button", "value": "without a place"},
    ]
    link = Link("1.001193", "Đăng ký khai sinh", 0.9, 0.9, [])
    first, second = apart(message(HERE, THERE, entities=entities, link=link), facts)
    assert [one["value"] for one in first.entities] == ["quầy 3"]
    assert [one["value"] for one in second.entities] == ["chị Hạnh"]
    assert (first.link, second.link) == (None, None)


def test_words_that_lead_on_to_the_second_story_end_the_first(facts: Facts) -> None:
    first, second = apart(message(f"{HERE}, còn chuyện nữa", THERE), facts)
    assert (first.text, second.text) == (HERE, THERE)


def test_three_wards_are_three_stories(facts: Facts) -> None:
    third = "tuần rồi ở ubnd thị trấn Kế Sách nhân viên đòi tôi 200 ngàn"
    assert [one.text for one in apart(message(HERE, THERE, third), facts)] == [HERE, THERE, third]


def test_the_surest_category_of_a_story_comes_first_and_there_is_always_another_one(facts: Facts) -> None:
    said = message(HERE, "bắt tôi chờ tới chiều mới chịu nhận hồ sơ", THERE, categories=("attitude", "delay", None))
    first, second = apart(said, facts)
    assert [one["name"] for one in first.categories] == ["attitude", "delay", "other_conduct"]
    assert [one["name"] for one in second.categories] == ["other_conduct"]
    assert first.categories[0]["confidence"] > first.categories[1]["confidence"]
