"""The complaint conversation without Rasa: what is taken from words, and what is asked next."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from actions import intake as talk
from actions.complaint import draft_of, stories_of
from actions.heard import Heard, Link, Part
from actions.intake import Intake
from catalogue.load import Facts
from kit.crypto import Sealer

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


def answered(intake: Intake) -> Intake:
    """One whose contact has been chosen: only the confirmation is left."""
    return replace(intake, contact="chat")


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


def test_details_are_asked_only_of_somebody_who_mends_them(facts: Facts) -> None:
    intake = told(facts)
    assert talk.next_question(intake) == "contact"
    mending = talk.absorb(asked(answered(intake), "confirm"), said(entities=[entity("fix", "details")]), facts)
    assert mending is not None
    assert talk.next_question(mending) == "details"


@pytest.mark.parametrize("no", [{"entities": [{"entity": "skip", "value": "details"}]}, {"intent": "deny"}])
def test_details_may_be_skipped(facts: Facts, no: dict[str, Any]) -> None:
    intake = asked(talk.reopen(answered(told(facts)), "details"), "details")
    skipped = talk.absorb(intake, said("không", **no), facts)
    assert skipped is not None
    assert skipped.official == ""
    assert talk.next_question(skipped) == "confirm"


@pytest.mark.parametrize(
    ("text", "more", "official", "counter", "code"),
    [
        ("chị Hạnh ở quầy 5", {"entities": [entity("official", "chị Hạnh"), entity("counter", "quầy 5")]},
         "chị Hạnh", "quầy số 5", ""),
        ("cái bà tóc ngắn đeo kính", {}, "cái bà tóc ngắn đeo kính", "", ""),  # the words themselves are kept
        ("làm khai sinh", {"link": Link("1.001193", "Đăng ký khai sinh", 0.9, 0.9, [])}, "", "", "1.001193"),
    ],
)  # fmt: skip
def test_mended_details_are_taken_as_they_are_told(
    facts: Facts, text: str, more: dict[str, Any], official: str, counter: str, code: str
) -> None:
    intake = asked(talk.reopen(answered(told(facts)), "details"), "details")
    mended = talk.absorb(intake, said(text, **more), facts)
    assert mended is not None
    assert (mended.official, mended.counter, mended.procedure_code) == (official, counter, code)
    assert mended.mending == ""
    assert talk.next_question(mended) == "confirm"


@pytest.mark.parametrize(("answer", "contact"), [("Giấu tên", "chat"), ("giau ten di", "chat")])
def test_anonymity_is_understood_in_words(facts: Facts, answer: str, contact: str) -> None:
    chosen = talk.absorb(asked(told(facts), "contact"), said(answer), facts)
    assert chosen is not None
    assert chosen.contact == contact


def test_a_name_is_only_known_sealed(facts: Facts) -> None:
    named = talk.absorb(asked(told(facts), "contact"), said(entities=[entity("contact", "named")]), facts)
    assert named is not None
    assert talk.next_question(named) == "identity"
    metadata = {"sent_at": "2026-11-24T10:30:00+07:00", "identity_sealed": "gAAA"}
    sealed = talk.absorb(asked(named, "identity"), said("[đã niêm phong]", metadata=metadata), facts)
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


# Two stories in one message

TWO = (
    "sáng nay ở ubnd phường 2 thành phố sóc trăng cán bộ nạt tôi trước mặt mọi người",
    "hôm qua ở ubnd phường 7 thành phố sóc trăng hồ sơ trễ hẹn nửa tháng chưa trả",
)


def two_stories(facts: Facts, first: str = TWO[0], second: str = TWO[1], **more: Any) -> Intake:
    parts = [
        Part(0, len(first), "complain", 0.9, "attitude"),
        Part(len(first) + 2, len(first) + 2 + len(second), "complain", 0.9, "delay"),
    ]
    return told(facts, f"{first}, {second}", parts=parts, **more)


def test_two_stories_are_asked_about_and_nothing_is_lost_meanwhile(facts: Facts) -> None:
    intake = two_stories(facts)
    assert talk.next_question(intake) == "stories"
    assert intake.story == ", ".join(TWO)
    assert Intake.from_slot(intake.to_slot()) == intake


@pytest.mark.parametrize("yes", [{"entities": [{"entity": "stories", "value": "two"}]}, {"intent": "affirm"}])
def test_two_stories_become_two_tickets_of_their_own(facts: Facts, yes: dict[str, Any]) -> None:
    files = [str(uuid.uuid4())]
    intake = replace(asked(two_stories(facts), "stories"), files=files)
    parted = talk.absorb(intake, said("đúng", **yes), facts)
    assert parted is not None
    (other,) = map(Intake.from_slot, parted.others)
    assert (parted.story, other.story) == TWO
    assert (parted.categories, other.categories) == (["attitude"], ["delay"])
    assert parted.place_key != other.place_key
    assert parted.when_text != other.when_text
    assert parted.id != other.id, "the same key would file only one of them"
    assert (parted.files, parted.apart) == (files, [])
    assert talk.next_question(parted) == "contact"


@pytest.mark.parametrize("no", [{"entities": [{"entity": "stories", "value": "one"}]}, {"intent": "deny"}])
def test_one_story_stays_whole_when_the_citizen_says_so(facts: Facts, no: dict[str, Any]) -> None:
    intake = two_stories(facts)
    whole = talk.absorb(asked(intake, "stories"), said("một chuyện thôi", **no), facts)
    assert whole is not None
    assert (whole.story, whole.others, whole.apart) == (intake.story, [], [])


def test_other_words_do_not_answer_whether_there_are_two(facts: Facts) -> None:
    intake = asked(two_stories(facts), "stories")
    assert talk.absorb(intake, said("lệ phí bao nhiêu", "ask_procedure"), facts) is None
    assert talk.absorb(intake, said("ba", entities=[entity("stories", "three")]), facts) is None


def test_a_second_story_without_place_and_time_has_those_of_the_first(facts: Facts) -> None:
    second = "còn một chuyện nữa là nhân viên ở đó đòi tôi tiền bồi dưỡng"
    parted = talk.absorb(asked(two_stories(facts, second=second), "stories"), said("đúng", "affirm"), facts)
    assert parted is not None
    (other,) = map(Intake.from_slot, parted.others)
    assert (other.place_key, other.when_text) == (parted.place_key, parted.when_text)
    assert other.place_key
    assert other.when_text


def test_the_summary_of_two_stories_shows_both(facts: Facts) -> None:
    parted = talk.absorb(asked(two_stories(facts), "stories"), said("đúng", "affirm"), facts)
    assert parted is not None
    text = talk.summary(answered(parted), facts)
    assert text.index("Phiếu 1") < text.index(TWO[0]) < text.index("Phiếu 2") < text.index(TWO[1])
    assert text.count("Liên hệ") == 1


def test_praise_is_never_parted(facts: Facts) -> None:
    first, second = TWO
    parts = [Part(0, len(first), "complain", 0.9, None), Part(len(first) + 2, len(first) + 20, "complain", 0.9, None)]
    assert talk.begin(said(f"{first}, {second}", "praise", parts=parts), facts).apart == []


# The law

DENOUNCING = f"{STORY}, tôi tố cáo cán bộ này nhận hối lộ"


def test_a_story_that_the_law_calls_otherwise_is_explained_once(facts: Facts) -> None:
    intake = told(facts, DENOUNCING)
    assert intake.petition == "to_cao"
    assert talk.next_question(intake) == "law"
    for on in (said("cứ gửi", "affirm"), said(entities=[entity("skip", "law")])):
        gone_on = talk.absorb(asked(intake, "law"), on, facts)
        assert gone_on is not None
        assert talk.next_question(gone_on) == "contact"


def test_the_law_question_is_not_answered_by_anything_else(facts: Facts) -> None:
    intake = asked(told(facts, DENOUNCING), "law")
    assert talk.absorb(intake, said("không", "deny"), facts) is None
    assert talk.absorb(intake, said("tố cáo là gì", "ask_law"), facts) is None


def test_the_law_is_explained_for_the_second_of_two_stories_too(facts: Facts) -> None:
    intake = two_stories(facts, second=f"{TWO[1]}, họ còn nhận hối lộ")
    assert intake.petition == "to_cao"
    parted = talk.absorb(asked(intake, "stories"), said("đúng", "affirm"), facts)
    assert parted is not None
    assert talk.next_question(parted) == "law"


def test_an_ordinary_story_hears_nothing_about_the_law(facts: Facts) -> None:
    assert told(facts).petition == ""


@pytest.mark.parametrize("kind", talk.PETITIONS)
def test_a_petition_ends_in_a_letter_without_contact_and_confirmation(facts: Facts, kind: str) -> None:
    intake = told(facts, entities=[entity("petition", kind)])
    assert intake.kind == kind
    assert talk.next_question(intake) is None


# Contact


@pytest.mark.parametrize("choice", ["named", "chat", "anonymous"])
def test_each_contact_can_be_chosen_and_is_named_in_the_summary(facts: Facts, choice: str) -> None:
    chosen = talk.absorb(asked(told(facts), "contact"), said(entities=[entity("contact", choice)]), facts)
    assert chosen is not None
    assert chosen.contact == choice
    assert talk.CONTACTS[choice] in talk.summary(chosen, facts)


def test_a_yes_is_no_consent(facts: Facts) -> None:
    assert talk.absorb(asked(told(facts), "contact"), said("vâng", "affirm"), facts) is None
    assert talk.absorb(asked(told(facts), "contact"), said("sao cũng được", "inform"), facts) is None


def test_a_telephone_that_was_sent_is_kept_sealed(facts: Facts) -> None:
    metadata = {"sent_at": "2026-11-24T10:30:00+07:00", "phone_sealed": "gBBB"}
    chosen = talk.absorb(asked(told(facts), "contact"), said("", metadata=metadata), facts)
    assert chosen is not None
    assert (chosen.contact, chosen.phone_sealed) == ("named", "gBBB")
    assert talk.next_question(chosen) == "confirm"


def test_whoever_would_rather_not_say_their_name_stays_hidden(facts: Facts) -> None:
    intake = asked(replace(told(facts), contact="named"), "identity")
    hidden = talk.absorb(intake, said("thôi không", "deny"), facts)
    assert hidden is not None
    assert (hidden.contact, talk.next_question(hidden)) == ("chat", "confirm")
    assert talk.absorb(intake, said("tên tôi là Thử"), facts) is None, "a name in clear is never taken"


def test_mending_the_contact_forgets_the_sealed_name(facts: Facts) -> None:
    named = replace(told(facts), contact="named", identity_sealed="gAAA", phone_sealed="gBBB")
    again = talk.absorb(asked(named, "confirm"), said(entities=[entity("fix", "contact")]), facts)
    assert again is not None
    assert (again.contact, again.identity_sealed, again.phone_sealed) == ("", "", "")
    assert talk.next_question(again) == "contact"


# Danger and files


def test_danger_is_noticed_in_the_first_words_and_in_later_ones(facts: Facts) -> None:
    assert told(facts, f"{STORY}, còn dọa đánh tôi").urgent
    calm = answered(told(facts))
    assert not calm.urgent
    more = talk.absorb(asked(calm, "confirm"), said("ông ấy còn dọa giết tôi nữa", "add_information"), facts)
    assert more is not None
    assert more.urgent


def test_danger_in_the_second_of_two_stories_is_not_lost(facts: Facts) -> None:
    intake = two_stories(facts, second=f"{TWO[1]} còn dọa giết tôi")
    assert intake.urgent
    parted = talk.absorb(asked(intake, "stories"), said("đúng", "affirm"), facts)
    assert parted is not None
    assert [one.urgent for one in (parted, *map(Intake.from_slot, parted.others))] == [False, True]


def test_a_file_without_a_word_answers_no_question(facts: Facts) -> None:
    intake = asked(told(facts), "contact")
    assert talk.absorb(intake, said("", "attach"), facts) == intake


def test_each_of_two_stories_is_filed_as_urgent_as_it_is(facts: Facts, sealer: Sealer) -> None:
    intake = two_stories(facts, second=f"{TWO[1]} còn dọa giết tôi")
    parted = talk.absorb(asked(intake, "stories"), said("đúng", "affirm"), facts)
    assert parted is not None
    ready = replace(parted, contact="chat", confirmed=True)
    assert [draft_of(one, sealer).urgent for one in stories_of(ready)] == [False, True]


def test_a_warning_that_was_given_is_not_given_again_when_stories_part(facts: Facts) -> None:
    intake = replace(asked(two_stories(facts, first=f"{TWO[0]} còn dọa giết tôi"), "stories"), skipped=["danger"])
    parted = talk.absorb(intake, said("đúng", "affirm"), facts)
    assert parted is not None
    assert (parted.urgent, parted.skipped) == (True, ["danger"])
