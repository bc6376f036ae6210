"""From a citizen's first word to the answer in the chat, through the real processes and the real desk pages."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.clerk import Clerk, admin
from tests.stack import REPLY_SECONDS, Citizen, Stack, wait_for

CHECKED = "Đã hỏi cán bộ và người chứng kiến."
APOLOGY = "Chúng tôi đã nhắc nhở cán bộ và xin lỗi anh/chị."


@pytest.fixture(scope="module")
def clerk(stack: Stack) -> Iterator[Clerk]:
    """The first administrator at the desk."""
    with closing(admin(stack)) as signed_in:
        yield signed_in


def file_ticket(citizen: Citizen) -> dict[str, str]:
    citizen.say("sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe")
    citizen.press("Đồng ý, giấu tên")
    ticket: dict[str, str] = citizen.press("Đúng, gửi đi")["custom"]["ticket"]
    return ticket


def test_a_complaint_is_answered_in_the_chat(stack: Stack, clerk: Clerk) -> None:
    with closing(Citizen(stack.url)) as citizen:
        number = file_ticket(citizen)["number"]
        assert f"/desk/tickets/{number}" in clerk.get(f"/desk?number={number}")
        page = clerk.get(f"/desk/tickets/{number}")
        assert "Phường 3" in page
        assert "nạt tôi" in page
        clerk.post(f"/desk/tickets/{number}/actions/start")
        clerk.post(f"/desk/tickets/{number}/actions/answer", checked=CHECKED, text=APOLOGY)
        answer = citizen.next_reply()
        assert answer["from"] == "staff"
        assert "xin lỗi anh/chị" in answer["text"]
        assert "Đã trả lời" in clerk.page


def test_a_question_of_the_staff_comes_back_answered(stack: Stack, clerk: Clerk) -> None:
    with closing(Citizen(stack.url)) as citizen:
        number = file_ticket(citizen)["number"]
        clerk.get(f"/desk/tickets/{number}")
        clerk.post(f"/desk/tickets/{number}/actions/start")
        clerk.post(f"/desk/tickets/{number}/actions/ask", text="Anh/chị nhớ mấy giờ không?")
        assert "mấy giờ" in citizen.next_reply()["text"]
        citizen.press("Trả lời câu hỏi này")
        assert "đã chuyển" in citizen.say("khoảng 9 giờ sáng")["text"]
        assert "khoảng 9 giờ sáng" in clerk.get(f"/desk/tickets/{number}")


def test_an_answered_ticket_is_reopened_from_the_chat(stack: Stack, clerk: Clerk) -> None:
    with closing(Citizen(stack.url)) as citizen:
        number = file_ticket(citizen)["number"]
        clerk.get(f"/desk/tickets/{number}")
        clerk.post(f"/desk/tickets/{number}/actions/start")
        clerk.post(f"/desk/tickets/{number}/actions/answer", checked=CHECKED, text=APOLOGY)
        citizen.next_reply()
        assert "mở lại phiếu" in citizen.say("mở lại phiếu")["text"]
        citizen.say("vẫn chưa ai xin lỗi tôi")
        assert "Mở lại" in clerk.get(f"/desk/tickets/{number}")
        assert f"/desk/tickets/{number}" in clerk.get(f"/desk?number={number}")


def test_a_ticket_is_withdrawn_from_the_chat(stack: Stack, clerk: Clerk) -> None:
    with closing(Citizen(stack.url)) as citizen:
        number = file_ticket(citizen)["number"]
        assert "rút phiếu" in citizen.say("tôi muốn rút phiếu")["text"]
        citizen.say("cán bộ đã xin lỗi tôi rồi")
        assert number in clerk.get("/desk?state=withdrawn")
        assert "Người dân đã rút" in clerk.get(f"/desk/tickets/{number}")


def test_internal_notes_stay_inside(stack: Stack, clerk: Clerk) -> None:
    with closing(Citizen(stack.url)) as citizen:
        number = file_ticket(citizen)["number"]
        clerk.get(f"/desk/tickets/{number}")
        clerk.post(f"/desk/tickets/{number}/note", text="kiểm tra camera quầy 3")
        assert "camera" in clerk.page
        assert "camera" not in citizen.say("phiếu của tôi tới đâu rồi")["text"]


def test_a_stranger_does_not_enter_the_desk(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url}/desk", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/login")


def test_the_same_message_twice_is_one_message(stack: Stack) -> None:
    with closing(Citizen(stack.url)) as citizen:
        for _ in range(3):
            citizen.send({"id": "the-same-id-0001", "text": "chào em"})
        citizen.next_reply()
        citizen.say("cảm ơn")
        assert [entry["from"] for entry in citizen.history()] == ["citizen", "bot", "citizen", "bot"]


def test_messages_of_one_citizen_keep_their_order(stack: Stack) -> None:
    with closing(Citizen(stack.url)) as citizen:
        for number in range(6):
            citizen.send({"id": f"in-order-{number:04d}", "text": f"chào lần {number}"})
        wait_for(lambda: len(citizen.replies()) == 6 or None, REPLY_SECONDS, "six replies")
        sent = [entry["text"] for entry in citizen.history() if entry["from"] == "citizen"]
        assert sent == [f"chào lần {number}" for number in range(6)]


def test_one_browser_does_not_see_another(stack: Stack) -> None:
    with closing(Citizen(stack.url)) as first, closing(Citizen(stack.url)) as second:
        first.say("chuyện riêng của tôi")
        assert second.history() == []
        assert httpx.get(f"{stack.url}/chat/history").status_code == 403


@pytest.mark.parametrize("path", ["/", "/desk/login"])
def test_pages_allow_nothing_foreign(stack: Stack, path: str) -> None:
    policy = httpx.get(f"{stack.url}{path}").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "long-enough-1", "text": ""}, 422),
        ({"id": "long-enough-2", "text": "x" * 4001}, 422),
        ({"id": "no", "text": "chào"}, 422),
    ],
)
def test_bad_messages_get_a_sentence(stack: Stack, body: dict[str, str], status: int) -> None:
    with closing(Citizen(stack.url)) as citizen:
        answer = citizen.http.post("/chat/messages", json=body)
        assert answer.status_code == status
        assert answer.json()["error"].endswith(".")


def test_actions_and_gateway_refuse_strangers(stack: Stack) -> None:
    assert httpx.post(f"{stack.url}/actions/webhook", json={}).status_code == 403
    rasa = f"http://127.0.0.1:{stack.environment['RASA_PORT']}"
    assert httpx.post(f"{rasa}/webhooks/gateway/webhook", json={}).status_code == 403
    secret = {"X-Gateway-Secret": stack.environment["GATEWAY_SECRET"]}
    slash = {"sender": "x", "message": "/restart", "message_id": "1", "channel": "web", "metadata": {}}
    assert httpx.post(f"{rasa}/webhooks/gateway/webhook", json=slash, headers=secret).status_code == 400


def test_rasa_repeats_the_answer_of_a_repeated_turn(stack: Stack) -> None:
    """A worker killed between Rasa's answer and its own commit asks again: nothing may happen twice."""
    secret = {"X-Gateway-Secret": stack.environment["GATEWAY_SECRET"]}
    address = f"http://127.0.0.1:{stack.environment['RASA_PORT']}/webhooks/gateway/webhook"

    def ask(text: str, message_id: str, attempt: int) -> list[dict[str, object]]:
        body = {"sender": "web:replay", "message": text, "message_id": message_id, "channel": "web"}
        answer = httpx.post(address, json=body | {"metadata": {"attempt": attempt}}, headers=secret, timeout=20)
        replies: list[dict[str, object]] = answer.raise_for_status().json()
        return replies

    story = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
    first = ask(story, "web:replay-1", 0)
    assert ask(story, "web:replay-1", 1) == first
    summary = ask("giấu tên", "web:replay-2", 0)
    assert ask("giấu tên", "web:replay-2", 1) == summary
    assert str(summary).count("Lời kể") == 1


def test_readiness_names_its_parts(stack: Stack) -> None:
    assert httpx.get(f"{stack.url}/readyz").json() == {"database": True, "worker": True, "rasa": True}
    assert "tiepdan_http_requests_total" in httpx.get(f"{stack.url}/metrics").text
