"""Doors that only the system itself may use, and what its logs tell."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from bot.web.routes import COOKIE
from tests.end_to_end.intrusions.helpers import (
    MADE_UP,
    STORY,
    logs,
    photo,
    upload,
)
from tests.stack import Citizen, Stack


class TestInside:
    """The doors between our own processes, and what they write down."""

    def test_actions_answer_nobody_without_the_secret(self, stack: Stack) -> None:
        call = {"next_action": "action_erase_data", "sender_id": "x", "tracker": {}, "domain": {}}
        secret = stack.environment["ACTIONS_SECRET"]
        for given in ("", "x", secret[:-1], secret.upper()):
            headers = {"X-Actions-Secret": given}
            assert httpx.post(f"{stack.url}/actions/webhook", json=call, headers=headers).status_code == 403
        assert httpx.get(f"{stack.url}/actions/webhook").status_code == 405
        assert httpx.get(f"{stack.url}/actions").status_code == 404

    def test_actions_do_not_even_read_what_a_stranger_sends(self, stack: Stack) -> None:
        assert httpx.post(f"{stack.url}/actions/webhook", content=b"[" * 1000).status_code == 403

    def test_rasa_has_one_door_and_it_is_shut(self, stack: Stack) -> None:
        rasa = f"http://127.0.0.1:{stack.environment['RASA_PORT']}"
        for path in ("/conversations/x/tracker", "/model", "/model/train", "/status", "/domain", "/version"):
            assert httpx.get(rasa + path).status_code == 404
            assert httpx.post(rasa + path, json={}).status_code == 404
        turn: dict[str, Any] = {"sender": "web:x", "message": "/restart", "message_id": "1", "channel": "web"}
        turn |= {"metadata": {"choice": True}}
        for path in ("webhook", "parse"):
            for secret in ("", "x", stack.environment["GATEWAY_SECRET"][:-1]):
                headers = {"X-Gateway-Secret": secret}
                refused = httpx.post(f"{rasa}/webhooks/gateway/{path}", json=turn, headers=headers)
                assert refused.status_code == 403
        for path in ("rest", "callback", "socketio", "cmdline"):
            assert httpx.post(f"{rasa}/webhooks/{path}/webhook", json=turn).status_code == 404

    def test_no_log_holds_what_a_citizen_told(self, stack: Stack, stranger: Citizen) -> None:
        stranger.say(f"{STORY} zqjmarker chị Zắngphọt")
        stranger.press("Đồng ý, để lại tên và số")
        stranger.say("Trịnh Thị Kỳlạ 0912 998 877")
        given = stranger.press("Đúng, gửi đi")["custom"]["ticket"]
        stranger.say(f"xem phiếu {given['number']} mã biên nhận {given['receipt']}")
        stranger.say(f"xem phiếu {MADE_UP} mã biên nhận 9999 8888 7777 6666")
        upload(stranger, ("tengoccuatep.jpg", photo("grey")), text="zqjmarker")
        stranger.next_reply()
        written = logs(stack)
        cookie = stranger.http.cookies[COOKIE]
        told = ["zqjmarker", "Zắngphọt", "Kỳlạ", "0912998877", "0912 998 877", "tengoccuatep", cookie]
        told += [given["receipt"], given["receipt"].replace(" ", ""), "9999 8888 7777 6666", "9999888877776666"]
        assert [word for word in told if word in written] == []
        assert stack.environment["GATEWAY_SECRET"] not in written

    def test_brackets_in_a_story_hide_nothing_from_whoever_confirms_it(self, stranger: Citizen) -> None:
        stranger.say(f"{STORY}, quầy 0[1]")
        assert "nạt tôi" in stranger.press("Đồng ý, giấu tên")["text"]

    def test_brackets_in_a_story_put_nothing_into_the_logs(self, stack: Stack, stranger: Citizen) -> None:
        stranger.say(f"{STORY.replace('phường 3', 'phường 7')}, quầy 0[1]")
        stranger.press("Đồng ý, giấu tên")
        assert "Nơi: Phường 7" not in logs(stack)

    def test_an_error_of_the_database_names_no_value(self, engine: Engine) -> None:
        with pytest.raises(SQLAlchemyError) as caught, engine.connect() as connection:
            connection.execute(text("select 1 / 0, cast(:story as text)"), {"story": "zqjmarker"})
        assert "zqjmarker" not in str(caught.value)
