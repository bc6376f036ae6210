"""Copies of the end of the audit chain: what they find, and that a crash spoils none of them."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from assembly import clerk, env_file, witness
from assembly.clerk import ChainBroken
from backlog import audit
from backlog.audit import Head
from kit import clock
from kit.db import session_scope
from tests.unit.assembly.support import SECRET

CUT_OFF = [
    "alter table audit_row disable trigger user",
    "alter table audit_head disable trigger user",
    "delete from audit_row where seq > 2",
    "update audit_head set count = 2, hash = (select hash from audit_row where seq = 2)",
    "alter table audit_row enable trigger user",
    "alter table audit_head enable trigger user",
]
"""What the owner of the tables could do, and nothing in the database would tell."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the copies are; the folder is not there yet."""
    return witness.path_in(tmp_path / "var")


def write(engine: Engine, action: str = "try") -> Head:
    with session_scope(engine) as session:
        audit.write(session, at=clock.now(), actor="system", action=action, ticket_id=None, data={})
        return audit.head(session)


def problems(engine: Engine, path: Path) -> list[str]:
    with session_scope(engine) as session:
        return audit.verify(session, witness.read(path))


def cut_off(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in CUT_OFF:
            connection.execute(text(statement))


def test_every_new_head_is_copied_once(lasting: Engine, path: Path) -> None:
    assert witness.record(lasting, path) == Head(0, audit.GENESIS)
    assert witness.read(path) == []
    first = write(lasting)
    for _ in range(3):
        assert witness.record(lasting, path) == first
    second = write(lasting)
    witness.record(lasting, path)
    assert witness.read(path) == [first, second]
    count, told, moment = path.read_text().splitlines()[-1].split()
    assert (count, told, moment[:4]) == ("2", second.hash, str(clock.now().year))
    assert problems(lasting, path) == []


def test_a_tail_that_was_cut_off_is_found_by_its_copy_alone(lasting: Engine, path: Path) -> None:
    for _ in range(3):
        write(lasting)
    witness.record(lasting, path)
    cut_off(lasting)
    assert problems(lasting, path.with_name("none")) == [], "the database itself has nothing to tell"
    assert problems(lasting, path) == ["cuối chuỗi: đã từng có 3 dòng, nay chỉ còn 2 dòng"]


def test_a_tail_that_was_written_anew_is_found_by_its_copy(lasting: Engine, path: Path) -> None:
    for _ in range(3):
        write(lasting)
    witness.record(lasting, path)
    cut_off(lasting)
    write(lasting, "another story")
    assert problems(lasting, path.with_name("none")) == []
    assert problems(lasting, path) == ["dòng 3: khác với bản đã ghi làm chứng"]


@pytest.mark.parametrize("left", [1, 2, 30, 66])  # in the count, behind it, in the hash, behind it
def test_a_line_torn_by_a_crash_spoils_no_other(lasting: Engine, path: Path, left: int) -> None:
    first = write(lasting)
    witness.record(lasting, path)
    write(lasting)
    witness.record(lasting, path)
    whole = path.read_text()
    path.write_text(whole[: whole.index("\n") + 1 + left])
    assert witness.read(path) == [first]
    third = write(lasting)
    witness.record(lasting, path)
    assert witness.read(path) == [first, third]
    assert problems(lasting, path) == []


@pytest.fixture
def installation(lasting: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The surroundings of a command: the database of this test, all secrets, a directory of its own."""
    dsn = lasting.url.set(drivername="postgresql").render_as_string(hide_password=False)
    names = (*env_file._SECRETS, "SEAL_KEYS")
    for name in names:
        monkeypatch.setenv(name, Fernet.generate_key().decode() if name == "SEAL_KEYS" else SECRET)
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "RASA_DATABASE_URL"):
        monkeypatch.setenv(name, dsn)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


def test_the_command_compares_with_the_copies(
    lasting: Engine, installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        last = write(lasting)
    witness.record(lasting, witness.path_in(installation))
    clerk.show_audit_head()
    assert capsys.readouterr().out == f"3 {last.hash}\n"
    clerk.verify_audit()
    assert "nguyên vẹn" in capsys.readouterr().err
    cut_off(lasting)
    with pytest.raises(ChainBroken, match="đã từng có 3 dòng, nay chỉ còn 2 dòng"):
        clerk.verify_audit()
