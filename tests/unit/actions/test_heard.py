"""What the actions hear: the latest message, the one before it, and a second act beside the main one."""

from typing import Any

from rasa_sdk import Tracker

from actions.complaint import _told_before
from actions.heard import heard, heard_before


def user(text: str, intent: str, number: int, *also: str) -> dict[str, Any]:
    parsed = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "also": list(also),
        "entities": [],
    }
    return {"event": "user", "text": text, "message_id": f"web:{number}", "parse_data": parsed, "metadata": {}}


def tracker(*events: dict[str, Any]) -> Tracker:
    latest = {**events[-1]["parse_data"]}
    return Tracker("citizen", {}, latest, list(events), False, None, {}, "action_listen")


ASKED = user("làm giấy mà bị nạt, nộp ở đâu", "ask_procedure", 1, "complain")
PLAIN = user("khai sinh nộp ở đâu", "ask_procedure", 1)
PRESSED = user("/complain", "complain", 2)


def test_a_second_act() -> None:
    assert heard(tracker(ASKED)).also == ["complain"]
    assert heard(tracker(PLAIN)).also == []


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
