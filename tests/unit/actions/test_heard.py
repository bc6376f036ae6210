"""What the actions hear: the latest message, the one before it, and a second act beside the main one."""

from typing import Any

from rasa_sdk import Tracker

from actions.complaint import _told_before
from actions.heard import heard, heard_before


def user(text: str, intent: str, ranking: dict[str, float], number: int) -> dict[str, Any]:
    parsed = {
        "text": text,
        "intent": {"name": intent, "confidence": ranking.get(intent, 1.0)},
        "intent_ranking": [{"name": name, "confidence": value} for name, value in ranking.items()],
        "entities": [],
    }
    return {"event": "user", "text": text, "message_id": f"web:{number}", "parse_data": parsed, "metadata": {}}


def tracker(*events: dict[str, Any]) -> Tracker:
    latest = {**events[-1]["parse_data"]}
    return Tracker("citizen", {}, latest, list(events), False, None, {}, "action_listen")


ASKED = user("làm giấy mà bị nạt, nộp ở đâu", "ask_procedure", {"ask_procedure": 0.7, "complain": 0.2}, 1)
PLAIN = user("khai sinh nộp ở đâu", "ask_procedure", {"ask_procedure": 0.98, "complain": 0.01}, 1)
PRESSED = user("/complain", "complain", {}, 2)


def test_a_second_act_counts_when_it_is_likely_enough() -> None:
    assert heard(tracker(ASKED)).also("complain")
    assert not heard(tracker(PLAIN)).also("complain")
    assert not heard(tracker(ASKED)).also("ask_procedure")


def test_the_message_before() -> None:
    before = heard_before(tracker(ASKED, PRESSED))
    assert before is not None
    assert before.text == ASKED["text"]
    assert heard_before(tracker(ASKED)) is None


def test_after_the_button_the_form_starts_from_what_was_told() -> None:
    told = tracker(ASKED, PRESSED)
    begun = _told_before(heard(told), told)
    assert (begun.text, begun.intent, begun.message_id) == (ASKED["text"], "complain", "web:2")
    plain = tracker(PLAIN, PRESSED)
    assert _told_before(heard(plain), plain).text == "/complain"
