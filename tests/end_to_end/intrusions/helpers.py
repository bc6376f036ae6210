"""What an intruder needs: sessions, files that lie, raw requests, a look into databases and logs."""

import hashlib
import io
import re
import socket
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import psycopg
from docx import Document
from PIL import Image
from sqlalchemy import Engine

from assembly import databases
from backlog.numbers import make as make_number
from bot.inbox import find_conversation
from bot.web.routes import COOKIE
from kit.db import session_scope
from tests.clerk import PASSWORD, Clerk
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
MARKUP = '<script>alert(1)</script><img src=x onerror=alert(2)><b id="b">'
NAMES = (f"../../etc/{MARKUP}.jpg", "C:\\Windows\\con\\\u202egpj.exe", '".jpg\r\nX-Evil: 1\r\n\r\n<b>')


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
