"""Staff who want to see or do more than they may."""

import hashlib
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from sqlalchemy import Engine, select

from backlog.model import Evidence, Staff, Ticket
from kit.db import session_scope
from tests.clerk import PASSWORD, admin
from tests.end_to_end.intrusions.helpers import (
    ABOUT_THE_HEAD,
    BRIBE,
    MADE_UP,
    MARKUP,
    REASON,
    STORY,
    Filed,
    SignIn,
    filed,
    photo,
    read,
    send,
    sign_in,
    upload,
)
from tests.factories import UNIT
from tests.stack import Citizen, Stack


class TestStaff:
    """What staff may not see or do."""

    def test_without_an_account_nothing_opens(self, stack: Stack, ticket: Filed) -> None:
        page = f"/desk/tickets/{ticket['number']}"
        guesses = ("", "a" * 43, hashlib.sha256(b"").hexdigest(), "' or 1=1 --")
        pages = ("/desk", page, f"{page}/files/{uuid.uuid4()}", "/desk/figures", "/desk/nothing", "/desk/%00")
        for headers in [{"Cookie": f"tiepdan_desk={guess}"} for guess in guesses]:
            for path in pages:
                assert httpx.get(stack.url + path, headers=headers).headers["location"].startswith("/desk/login")
            for path in (f"{page}/note", f"{page}/actions/start", f"{page}/identity", "/desk/logout"):
                assert httpx.post(stack.url + path, data={"text": "x"}, headers=headers).status_code == 401

    def test_a_login_leads_to_the_desk_only(self, stack: Stack) -> None:
        for target in ("https://x.example", "//x.example", "/\\x.example", "/desk/../x", "/desk@x.example"):
            page = read(httpx.get(f"{stack.url}/desk/login", params={"next": target}).text)
            values = [one.get("value") for _, one in page.tags if one.get("name") == "next"]
            assert values == ["/desk"]

    def test_a_form_without_its_own_token_is_refused(self, stack: Stack, staff: SignIn, ticket: Filed) -> None:
        clerk, path = staff("nhan"), f"/desk/tickets/{ticket['number']}/note"
        with closing(sign_in(stack, "nhan")) as same_person:
            foreign = re.search(r'name="csrf" value="([^"]+)"', same_person.get("/desk/password"))
        assert foreign is not None
        for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": foreign[1]}, {"csrf": foreign[1].upper()}):
            assert clerk.http.post(path, data={"text": "giả mạo", **form}).status_code == 403
        own = re.search(r'name="csrf" value="([^"]+)"', clerk.get("/desk/password"))
        assert own is not None
        for site in ("cross-site", "same-site", "none"):
            sent = clerk.http.post(path, data={"text": "giả mạo", "csrf": own[1]}, headers={"Sec-Fetch-Site": site})
            assert sent.status_code == 403
        assert "giả mạo" not in clerk.get(path.removesuffix("/note"))

    def test_a_ticket_of_another_unit_is_not_there(self, staff: SignIn, hostile: Filed, ticket: Filed) -> None:
        clerk, number = staff("khach"), ticket["number"]
        page = f"/desk/tickets/{number}"
        assert clerk.http.get(page).status_code == 404
        for path in ("/desk?state=all", "/desk?mine=1", f"/desk?unit={UNIT}&state=all", "/desk?number=PA"):
            assert f"/desk/tickets/{number}" not in clerk.get(path)
        for path, form in (
            (f"{page}/note", {"text": "x"}),
            (f"{page}/actions/start", {}),
            (f"{page}/actions/answer", {"text": "x", "checked": "x", "preview": "1"}),
        ):
            assert send(clerk, path, **form).status_code == 404
        for path in (f"{page}/relate", f"{page}/split"):
            assert send(clerk, path, other=hostile["number"]).status_code == 404
        for path in (f"{page}/identity", f"{page}/identity/requests", f"{page}/identity/requests/{uuid.uuid4()}"):
            assert send(clerk, path, reason=REASON, answer="allow").status_code == 403

    def test_nobody_opens_an_identity_alone(self, stack: Stack, staff: SignIn, ticket: Filed) -> None:
        with closing(Citizen(stack.url)) as citizen:
            citizen.say(BRIBE)
            citizen.press("Đồng ý, để lại tên và số")
            citizen.say("Trần Thị Bồngbềnh 0901234567")
            named = citizen.press("Đúng, gửi đi")["custom"]["ticket"]
        page = f"/desk/tickets/{named['number']}"
        for username in ("nhan", "xung", "dieuphoi"):
            assert send(staff(username), f"{page}/identity", reason=REASON).status_code == 403
            assert send(staff(username), f"{page}/identity/requests", reason=REASON).status_code == 403
        inspector = staff("thanhtra")
        assert send(inspector, f"{page}/identity", reason=REASON).status_code >= 400
        assert send(inspector, f"{page}/identity/requests", reason="   ngắn   ").status_code == 422
        assert send(inspector, f"{page}/identity/requests", reason=REASON).status_code == 200
        waiting = re.search(r"identity/requests/([0-9a-f-]{36})", staff("dieuphoi").get(page))
        assert waiting is not None
        decision = f"identity/requests/{waiting[1]}"
        assert send(inspector, f"{page}/{decision}", answer="allow").status_code == 403
        assert send(staff("nhan"), f"{page}/{decision}", answer="allow").status_code == 403
        elsewhere = f"/desk/tickets/{ticket['number']}/{decision}"
        assert send(staff("dieuphoi"), elsewhere, answer="allow").status_code == 404
        assert "Bồngbềnh" not in send(inspector, f"{page}/identity", reason=REASON).text
        assert send(staff("dieuphoi"), f"{page}/{decision}", answer="allow").status_code == 200
        assert "Bồngbềnh" in send(inspector, f"{page}/identity", reason=REASON).text
        assert "Bồngbềnh" not in send(inspector, f"{page}/identity", reason=REASON).text  # agreed once, opened once
        assert "Bồngbềnh" not in staff("nhan").get(page)

    def test_the_head_meant_finds_no_trace(self, stack: Stack, engine: Engine, staff: SignIn, ticket: Filed) -> None:
        head, seen = staff("xung"), f"/desk/tickets/{ticket['number']}"
        figures = [f"/desk/figures?by={by}" for by in ("unit", "category", "kind", "month")]
        before = [head.get(path) for path in figures]
        with closing(Citizen(stack.url)) as citizen:
            assert upload(citizen, ("anh.jpg", photo("white"))).status_code == 202
            citizen.next_reply()
            hidden = filed(citizen, ABOUT_THE_HEAD)["number"]
        assert [head.get(path) for path in figures] == before
        for path in ("/desk?state=all", f"/desk?unit={UNIT}&state=all", "/desk?unit=ubnd-tp-can-tho&state=all"):
            assert hidden not in head.get(path)
        assert f"/desk/tickets/{hidden}" not in head.get(f"/desk?number={hidden}")
        assert head.http.get(f"/desk/tickets/{hidden}").status_code == 404
        with session_scope(engine) as session:
            wanted = select(Evidence.id).join(Ticket).where(Ticket.number == hidden)
            file_id = session.scalars(wanted).one()
        for number in (hidden, ticket["number"]):
            assert head.http.get(f"/desk/tickets/{number}/files/{file_id}").status_code == 404
        numbers = (hidden, hidden.lower(), MADE_UP)
        for path, preview in (("actions/merge", ""), ("actions/merge", "1"), ("relate", "")):
            form = {"preview": preview} if preview else {}
            told = {one: send(head, f"{seen}/{path}", target=one, other=one, **form) for one in numbers}
            assert {answer.status_code for answer in told.values()} == {404}
            assert len({answer.text.replace(number, "…") for number, answer in told.items()}) == 1
        assert send(staff("dieuphoi"), f"{seen}/relate", other=hidden).status_code == 200
        assert "một phiếu khác" in head.get(seen)
        assert hidden not in head.page
        assert hidden in staff("dieuphoi").get(seen)

    def test_a_handler_does_not_see_what_is_said_of_them(self, stack: Stack, staff: SignIn) -> None:
        with closing(Citizen(stack.url)) as citizen:
            number = filed(citizen, STORY.replace("cán bộ", "chị Nhạn ở"))["number"]
        assert f"/desk/tickets/{number}" in staff("xung").get(f"/desk?number={number}")
        assert f"/desk/tickets/{number}" not in staff("nhan").get(f"/desk?state=all&number={number}")
        assert staff("nhan").http.get(f"/desk/tickets/{number}").status_code == 404
        assert "Đỗ Thị Nhạn</option>" not in staff("xung").get(f"/desk/tickets/{number}")

    @pytest.mark.parametrize(
        "who",
        ["cán bộ Nhạn", "nhân viên Đỗ Thị Nhạn", "anh Tèo và chị Đỗ Thị Nhạn", "cán bộ đeo bảng tên Đỗ Thị Nhạn"],
    )
    def test_a_handler_named_in_any_way_does_not_see_it(self, stack: Stack, staff: SignIn, who: str) -> None:
        with closing(Citizen(stack.url)) as citizen:
            number = filed(citizen, STORY.replace("cán bộ", f"{who} ở"))["number"]
        assert staff("nhan").http.get(f"/desk/tickets/{number}").status_code == 404

    def test_a_handler_named_later_does_not_see_it_any_more(self, stack: Stack, staff: SignIn) -> None:
        with closing(Citizen(stack.url)) as citizen:
            number = filed(citizen)["number"]
            citizen.say("bổ sung thông tin")
            assert "đã chuyển" in citizen.say("người nạt tôi là chị Nhạn")["text"]
        assert staff("nhan").http.get(f"/desk/tickets/{number}").status_code == 404

    def test_files_go_with_their_ticket_only(
        self, stack: Stack, staff: SignIn, hostile: Filed, ticket: Filed
    ) -> None:
        clerk, page = staff("dieuphoi"), f"/desk/tickets/{hostile['number']}"
        files = re.findall(rf'<a href="({page}/files/[0-9a-f-]+)">', clerk.get(page))
        assert len(files) >= 3
        kinds = {clerk.http.get(path).headers["content-type"].rpartition(".")[2] for path in files}
        assert kinds == {"image/jpeg", "document"}
        for path in files:
            answer = clerk.http.get(path)
            assert answer.headers["content-security-policy"] == "sandbox"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "x-evil" not in answer.headers
            how, _, name = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
            assert how == ("inline" if answer.headers["content-type"] == "image/jpeg" else "attachment")
            assert re.fullmatch(r"(?!\.)[\w%.-]+\.(jpg|docx)", name)
            assert not {"%2F", "%5C", "%0D", "%0A", "%3C", "%22", "%E2%80%AE"} & set(re.findall("%..", name))
            file_id = path.rpartition("/")[2]
            for other in (f"/desk/tickets/{ticket['number']}/files/{file_id}", f"{page}/files/{file_id[:-1]}"):
                assert clerk.http.get(other).status_code == 404
            assert staff("nhan").http.get(path).status_code == 404  # of another unit
            assert httpx.get(stack.url + path).status_code == 303

    def test_markup_of_strangers_is_shown_as_text_on_every_page(self, stack: Stack, hostile: Filed) -> None:
        with closing(admin(stack)) as clerk:
            page = f"/desk/tickets/{hostile['number']}"
            noted = send(clerk, f"{page}/note", text=f"ghi chú {MARKUP}").text
            assert read(noted).words.count("<script>alert(1)</script>") >= 4  # story, place, person, note
            assert send(clerk, f"{page}/actions/start").status_code == 200
            answer = {"text": f"thưa {MARKUP}", "checked": MARKUP}
            preview = send(clerk, f"{page}/actions/answer", preview="1", **answer)
            assert "thưa <script>" in read(preview.text).words
            read(send(clerk, f"{page}/actions/transfer", reason=MARKUP, unit=MARKUP).text)
            read(send(clerk, f"{page}/actions/merge", target=MARKUP).text)
            read(send(clerk, f"{page}/relate", other=MARKUP).text)
            read(send(clerk, f"{page}/split", story=MARKUP, categories=MARKUP).text)
            for path in ("/desk?state=all", "/desk/figures"):
                read(clerk.get(path))
            for path in ("", "/figures", "/login", "/password", f"/{MARKUP}", f"/tickets/{MARKUP}"):
                query = dict.fromkeys(("number", "unit", "state", "period", "by", "next", "done", "page"), MARKUP)
                read(clerk.http.get(f"/desk{path}", params=query).text)
        read(httpx.post(f"{stack.url}/desk/login", data={"username": f'">{MARKUP}', "next": MARKUP}).text)
        checklist = httpx.get(f"{stack.url}/giay-to/1.001193", params={MARKUP: MARKUP, "who": MARKUP}).text
        assert "<script>alert" not in checklist

    def test_an_ended_session_stays_ended(self, stack: Stack, engine: Engine, staff: SignIn) -> None:
        clerk = staff("nghiviec")
        with closing(sign_in(stack, "nghiviec")) as leaving:
            kept = {"Cookie": f"tiepdan_desk={leaving.http.cookies['tiepdan_desk']}"}
            assert httpx.get(f"{stack.url}/desk", headers=kept).status_code == 200
            assert send(leaving, "/desk/logout").status_code == 200
            assert httpx.get(f"{stack.url}/desk", headers=kept).status_code == 303
        assert "Danh sách phiếu" in clerk.get("/desk")
        with session_scope(engine) as session:
            session.scalars(select(Staff).where(Staff.username == "nghiviec")).one().active = False
        assert "Đăng nhập" in clerk.get("/desk")
        assert clerk.http.post("/desk/password", data={"old": PASSWORD}).status_code == 401
        again = httpx.post(f"{stack.url}/desk/login", data={"username": "nghiviec", "password": PASSWORD})
        assert again.status_code == 401

    def test_guesses_at_a_password_slow_down_also_in_parallel(self, stack: Stack, staff: SignIn) -> None:
        def guess(form: tuple[str, str]) -> int:
            given = {"username": form[0], "password": form[1]}
            return httpx.post(f"{stack.url}/desk/login", data=given, timeout=30).status_code

        assert staff("dongho").get("/desk")
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(guess, [("dongho", f"sai-{at}") for at in range(3)] + [(" DongHo ", "sai")] * 3))
        assert sorted(told) == [401] * 3 + [429] * 3
        assert guess(("dongho", PASSWORD)) == 429
        assert "Danh sách phiếu" in staff("dongho").get("/desk")  # whoever is in stays in
