"""Rotating the sealing keys: afterwards the new key alone opens everything, wherever it was broken off before."""

import ast
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import InstrumentedAttribute, Session

from assembly import env_file, keys, migrate
from assembly.postgres import EmbeddedPostgres
from assembly.run_lock import RunLock
from backlog import evidence, petitions
from backlog.evidence import Clean
from backlog.identity import Contact
from backlog.model import Evidence, PetitionDraft, SealedIdentity
from backlog.petitions import Told
from bot import inbox
from bot.channels.base import Inbound
from bot.inbox import InboxMessage
from catalogue.load import Facts
from kit import outbox
from kit.crypto import CannotOpen, Sealer
from kit.db import make_engine, session_scope
from kit.outbox import Conversation, OutboxMessage
from kit.settings import ROOT
from tests.factories import MONDAY, make_ticket
from tests.ports import free_port

DIGEST_KEY = "digest-key-for-tests-only"
PACKAGES = ("kit", "vntext", "catalogue", "backlog", "bot", "actions", "desk", "assembly")

SEALS: dict[str, list[InstrumentedAttribute[str] | InstrumentedAttribute[bytes]]] = {
    "backlog/evidence.py:keep": [Evidence.body],
    "backlog/identity.py:seal": [SealedIdentity.body],
    "backlog/petitions.py:store": [PetitionDraft.body],
    "bot/inbox.py:_conversation": [Conversation.address_sealed],
    "bot/inbox.py:accept": [InboxMessage.body],
    "kit/outbox.py:put": [OutboxMessage.body],
    "bot/masking.py:mask": [],  # these two travel with a turn, and stay in Rasa's store: rotate_conversations
    "bot/turn.py:seal_identity": [],
}
"""Every function that seals something, and the columns in which that is kept."""


def new_key() -> str:
    return Fernet.generate_key().decode()


def fill(engine: Engine, facts: Facts, sealer: Sealer) -> None:
    """One row, by its own code, in every column that holds something sealed; two where one is easily made."""
    address = uuid.uuid4().hex
    scan = Clean("document", "application/pdf", "giay.pdf", f"%PDF {address}".encode())
    letter = petitions.compose("khieu_nai", Told(address, "Chủ tịch"), facts.legal, MONDAY.date())
    with session_scope(engine) as session:
        inbox.accept(session, sealer, DIGEST_KEY, Inbound("web", address, uuid.uuid4().hex, "lời", files=(scan,)))
        conversation = inbox.find_conversation(session, DIGEST_KEY, "web", address)
        assert conversation is not None
        outbox.put(session, sealer, conversation.id, {"text": "đáp", "from": "bot"}, uuid.uuid4().hex)
        make_ticket(session, facts, sealer, contact=Contact("named", "Nguyễn Thị Sáu", "0912345678"))
        petitions.store(session, sealer, letter, MONDAY)


def opened(engine: Engine, sealer: Sealer) -> dict[str, int]:
    """Everything that is sealed, by the code's own readers; how many of each. Raises CannotOpen."""
    with session_scope(engine) as session:
        names = [json.loads(sealer.open(one))["name"] for one in every(session, SealedIdentity.body)]
        files = [evidence.read(sealer, one).index(b"%PDF") for one in session.scalars(select(Evidence))]
        letters = [petitions.Letter.from_json(sealer.open(one)) for one in every(session, PetitionDraft.body)]
        addresses = [sealer.open(one) for one in every(session, Conversation.address_sealed)]
        heard = [inbox.read_body(sealer, one) for one in session.scalars(select(InboxMessage))]
        said = [outbox.read_body(sealer, one) for one in session.scalars(select(OutboxMessage))]
    return {
        "danh tính": len(names),
        "tệp": len(files),
        "đơn soạn sẵn": len(letters),
        "địa chỉ kênh": len(addresses),
        "tin nhận": len(heard),
        "tin gửi": len(said),
    }


