"""The complaint conversation without Rasa: what is taken from words, and what is asked next."""

from typing import Any

import pytest

from actions import intake as talk
from actions.heard import Heard, Link
from actions.intake import Intake
from catalogue.load import Facts

STORY = "ba co quay so 3 ubnd phuong 2 tp soc trang sang nay noi chuyen hon hao, bat toi di 3 lan"


def said(text: str = "", intent: str = "inform", **more: Any) -> Heard:
    """A message as the actions hear it, on the morning of 24 November 2026."""
    values: dict[str, Any] = {
        "text": text,
        "message_id": "web:1",
        "intent": intent,
        "confidence": 0.9,
        "also": [],
        "entities": [],
        "aspects": [],
        "categories": [{"name": "attitude", "confidence": 0.6}, {"name": "obstruction", "confidence": 0.3}],
        "link": None,
        "metadata": {"sent_at": "2026-11-24T10:30:00+07:00"},
    }
    return Heard(**(values | more))


def entity(kind: str, value: str) -> dict[str, Any]:
    return {"entity": kind, "value": value}


def told(facts: Facts, text: str = STORY, **more: Any) -> Intake:
    return talk.begin(said(text, "complain", **more), facts)


def asked(intake: Intake, question: str) -> Intake:
    return Intake.from_slot({**intake.to_slot(), "asked": question})


def test_one_story_fills_place_time_trips_and_categories(facts: Facts) -> None:
    intake = told(facts, entities=[entity("counter", "quay so 3")])
    assert facts.places.get(intake.place_key).name == "Phường 2"
    assert intake.when_text == "sáng 24/11/2026"
    assert intake.trips == 3
    assert intake.categories == ["attitude", "obstruction"]
    assert intake.counter == "quầy số 3"
    assert talk.next_question(intake) == "contact"


@pytest.mark.parametrize("text", ["tôi muốn phản ánh", "tôi muốn phản ánh cán bộ"])
def test_a_wish_to_complain_is_no_story(facts: Facts, text: str) -> None:
    vague = [{"name": "other_conduct", "confidence": 0.8}, {"name": "delay", "confidence": 0.1}]
    assert talk.next_question(told(facts, text, categories=vague)) == "story"


def test_an_unsure_category_is_asked(facts: Facts) -> None:
    unsure = [{"name": "delay", "confidence": 0.3}, {"name": "attitude", "confidence": 0.28}]
    intake = told(facts, categories=unsure)
    assert talk.next_question(intake) == "category"
    chosen = talk.absorb(asked(intake, "category"), said(entities=[entity("category", "delay")]), facts)
    assert chosen is not None
    assert chosen.categories == ["delay"]


def test_a_name_that_several_wards_share_is_asked(facts: Facts) -> None:
    intake = told(facts, "sáng nay lên ubnd phường 2 bị cán bộ nạt trước mặt mọi người")
    assert intake.place_key == ""
    assert len(intake.place_options) > 1
    assert talk.next_question(intake) == "place"


def test_an_unknown_place_is_asked_twice_and_then_kept_in_the_citizens_words(facts: Facts) -> None:
    intake = asked(told(facts, "sáng nay cán bộ nạt tôi trước mặt mọi người mà không ai can"), "place")
    once = talk.absorb(intake, said("chỗ gần chợ"), facts)
    assert once is not None
    assert talk.next_question(once) == "place"
    twice = talk.absorb(asked(once, "place"), said("chỗ gần chợ nổi"), facts)
    assert twice is not None
    assert twice.place_text == "chỗ gần chợ nổi"
    assert talk.next_question(twice) != "place"


def test_a_correction_in_words_wins_at_any_time(facts: Facts) -> None:
    intake = asked(told(facts), "contact")
    corrected = talk.absorb(intake, said("à nhầm, phường 4 thành phố sóc trăng", "correction"), facts)
    assert corrected is not None
    assert facts.places.get(corrected.place_key).name == "Phường 4"


def test_a_procedure_is_taken_from_a_story_only_when_it_is_sure(facts: Facts) -> None:
    sure = Link("1.001193", "Đăng ký khai sinh", 0.9, 0.9, [])
    assert told(facts, link=sure).procedure_code == "1.001193"
    assert told(facts, link=Link("1.001193", "Đăng ký khai sinh", 0.3, 0.3, [])).procedure_code == ""


def test_details_may_be_skipped(facts: Facts) -> None:
    intake = asked(told(facts), "details")
    skipped = talk.absorb(intake, said(entities=[entity("skip", "details")]), facts)
    assert skipped is not None
    assert "details" in skipped.skipped


@pytest.mark.parametrize(("answer", "contact"), [("Giấu tên", "chat"), ("giau ten di", "chat")])
def test_anonymity_is_understood_in_words(facts: Facts, answer: str, contact: str) -> None:
    chosen = talk.absorb(asked(told(facts), "contact"), said(answer), facts)
    assert chosen is not None
    assert chosen.contact == contact


def test_a_name_is_only_known_sealed(facts: Facts) -> None:
    named = talk.absorb(asked(told(facts), "contact"), said(entities=[entity("contact", "named")]), facts)
    assert named is not None
    intake = Intake.from_slot({**named.to_slot(), "skipped": ["details"]})
    assert talk.next_question(intake) == "identity"
    metadata = {"sent_at": "2026-11-24T10:30:00+07:00", "identity_sealed": "gAAA"}
    sealed = talk.absorb(asked(intake, "identity"), said("[đã niêm phong]", metadata=metadata), facts)
    assert sealed is not None
    assert sealed.identity_sealed == "gAAA"
    assert talk.next_question(sealed) == "confirm"
    assert "đã niêm phong" in talk.summary(sealed, facts)


def test_only_a_yes_confirms(facts: Facts) -> None:
    intake = asked(told(facts), "confirm")
    yes = talk.absorb(intake, said("đúng", "affirm"), facts)
    assert yes is not None
    assert yes.confirmed
    assert talk.absorb(intake, said("không", "deny"), facts) is None


def test_fixing_a_field_asks_it_again(facts: Facts) -> None:
    intake = asked(told(facts), "confirm")
    again = talk.absorb(intake, said(entities=[entity("fix", "when")]), facts)
    assert again is not None
    assert talk.next_question(again) == "when"


def test_the_summary_names_the_old_ward_and_todays(facts: Facts) -> None:
    text = talk.summary(told(facts), facts)
    assert "Phường 2, TP Sóc Trăng (nay thuộc phường Phú Lợi)" in text
    assert "phải đi lại 3 lần" in text


def test_praise_needs_no_category_time_or_details(facts: Facts) -> None:
    intake = talk.begin(said("khen cô Lan ở trung tâm hành chính công xã Kế Sách nhiệt tình", "praise"), facts)
    assert intake.kind == "khen"
    assert talk.next_question(intake) == "contact"


def test_an_intake_survives_its_slot(facts: Facts) -> None:
    intake = told(facts)
    assert Intake.from_slot(intake.to_slot()) == intake
