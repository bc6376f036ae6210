"""Intrusions tried against the running stack, as strangers, as citizens and as staff who want more than is theirs."""

import csv
import hashlib
import io
import os
import re
import secrets
import socket
import struct
import subprocess
import sys
import unicodedata
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from docx import Document
from PIL import Image
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from assembly import databases
from backlog.evidence import MOST_BYTES, MOST_FILES
from backlog.model import Evidence, Staff, Ticket
from backlog.numbers import make as make_number
from backlog.staff import add_staff
from bot.inbox import find_conversation
from bot.turn import STALE
from bot.web.routes import COOKIE, MESSAGES_A_MINUTE
from desk.passwords import hash_password
from kit.db import make_engine, session_scope
from kit.settings import ROOT
from tests.clerk import PASSWORD, Clerk, admin
from tests.factories import OTHER_UNIT, UNIT
from tests.stack import Citizen, Stack

STORY = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
BRIBE = "hôm qua cán bộ phường 3 thành phố sóc trăng đòi tôi 500 ngàn mới chịu làm giấy kết hôn, không đưa thì thôi"
ABOUT_THE_HEAD = "hôm qua chủ tịch phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
ASK = "phiếu của tôi tới đâu rồi"
REASON = "cần hỏi thêm người chứng kiến"
MADE_UP = make_number(2026, 999_999)
SignIn = Callable[[str], Clerk]
Filed = dict[str, str]
PEOPLE = {
    "nhan": ("Đỗ Thị Nhạn", "handler", UNIT),
    "khach": ("Đỗ Thị Khuyên", "handler", OTHER_UNIT),
    "xung": ("Huỳnh Văn Xưng", "unit_head", UNIT),
    "thanhtra": ("Tạ Quang Nghiêm", "inspector", None),
    "dieuphoi": ("Tạ Quang Phối", "coordinator", None),
    "nghiviec": ("Tạ Quang Nghỉ", "coordinator", None),
    "dongho": ("Tạ Quang Đồng", "coordinator", None),
}


def filed(citizen: Citizen, *told: str) -> Filed:
    """A ticket that hides its citizen's name."""
    for words in told or (STORY,):
        citizen.say(words)
    citizen.press("Đồng ý, giấu tên")
    ticket: Filed = citizen.press("Đúng, gửi đi")["custom"]["ticket"]
    return ticket


def codes(citizen: Citizen) -> dict[str, str]:
    """Every button that was ever offered here, by its title."""
    return {choice["title"]: choice["code"] for entry in citizen.history() for choice in entry["choices"]}


def press_code(citizen: Citizen, code: str) -> str:
    citizen.send({"id": str(uuid.uuid4()), "choice": code, "title": "x"})
    return str(citizen.next_reply()["text"])


def upload(citizen: Citizen, *files: tuple[str, bytes], **words: str) -> httpx.Response:
    form = {"id": str(uuid.uuid4()), **words}
    parts = [("files", (name, body, "image/jpeg")) for name, body in files]
    return citizen.http.post("/chat/files", data=form, files=parts)


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "JPEG")
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """A picture that says it is larger than it is."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def word_bomb() -> bytes:
    """A Word file of some kilobytes that unpacks to 60 MB."""
    out = io.BytesIO()
    Document().save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.bin", b"\0" * 60_000_000)
    return out.getvalue()


def plain_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("macro.exe", b"MZ")
    return out.getvalue()


def odd_exif() -> bytes:
    """A photo whose EXIF data name the camera's maker with a number."""
    out, entry = io.BytesIO(), struct.Struct("<HHI4s")
    turned, maker = entry.pack(0x112, 3, 1, b"\6"), entry.pack(0x10F, 11, 1, b"\1\2\3\4")
    exif = b"Exif\0\0II*\0\x08\0\0\0\2\0" + turned + maker + b"\0\0\0\0"
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def sign_in(stack: Stack, username: str) -> Clerk:
    clerk = Clerk(stack.url)
    clerk.get("/desk")
    assert "Danh sách phiếu" in clerk.post("/desk/login", username=username, password=PASSWORD)
    return clerk


