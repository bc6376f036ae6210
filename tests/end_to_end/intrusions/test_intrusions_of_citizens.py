"""Citizens who want what is not theirs."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
from sqlalchemy import Engine, select

from backlog.model import Evidence
from bot.turn import STALE
from bot.web.routes import COOKIE
from kit.db import session_scope
from tests.end_to_end.intrusions.helpers import (
    ASK,
    MADE_UP,
    MARKUP,
    STORY,
    Filed,
    codes,
    conversation_of,
    filed,
    logs,
    photo,
    press_code,
    rasa_rows,
    read,
    upload,
)
from tests.stack import Citizen, Stack


class TestCitizens:
    """What one citizen may not do to another."""

    def test_a_number_alone_tells_not_even_whether_it_exists(self, stack: Stack, ticket: Filed) -> None:
        def answers(number: str) -> list[str]:
            asked = [f"phiếu {number} tới đâu rồi", f"xem phiếu {number} mã biên nhận 1234 5678 9012 3456"]
            with closing(Citizen(stack.url)) as stranger:
                return [str(stranger.say(words)["text"]).replace(number, "…") for words in asked]

        told = answers(ticket["number"])
        assert told == answers(MADE_UP)
        assert "Phú Lợi" not in str(told)

    def test_guesses_at_a_receipt_run_out_for_all_browsers_together(self, stack: Stack) -> None:
        def guess(receipt: str) -> str:
            with closing(Citizen(stack.url)) as citizen:
                return str(citizen.say(f"xem phiếu {target['number']} mã biên nhận {receipt}")["text"])

        with closing(Citizen(stack.url)) as victim:
            target = filed(victim)
            with ThreadPoolExecutor(8) as pool:
                told = list(pool.map(guess, [f"1234 5678 9012 34{at:02}" for at in range(8)]))
            assert sum("không khớp" in one for one in told) == 5
            assert "Nơi xử lý" not in guess(target["receipt"])  # too late: also the right one is refused now
            assert "Nơi xử lý" in victim.say(ASK)["text"]

    def test_a_stolen_button_is_dead(self, owner: Citizen, stranger: Citizen, ticket: Filed) -> None:
        owner.say(ASK)
        stolen = codes(owner)
        assert {"Rút phiếu", "Cấp lại mã biên nhận"} <= set(stolen)
        forged = [f".withdraw?ticket={ticket['number']}", "A" * 12 + ".erase_data", ".", "é.affirm", "\n.affirm"]
        for code in [*stolen.values(), *forged]:
            assert press_code(stranger, code) == STALE
        assert "Nơi xử lý" in owner.say(ASK)["text"]

    def test_a_signature_covers_the_whole_code(self, stranger: Citizen, ticket: Filed) -> None:
        own = filed(stranger)
        stranger.say(ASK)
        for code in [code for code in codes(stranger).values() if own["number"] in code]:
            signature, _, body = code.partition(".")
            intent = body.partition("?")[0]
            tries = [
                code.replace(own["number"], ticket["number"]),
                f"{code}&ticket={ticket['number']}",
                f"{signature}.{body}\0",
                f"{signature}.rate?stars=1&ticket={ticket['number']}",
                f"{signature}.{intent}",
            ]
            assert {press_code(stranger, one) for one in tries} == {STALE}

    def test_a_typed_command_is_only_words(self, stack: Stack, engine: Engine, owner: Citizen, ticket: Filed) -> None:
        named = f'{{"ticket":"{ticket["number"]}"}}'
        commands = ["/restart", "/session_start", "/attach", "/erase_data", '/choose{"contact":"named"}', "/affirm"]
        commands += [f"/{intent}{named}" for intent in ("ticket_status", "new_receipt", "withdraw", "reopen")]
        commands += [f'/rate{{"ticket":"{ticket["number"]}","stars":"1"}}', '/inform@1.0{"ticket":"x"}']
        openings = ["  ", "/ ", *"\n\t\x0b\x1c\x85\xa0\u2028\u3000\u200b\ufeff\u202e"]
        disguised = [f"{opening}/restart" for opening in openings]
        disguised += ["\uff0frestart", "/\u0338erase_data", "\u0301/restart", "/\u200b/restart", "\\/restart"]
        with closing(Citizen(stack.url)) as first, closing(Citizen(stack.url)) as second:
            for citizen, tried in ((first, commands), (second, disguised)):
                for words in tried:
                    assert citizen.say(words)["from"] == "bot"
                sender = f"web:{conversation_of(stack, engine, citizen)}"
                rows = rasa_rows(stack, "select type_name, data from events where sender_id = %s", sender)
                assert [kind for kind, _ in rows].count("session_started") <= 1
                assert "restart" not in [kind for kind, _ in rows]
                assert not [data for kind, data in rows if kind == "user" and '"text": "/' in data]
        assert "Nơi xử lý" in owner.say(ASK)["text"]

    def test_a_slash_where_a_name_is_wanted_does_not_stop_the_conversation(self, stranger: Citizen) -> None:
        stranger.say(STORY)
        stranger.press("Đồng ý, để lại tên và số")
        assert stranger.say("/restart")["from"] == "bot"

    def test_a_replaced_receipt_closes_what_it_had_opened(self, stack: Stack, stranger: Citizen) -> None:
        with closing(Citizen(stack.url)) as victim:
            target = filed(victim)
            opened = stranger.say(f"xem phiếu {target['number']} mã biên nhận {target['receipt']}")
            assert "Nơi xử lý" in opened["text"]
            victim.say(ASK)
            assert "Mã cũ không dùng được nữa" in victim.press("Cấp lại mã biên nhận")["text"]
        assert "Nơi xử lý" not in stranger.say(ASK)["text"]

    def test_a_file_of_another_cannot_be_named(self, stack: Stack, engine: Engine, stranger: Citizen) -> None:
        with closing(Citizen(stack.url)) as victim:
            upload(victim, ("anh.jpg", photo("pink")))
            victim.next_reply()
            mine = Evidence.conversation_id == conversation_of(stack, engine, victim)
        with session_scope(engine) as session:
            file_id = str(session.scalars(select(Evidence.id).where(mine)).one())
        crafted = {"files": [file_id], "metadata": {"files": [file_id], "choice": True}, "channel": "cli"}
        stranger.send({"id": str(uuid.uuid4()), "text": STORY, **crafted})
        stranger.next_reply()
        form = {"files": file_id, "metadata": f'{{"files":["{file_id}"]}}', "conversation_id": file_id}
        answer = stranger.http.post("/chat/files", data={"id": str(uuid.uuid4()), **form})
        assert answer.status_code == 422
        stranger.press("Đồng ý, giấu tên")
        stranger.press("Đúng, gửi đi")
        with session_scope(engine) as session:
            assert session.scalars(select(Evidence.ticket_id).where(mine)).all() == [None]

    def test_cookies_of_others_open_nothing(self, stack: Stack, owner: Citizen) -> None:
        own = owner.http.cookies[COOKIE]
        assert len(own) >= 43
        near = own[:-1] + ("A" if own[-1] != "A" else "B")
        for guess in ("", "a" * 31, own[:-1], near, own.swapcase(), "' or 1=1 --" * 4):
            with httpx.Client(base_url=stack.url, headers={"Cookie": f"{COOKIE}={guess}"}) as thief:
                history = thief.get("/chat/history")
                assert history.status_code == 403 or history.json() == {"messages": [], "waiting": False}
                with thief.stream("GET", "/chat/events?after=0") as stream:
                    assert stream.status_code == 403 or next(stream.iter_text()) == ": connected\n\n"
        crossing = owner.http.post(
            "/chat/messages", json={"id": "from-elsewhere", "text": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert crossing.status_code == 403

    def test_a_session_that_somebody_else_chose_is_replaced(self, stack: Stack) -> None:
        with httpx.Client(base_url=stack.url, headers={"Cookie": f"{COOKIE}={'a' * 43}"}) as browser:
            answer = browser.post("/chat/session")
            assert COOKIE in answer.headers.get("set-cookie", "")

    def test_the_chat_cookie_is_out_of_reach_for_scripts_and_other_sites(self, stack: Stack) -> None:
        given = httpx.post(f"{stack.url}/chat/session").headers["set-cookie"].lower()
        assert "httponly" in given
        assert "samesite=lax" in given

    def test_a_letter_opens_by_its_own_secret_alone(self, stack: Stack, stranger: Citizen) -> None:
        stranger.say(
            "tôi muốn tố cáo cán bộ địa chính phường 3 thành phố sóc trăng nhận hối lộ 5 triệu hôm qua để làm sổ đỏ "
            f"cho người khác {MARKUP}"
        )
        found = re.search(r"/don/([\w-]{43})", stranger.press("Soạn đơn tố cáo")["text"])
        assert found is not None
        secret, page = found[1], httpx.get(f"{stack.url}/don/{found[1]}")
        assert page.status_code == 200
        assert "no-store" in page.headers["cache-control"]
        assert "<script>alert" in read(re.sub(r"<script[^>]*src=[^>]*></script>", "", page.text)).words
        near = secret[:-1] + ("A" if secret[-1] not in "ABCD" else "Q")
        for guess in (near, secret[:-1], secret.swapcase(), f"{near}.docx", "%00", "%", "..%2f..", " "):
            assert httpx.get(f"{stack.url}/don/{guess}").status_code == 404
        assert secret not in logs(stack)

    def test_a_letter_s_secret_is_kept_nowhere(self, stack: Stack, stranger: Citizen) -> None:
        stranger.say("tôi muốn tố cáo cán bộ phường 3 thành phố sóc trăng nhận hối lộ 5 triệu hôm qua")
        found = re.search(r"/don/([\w-]{43})", stranger.press("Soạn đơn tố cáo")["text"])
        assert found is not None
        assert rasa_rows(stack, "select 1 from events where strpos(data, %s) > 0 limit 1", found[1]) == []
