"""Input that wants to be code, or to stop the system."""

import csv
import os
import re
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from backlog.evidence import MOST_BYTES, MOST_FILES
from bot.web.routes import COOKIE, MESSAGES_A_MINUTE
from kit.settings import ROOT
from tests.end_to_end.intrusions.helpers import (
    SignIn,
    filed,
    odd_exif,
    photo,
    plain_zip,
    png,
    raw,
    upload,
)
from tests.stack import Citizen, Stack


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