def every(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return list(session.scalars(select(column)))


def by_newest_alone(engine: Engine, newest: str, older: list[str]) -> None:
    """Every sealed value is under the newest key, and no older one opens any of them."""
    sealer, former = Sealer([newest]), [Sealer([key]) for key in older]
    with session_scope(engine) as session:
        for one in keys.SEALED:
            values = session.scalars(select(one.body)).all()
            assert values, f"nothing to try for {one.what}"
            for value in values:
                token = value if isinstance(value, bytes) else value.encode()
                sealer.open_bytes(token)
                for old in former:
                    with pytest.raises(CannotOpen):
                        old.open_bytes(token)


def sealing_functions() -> set[str]:
    """ "file:function" of every call of Sealer.seal or seal_bytes in our code."""
    found = set()
    for path in sorted(one for package in PACKAGES for one in (ROOT / package).rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                called = {ast.unparse(call.func) for call in ast.walk(function) if isinstance(call, ast.Call)}
                if any(name.endswith((".seal", ".seal_bytes")) for name in called - {"identity.seal"}):
                    found.add(f"{path.relative_to(ROOT)}:{function.name}")
    return found


def test_everything_that_the_code_seals_is_rotated() -> None:
    assert sealing_functions() == set(SEALS), "say in SEALS where it is kept, and add the column to keys.SEALED"
    columns = [column for kept in SEALS.values() for column in kept]
    assert sorted(map(str, columns)) == sorted(str(one.body) for one in keys.SEALED)


def test_the_new_key_alone_opens_everything_afterwards(
    lasting: Engine, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_BATCH", 2)  # five of each: more than one batch, and a last one that is not full
    first, second, third = new_key(), new_key(), new_key()
    for sealer in (Sealer([first]), Sealer([first]), Sealer([second, first]), Sealer([second]), Sealer([second])):
        fill(lasting, facts, sealer)
    before = opened(lasting, Sealer([second, first]))
    counts = keys.rotate(lasting, Sealer([third, second, first]))
    assert counts == before
    assert min(counts.values()) == 5
    by_newest_alone(lasting, third, [first, second])
    assert opened(lasting, Sealer([third])) == before


def test_broken_off_in_the_middle_nothing_is_lost_and_the_next_run_finishes(lasting: Engine, facts: Facts) -> None:
    first, second, third = new_key(), new_key(), new_key()
    fill(lasting, facts, Sealer([first]))
    with session_scope(lasting) as session:
        lost = Evidence(
            name="x", media_type="x", size=1, digest="x", body=Sealer([new_key()]).seal_bytes(b"x"), at=MONDAY
        )
        session.add(lost)
    with pytest.raises(CannotOpen) as caught:
        keys.rotate(lasting, Sealer([second, first]))
    assert f"mở được tệp {lost.id}" in caught.value.message
    assert "SEAL_KEYS" in caught.value.message
    with session_scope(lasting) as session:
        Sealer([second]).open(every(session, SealedIdentity.body)[0])  # this one was done
        Sealer([first]).open(every(session, OutboxMessage.body)[0])  # this one was not
        session.execute(delete(Evidence).where(Evidence.id == lost.id))
    opened(lasting, Sealer([second, first]))
    keys.rotate(lasting, Sealer([third, second, first]))
    by_newest_alone(lasting, third, [first, second])


def test_what_looks_like_a_seal_and_is_damaged_is_reported(lasting: Engine, facts: Facts) -> None:
    key = new_key()
    fill(lasting, facts, Sealer([key]))
    with session_scope(lasting) as session:
        session.scalars(select(SealedIdentity)).one().body = "không phải niêm phong"
    with pytest.raises(CannotOpen, match="mở được danh tính"):
        keys.rotate(lasting, Sealer([new_key(), key]))


@pytest.fixture
def events(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Rasa's database, before Rasa has ever run on it."""
    postgres.create("talking", "t", "talking_test")
    with psycopg.connect(postgres.address("talking", "t", "talking_test"), autocommit=True) as connection:
        connection.execute("drop table if exists events")
        yield connection


def test_a_complaint_under_way_keeps_the_name_that_was_given(
    postgres: EmbeddedPostgres, events: psycopg.Connection[tuple[object, ...]]
) -> None:
    old, new = new_key(), new_key()
    url, both = make_url(postgres.address("talking", "t", "talking_test")), Sealer([new, old])
    assert keys.rotate_conversations(url, both) == 0, "Rasa has never run"
    # The columns that matter (rasa 3.6.21, core/tracker_store.py)
    events.execute("create table events (id serial primary key, sender_id varchar(255), data text)")
    foreign = Sealer([new_key()]).seal("của người khác")
    said = {
        "event": "slot",
        "value": {"identity_sealed": Sealer([old]).seal("Sáu 0912345678"), "phone_sealed": Sealer([old]).seal("09")},
    }
    told = {"event": "user", "text": f"gAAAAA {foreign} {'gAAAAA' + 'x' * 200}", "metadata": {}}
    for one in (said, told, {"event": "action"}):
        events.execute("insert into events (sender_id, data) values ('web:1', %s)", [json.dumps(one)])
    keys.rotate_conversations(url, both)
    rows = [json.loads(str(row[0])) for row in events.execute("select data from events order by id").fetchall()]
    alone = Sealer([new])
    assert {name: alone.open(token) for name, token in rows[0]["value"].items()} == {
        "identity_sealed": "Sáu 0912345678",
        "phone_sealed": "09",
    }
    assert rows[1:] == [told, {"event": "action"}], "what nobody here sealed stays as it was"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with an `.env` of its own: the code finds that file beside itself."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in (*PACKAGES, "migrations", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "nlu"))
    env_file.ensure(folder / ".env")
    return folder


def tiepdan(checkout: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    mine = {name: value for name, value in os.environ.items() if name not in (*env_file._SECRETS, "SEAL_KEYS")}
    return subprocess.run(
        [sys.executable, "-m", "assembly", *words],
        cwd=checkout,
        env={**mine, "VAR_DIR": str(checkout / "var"), "PYTHONPATH": str(checkout), **more},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def lines(checkout: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines() if "=" in line)


def test_nothing_is_rotated_while_it_runs(checkout: Path) -> None:
    before = (checkout / ".env").read_bytes()
    with RunLock(checkout / "var") as lock:
        for ready in (False, True):
            if ready:
                lock.publish(port=1, rasa_port=1, postgres_port=1)
            done = tiepdan(checkout, "keys", "rotate")
            assert done.returncode == 1
            assert "Dừng `tiepdan run`" in done.stderr
    assert (checkout / ".env").read_bytes() == before


def test_the_command_leaves_one_new_key_in_a_file_for_its_owner_alone(checkout: Path, facts: Facts) -> None:
    """As after a run that was broken off: `.env` names two keys, and there is something under each."""
    secrets = lines(checkout)
    old, interrupted = secrets["SEAL_KEYS"], new_key()
    env_file.replace("SEAL_KEYS", f"{interrupted},{old}", checkout / ".env")
    server = EmbeddedPostgres(checkout / "var" / "postgres", free_port(), secrets["POSTGRES_SUPERUSER_PASSWORD"])
    engine = make_engine(server.address("tiepdan", secrets["POSTGRES_PASSWORD"], "tiepdan"))
    server.start()
    try:
        server.create("tiepdan", secrets["POSTGRES_PASSWORD"], "tiepdan")
        migrate.upgrade(engine)
        fill(engine, facts, Sealer([old]))
        fill(engine, facts, Sealer([interrupted, old]))
    finally:
        engine.dispose()
        server.stop()

    outside = tiepdan(checkout, "keys", "rotate", SEAL_KEYS=f"{interrupted},{old}")
    assert outside.returncode == 1
    assert "SEAL_KEYS không nằm trong tệp .env" in outside.stderr
    assert lines(checkout)["SEAL_KEYS"] == f"{interrupted},{old}"

    done = tiepdan(checkout, "keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert "2 danh tính, 2 tệp, 2 đơn soạn sẵn, 2 địa chỉ kênh, 2 tin nhận, 2 tin gửi" in done.stderr
    newest = lines(checkout)["SEAL_KEYS"]
    assert newest not in (old, interrupted)
    assert len(newest) == len(old)
    assert {**lines(checkout), "SEAL_KEYS": ""} == {**secrets, "SEAL_KEYS": ""}
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600
    assert newest not in done.stdout + done.stderr
    server.start()
    try:
        by_newest_alone(engine, newest, [old, interrupted])
    finally:
        engine.dispose()
        server.stop()