def send(clerk: Clerk, path: str, **form: str) -> httpx.Response:
    """What a form of this person's own page would send, whether or not the page has such a form."""
    found = re.search(r'name="csrf" value="([^"]+)"', clerk.get("/desk/password"))
    assert found is not None
    return clerk.http.post(path, data={"csrf": found[1], **form})


def raw(stack: Stack, request: bytes) -> int:
    """The status that a request gets which no HTTP library would write."""
    with socket.create_connection(("127.0.0.1", int(stack.environment["PORT"])), timeout=5) as connection:
        connection.sendall(request)
        return int(connection.recv(64).split()[1])


def conversation_of(stack: Stack, engine: Engine, citizen: Citizen) -> uuid.UUID:
    address = hashlib.sha256(citizen.http.cookies[COOKIE].encode()).hexdigest()
    with session_scope(engine) as session:
        found = find_conversation(session, stack.settings.digest_key.get_secret_value(), "web", address)
    assert found is not None
    return found.id


def rasa_rows(stack: Stack, query: str, *values: str) -> list[Any]:
    address = databases.rasa_url(stack.settings).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False)) as connection:
        return connection.execute(query, values).fetchall()


def logs(stack: Stack) -> str:
    """All that the processes have written, with what JSON escapes written out."""
    files = [*(stack.var / "log").iterdir(), stack.var / "supervisor.log"]
    written = "\n".join(path.read_text(errors="replace") for path in files)
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), written)


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def read(markup: str) -> Page:
    """The page. Fails on anything that would run, or that a stranger has put there."""
    page = Page()
    page.feed(markup)
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "base", "marquee"}, tag
        assert not [name for name in attributes if name.startswith("on")], attributes
        assert attributes.get("id") != "b"
        for address in filter(None, (attributes.get("src"), attributes.get("href"), attributes.get("action"))):
            assert address.startswith(("/", "#", "https://dichvucong.gov.vn")), address
    return page


@pytest.fixture(scope="module")
def engine(stack: Stack) -> Iterator[Engine]:
    """The tickets' database, to look at what an intrusion has left."""
    found = make_engine(stack.settings.dsn, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def staff(stack: Stack, engine: Engine) -> Iterator[SignIn]:
    """Signs in one of PEOPLE; each has one browser."""
    hashed, open_browsers = hash_password(PASSWORD), dict[str, Clerk]()
    with session_scope(engine) as session:
        for username, (name, role, unit) in PEOPLE.items():
            add_staff(session, username, name, role, unit, hashed).must_change_password = False

    def browser(username: str) -> Clerk:
        if username not in open_browsers:
            open_browsers[username] = sign_in(stack, username)
        return open_browsers[username]

    yield browser
    for clerk in open_browsers.values():
        clerk.close()


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Iterator[Citizen]:
    """A citizen whose ticket the others are after."""
    with closing(Citizen(stack.url)) as citizen:
        yield citizen


@pytest.fixture(scope="module")
def ticket(owner: Citizen) -> Filed:
    return filed(owner)


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Citizen]:
    with closing(Citizen(stack.url)) as citizen:
        yield citizen


MARKUP = '<script>alert(1)</script><img src=x onerror=alert(2)><b id="b">'
NAMES = (f"../../etc/{MARKUP}.jpg", "C:\\Windows\\con\\\u202egpj.exe", '".jpg\r\nX-Evil: 1\r\n\r\n<b>')


@pytest.fixture(scope="module")
def hostile(stack: Stack) -> Iterator[Filed]:
    """A ticket all of whose words are markup, with files whose names are an attack."""
    with closing(Citizen(stack.url)) as citizen:
        colours = ("red", "green", "blue")
        for name, colour in zip(NAMES, colours, strict=True):
            boundary = secrets.token_hex(8)
            part = f'--{boundary}\r\nContent-Disposition: form-data; name="'
            head = f'{part}id"\r\n\r\n{uuid.uuid4()}\r\n{part}files"; filename="{name}"\r\n\r\n'
            body = head.encode() + photo(colour) + f"\r\n--{boundary}--\r\n".encode()
            kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            sent = citizen.http.post("/chat/files", content=body, headers=kind)
            if sent.status_code == 202:
                citizen.next_reply()
            assert sent.status_code < 500
        assert upload(citizen, ("bom.docx", word_bomb())).status_code == 202
        citizen.next_reply()
        citizen.say(f"hôm qua cán bộ một cửa nạt nộ tôi khi nộp hồ sơ, nói năng rất khó nghe {MARKUP}")
        citizen.say(f"chỗ {MARKUP}")
        citizen.say(f"chỗ {MARKUP}")
        citizen.press("Đồng ý, giấu tên")
        citizen.press("Sửa lại")
        citizen.press("Người, thủ tục")
        citizen.say(f"{MARKUP}ai đó")
        yield citizen.press("Đúng, gửi đi")["custom"]["ticket"]


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


