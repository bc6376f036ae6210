"""Rotating the keys under which citizens' words, names and files are sealed: `tiepdan keys rotate`."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from sqlalchemy import ColumnElement, Engine, select, update
from sqlalchemy.engine import URL
from sqlalchemy.orm import InstrumentedAttribute

from assembly import env_file, run_lock
from assembly.console import done, say
from assembly.databases import rasa_url
from assembly.instance import instance
from backlog.model import Evidence, PetitionDraft, SealedIdentity
from bot.inbox import InboxMessage
from kit.crypto import CannotOpen, Sealer
from kit.db import make_engine, session_scope
from kit.errors import SetupError
from kit.outbox import Conversation, OutboxMessage
from kit.settings import load_settings

_BATCH = 500
_SEAL_START = "gAAAAA"  # version 0x80 and the first bytes of the moment, in every Fernet token
_TOKEN = re.compile(rf"{_SEAL_START}[A-Za-z0-9_-]{{90,}}={{0,2}}")


class StillRunning(SetupError):
    """Tiếp Dân đang chạy và chỉ biết khóa cũ. Dừng `tiepdan run` rồi chạy lại lệnh này."""


@dataclass(frozen=True)
class Sealed:
    """One column that holds sealed content, and the key of its row."""

    what: str
    key: InstrumentedAttribute[Any]
    body: InstrumentedAttribute[Any]


SEALED = (
    Sealed("danh tính", SealedIdentity.ticket_id, SealedIdentity.body),
    Sealed("tệp", Evidence.id, Evidence.body),
    Sealed("đơn soạn sẵn", PetitionDraft.digest, PetitionDraft.body),
    Sealed("địa chỉ kênh", Conversation.id, Conversation.address_sealed),
    Sealed("tin nhận", InboxMessage.id, InboxMessage.body),
    Sealed("tin gửi", OutboxMessage.id, OutboxMessage.body),
)
"""Everything that is sealed in the database. A test compares it with what the code seals."""


def rotate_all() -> None:
    """Seal everything under a new key and take the old ones out of `.env`. Tiếp Dân must stand still meanwhile.

    Broken off in the middle, it loses nothing: `.env` then names both keys, and the next run finishes.
    Raises StillRunning, SetupError when the keys are not in `.env`, or CannotOpen for what no key opens.
    """
    var = load_settings().var_dir
    if run_lock.running(var) or run_lock.starting(var):
        raise StillRunning
    with instance("database") as settings:
        if run_lock.running(var):  # started meanwhile; from here on our own lock keeps others away
            raise StillRunning
        old = [key.get_secret_value() for key in settings.seal_keys]
        new = Fernet.generate_key().decode()
        env_file.replace("SEAL_KEYS", ",".join([new, *old]))
        sealer = Sealer([new, *old])
        engine = make_engine(settings.dsn, pool_size=1)
        try:
            counts = rotate(engine, sealer)
        finally:
            engine.dispose()
        rotate_conversations(rasa_url(settings), sealer)
    env_file.replace("SEAL_KEYS", new)
    done("Đã niêm phong lại bằng khóa mới: " + ", ".join(f"{count} {what}" for what, count in counts.items()) + ".")
    say("Khóa cũ đã bỏ khỏi .env. Cất một bản .env mới ở nơi an toàn.")


def rotate(engine: Engine, sealer: Sealer) -> dict[str, int]:
    """Seal everything anew under the newest key, batch by batch while the system runs; how many of each.

    A row that changes meanwhile keeps what it changed to, which is sealed under the newest key anyway. After it the
    old keys open nothing that is left, and may be taken out of SEAL_KEYS. Raises CannotOpen at the first row that no
    key opens; what was done until then stays done.
    """
    return {one.what: _rotate(engine, sealer, one) for one in SEALED}


def rotate_conversations(url: URL, sealer: Sealer) -> int:
    """Seal anew what conversations under way carry in Rasa's store: a name given, the complaint not yet filed.

    Returns how many events were changed. What no key opens stays: a citizen may write what looks like a seal.
    """
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as connection:
        if connection.execute("select to_regclass('events')").fetchone() == (None,):
            return 0  # Rasa has never run
        rows = connection.execute("select id, data from events where data like %s", [f"%{_SEAL_START}%"]).fetchall()
        for key, data in rows:
            renewed = _TOKEN.sub(lambda found: _renewed_if_ours(sealer, found[0]), data)
            connection.execute("update events set data = %s where id = %s", [renewed, key])
    return len(rows)


def _rotate(engine: Engine, sealer: Sealer, one: Sealed) -> int:
    done, last = 0, None
    while True:
        with session_scope(engine) as session:
            after: list[ColumnElement[bool]] = [] if last is None else [one.key > last]
            keys = session.scalars(select(one.key).where(*after).order_by(one.key).limit(_BATCH)).all()
            for key in keys:  # one by one: a batch of files would fill the memory
                row = session.execute(select(one.body).where(one.key == key).with_for_update()).one_or_none()
                if row is not None:  # else it was deleted meanwhile
                    renewed = _renewed(sealer, one, key, row[0])
                    session.execute(update(one.key.class_).where(one.key == key).values({one.body: renewed}))
        if not keys:
            return done
        done, last = done + len(keys), keys[-1]


def _renewed(sealer: Sealer, one: Sealed, key: object, body: str | bytes) -> str | bytes:
    try:
        return sealer.renew(body) if isinstance(body, bytes) else sealer.renew(body.encode()).decode("ascii")
    except CannotOpen:
        raise CannotOpen(
            f"Không khóa nào trong SEAL_KEYS mở được {one.what} {key}. Thêm khóa cũ vào cuối SEAL_KEYS rồi chạy lại."
        ) from None


def _renewed_if_ours(sealer: Sealer, token: str) -> str:
    try:
        return sealer.renew(token.encode()).decode("ascii")
    except CannotOpen:
        return token
