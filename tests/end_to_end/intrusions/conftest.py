"""A running system with accounts, a victim and a stranger; everything is made once."""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine

from backlog.staff import add_staff
from desk.passwords import hash_password
from kit.db import make_engine, session_scope
from tests.clerk import PASSWORD, Clerk
from tests.end_to_end.intrusions.helpers import (
    MARKUP,
    NAMES,
    PEOPLE,
    Filed,
    SignIn,
    filed,
    photo,
    sign_in,
    upload,
    word_bomb,
)
from tests.stack import Citizen, Stack


@pytest.fixture(scope="session")
def engine(stack: Stack) -> Iterator[Engine]:
    """The tickets' database, to look at what an intrusion has left."""
    found = make_engine(stack.settings.dsn, pool_size=2)
    yield found
    found.dispose()


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def owner(stack: Stack) -> Iterator[Citizen]:
    """A citizen whose ticket the others are after."""
    with closing(Citizen(stack.url)) as citizen:
        yield citizen


@pytest.fixture(scope="session")
def ticket(owner: Citizen) -> Filed:
    return filed(owner)


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Citizen]:
    with closing(Citizen(stack.url)) as citizen:
        yield citizen


@pytest.fixture(scope="session")
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
