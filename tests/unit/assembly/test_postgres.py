"""The embedded server: real, on loopback, with a password, safe to start again."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from assembly.postgres import EmbeddedPostgres, PostgresFailed
from tests.ports import free_port
from tests.stack import wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path_factory.mktemp("own")
    server = EmbeddedPostgres(folder / "data", free_port(), "right", folder / "log" / "postgres.log")
    server.start()
    yield server
    server.stop()


def again(server: EmbeddedPostgres, **changes: object) -> EmbeddedPostgres:
    fields = {"data": server.data, "port": server.port, "password": server.password, "log": server.log}
    return EmbeddedPostgres(**{**fields, **changes})  # type: ignore[arg-type]  # the tests name fields by keyword


def test_what_was_committed_is_there_after_a_restart(server: EmbeddedPostgres) -> None:
    server.create("own", "secret", "own")
    own = server.address("own", "secret", "own")
    with psycopg.connect(own) as connection:
        connection.execute("create table kept as select 1 as one")
    server.stop()
    server.start()
    server.create("own", "secret", "own")
    with psycopg.connect(own) as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)


def test_it_wants_the_right_password_and_listens_on_loopback_only(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.address("postgres", "wrong", "postgres"))
    with psycopg.connect(server.dsn) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("show unix_socket_directories").fetchone() == ("",)
        assert connection.execute("show password_encryption").fetchone() == ("scram-sha-256",)


def test_its_log_holds_nothing_of_the_data(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("create table said (words text primary key)")
        for _ in range(2):
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                connection.execute("insert into said values ('chuyện của tôi')")
    log = server.log
    assert log is not None

    def error_logged() -> str | None:
        return text if "said_pkey" in (text := log.read_text()) else None

    logged = wait_for(error_logged, 10, "the error in the log")
    assert "chuyện" not in logged


def test_its_files_are_nobody_elses(server: EmbeddedPostgres) -> None:
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert not list(server.data.parent.glob(".postgres-*")), "the password file goes with its folder"


def test_keys_that_do_not_fit_the_data_are_explained(server: EmbeddedPostgres) -> None:
    server.stop()
    try:
        with pytest.raises(PostgresFailed, match=r"\.env không khớp"):
            again(server, password="other").start()
    finally:
        server.start()


def test_a_server_that_cannot_start_says_why(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with pytest.raises(PostgresFailed, match=r"postmaster\.pid|lock file"):
        again(server, port=free_port(), log=tmp_path / "second.log").start()


def test_the_death_of_the_server_is_noticed(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", free_port(), "x", tmp_path / "log")
    server.start()
    server.check()
    assert server.process is not None
    server.process.kill()
    server.process.wait(10)
    with pytest.raises(PostgresFailed, match="dừng đột ngột"):
        server.check()


def test_roles_cannot_enter_each_others_databases(server: EmbeddedPostgres) -> None:
    server.create("rasa_one", "r", "rasa_one")
    server.create("ours", "o", "ours")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(server.address("rasa_one", "r", "ours"))


def test_it_goes_when_its_starter_goes(tmp_path: Path) -> None:
    import subprocess
    import sys

    from kit.settings import ROOT

    code = (
        "import time; from pathlib import Path; from assembly.postgres import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(Path({str(tmp_path / 'data')!r}), {free_port()}, 'x'); server.start()\n"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout:
        assert int(starter.stdout.readline()) > 0
    starter.kill()
    starter.wait()
    wait_for(lambda: not (tmp_path / "data" / "postmaster.pid").exists(), 15, "an orderly end of the server")