class TestInput:
    """Messages, files and requests that no honest browser sends."""

    def test_texts_that_attack_are_taken_as_texts(self, stack: Stack, stranger: Citizen) -> None:
        for words in (
            "'; drop table ticket; --",
            "chào\0 em \0",
            "\U0001f621" * 40,
            "\u202egnăs oàhc\u202c \u2066x",
            "{summary} {0.__class__} %s %(name)s ${GATEWAY_SECRET} {{7*7}}",
            "a\u0301" * 1500,
            "1." * 1990,
        ):
            reply = stranger.say(words)
            assert reply["from"] == "bot"
            assert stack.environment["GATEWAY_SECRET"] not in str(reply)
        half = b'{"id": "half-a-letter", "text": "\\ud800 ch\\u00e0o \\udfff"}'
        sent = stranger.http.post("/chat/messages", content=half, headers={"Content-Type": "application/json"})
        assert sent.status_code == 202
        assert stranger.next_reply()["from"] == "bot"
        assert not re.search("[\0\u202a-\u202e\u2066\ud800-\udfff]", str([one["text"] for one in stranger.history()]))
        long = stranger.http.post("/chat/messages", json={"id": "much-too-long", "text": "x" * 100_000})
        assert long.status_code == 422
        assert stranger.say("chào em")["from"] == "bot"

    def test_nobody_floods_one_conversation(self, stranger: Citizen) -> None:
        body = [{"id": f"flood-{at:04}", "text": "chào"} for at in range(MESSAGES_A_MINUTE + 1)]
        given = [stranger.http.post("/chat/messages", json=one).status_code for one in body]
        assert given == [202] * MESSAGES_A_MINUTE + [429]

    @pytest.mark.parametrize(
        ("name", "body"),
        [
            ("anh.jpg", b"MZ\x90\0" + b"\0" * 500),
            ("don.pdf", b"<!doctype html><script>alert(1)</script>"),
            ("anh.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
            ("anh.png", b"\x89PNG\r\n\x1a\n" + b"<svg onload=alert(1)>"),
            ("anh.jpg", photo("red")[:120]),
            ("don.docx", plain_zip()),
            ("anh.png", png(8_000, 8_000)),
            ("anh.png", png(2**31 - 1, 2**31 - 1)),
            ("anh.jpg", photo("red") + b"\0" * MOST_BYTES),
            ("trong.jpg", b""),
        ],
        ids=["exe", "html", "svg", "svg-in-png", "cut", "zip", "bomb", "huge-bomb", "too-large", "empty"],
    )
    def test_a_file_that_is_not_what_it_says_is_refused(self, stranger: Citizen, name: str, body: bytes) -> None:
        answer = upload(stranger, (name, body))
        assert answer.status_code == 422
        assert answer.json()["error"].endswith(".")

    def test_a_photo_with_odd_exif_data_is_taken(self, stranger: Citizen) -> None:
        assert upload(stranger, ("anh.jpg", odd_exif())).status_code == 202

    def test_eleven_files_are_too_many_at_once_or_one_after_another(self, stranger: Citizen) -> None:
        files = [(f"{at}.jpg", photo(f"hsl({30 * at}, 100%, 50%)")) for at in range(MOST_FILES + 1)]
        assert upload(stranger, *files).status_code == 422
        assert upload(stranger, *files[:MOST_FILES]).status_code == 202
        assert upload(stranger, files[MOST_FILES]).status_code == 422

    def test_requests_of_the_wrong_shape_are_refused(self, stack: Stack, stranger: Citizen) -> None:
        cookie = f"Cookie: {COOKIE}={stranger.http.cookies[COOKIE]}\r\n"
        post = f"POST /chat/files HTTP/1.1\r\nHost: x\r\n{cookie}Content-Type: multipart/form-data; boundary=z\r\n"
        for rest, status in (
            ("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 411),
            ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
            ("Content-Length: 99999999999\r\n\r\n", 413),
            ("Content-Length: 32000001\r\n\r\n", 413),
            ("Content-Length: -1\r\n\r\n", 400),
            ("Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
            ("Content-Length: 1\r\n\r\nx", 400),
            ("\r\n", 422),
        ):
            assert raw(stack, (post + rest).encode()) in (status, 400), rest
        for kind, body, status in (
            ("multipart/form-data", b"x", 400),
            ("application/json", b"[" * 100_000, 422),
            ("text/plain", b'{"id":"a-plain-text","text":"x"}', 422),
        ):
            for path in ("/chat/files", "/chat/messages"):
                got = stranger.http.post(path, content=body, headers={"Content-Type": kind})
                assert got.status_code in (status, 400, 422)
        assert stranger.http.post("/chat/messages", content=b"x" * 1_000_001).status_code == 413

    def test_odd_paths_lead_nowhere(self, stack: Stack) -> None:
        for path in ("/static/chat/..%2f..%2f..%2f.env", "/desk/static/%2e%2e/%2e%2e/.env", "/static/chat/%00"):
            assert httpx.get(f"{stack.url}{path}").status_code == 404
        for path in ("/docs", "/redoc", "/openapi.json", "/.env", "/var/run.json"):
            assert httpx.get(f"{stack.url}{path}").status_code == 404

    def test_odd_addresses_and_headers_cause_no_error_of_the_server(self, stack: Stack, stranger: Citizen) -> None:
        given = [httpx.get(f"{stack.url}/giay-to/%00").status_code]
        with stranger.http.stream("GET", "/chat/events", headers={b"Last-Event-ID": b"\xb2"}) as events:
            given.append(events.status_code)
        assert max(given) < 500

    def test_odd_addresses_at_the_desk_cause_no_error_of_the_server(self, stack: Stack, staff: SignIn) -> None:
        kept = dict(staff("nhan").http.cookies)
        paths = ("/desk/tickets/%00", "/desk?unit=%00", "/desk?number=%00", "/desk/figures?period=%00")
        assert max(httpx.get(stack.url + path, cookies=kept).status_code for path in paths) < 500


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


class TestExport:
    """What a spreadsheet makes of the tickets."""

    FORMULA = "cmd|'/c calc'!A1 hôm qua cán bộ một cửa nạt nộ tôi khi nộp hồ sơ, nói năng rất khó nghe"

    def cells(self, stack: Stack, target: Path) -> list[str]:
        subprocess.run(
            [sys.executable, "-m", "assembly", "tickets", "export", str(target), "--with-story"],
            cwd=ROOT,
            env={**os.environ, **stack.environment},
            check=True,
            capture_output=True,
            timeout=60,
        )
        with target.open(encoding="utf-8-sig", newline="") as file:
            return [cell for row in csv.reader(file) for cell in row]

    def test_a_formula_of_a_citizen_is_exported_as_text(self, stack: Stack, tmp_path: Path) -> None:
        for story, place in (("=", "@"), ("\t\u200b+", "  -")):
            with closing(Citizen(stack.url)) as citizen:
                filed(citizen, story + self.FORMULA, f"{place}SUM(1)", f"{place}SUM(1)")
        found = self.cells(stack, tmp_path / "phieu.csv")
        assert {f"'={self.FORMULA}", "'@SUM(1)", f"'+{self.FORMULA}", "'-SUM(1)"} <= set(found)
        assert [cell for cell in found if cell.lstrip(' "').startswith(("=", "+", "-", "@"))] == []

    def test_a_full_width_formula_is_exported_as_text(self, stack: Stack, tmp_path: Path) -> None:
        with closing(Citizen(stack.url)) as citizen:
            filed(citizen, "\uff1d" + self.FORMULA, "\uff0bSUM(1)", "\uff0bSUM(1)")
        plain = [unicodedata.normalize("NFKC", cell) for cell in self.cells(stack, tmp_path / "phieu.csv")]
        assert [cell for cell in plain if cell.startswith(("=", "+", "-", "@"))] == []


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
        assert number in staff("xung").get("/desk")
        assert number not in staff("nhan").get("/desk?state=all")
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
