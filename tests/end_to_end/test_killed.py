"""Everything is killed at once while messages are under way; after a new start each is answered, once, in order."""

import signal
from contextlib import closing

import pytest

from tests.stack import Citizen, Stack, wait_for

STORY = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
ANSWER_SECONDS = 60  # a job of the killed worker is taken over after its heartbeat has been silent for a while


def kill(stack: Stack) -> None:
    """As a power cut would: the supervisor goes, and the kernel takes its children along."""
    assert stack.process is not None
    stack.process.send_signal(signal.SIGKILL)
    stack.process.wait(20)


def test_nothing_is_lost_or_doubled_when_everything_is_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    stack = Stack(tmp_path_factory.mktemp("killed") / "var")
    stack.start()
    try:
        with closing(Citizen(stack.url)) as citizen:
            citizen.say(STORY)
            citizen.press("Đồng ý, giấu tên")
            confirmed = citizen.history()[-1]["choices"][0]
            citizen.send({"id": "confirm-0001", "choice": confirmed["code"], "title": confirmed["title"]})
            for number in range(4):
                citizen.send({"id": f"under-way-{number:04d}", "text": f"chào lần {number}"})
            kill(stack)
            stack.start()
            wait_for(lambda: len(citizen.replies()) >= 7 or None, ANSWER_SECONDS, "an answer to every message")
            citizen.seen = max(entry["seq"] for entry in citizen.history())
            status = citizen.say("phiếu của tôi tới đâu rồi")
            replies = citizen.replies()
            assert len(replies) == 8, [entry["text"][:40] for entry in replies]
            assert status["text"].count("Phiếu PA-") == 1
            sent = [entry["text"] for entry in citizen.history() if entry["from"] == "citizen"]
            assert sent[3:7] == [f"chào lần {number}" for number in range(4)]
    finally:
        stack.stop()
