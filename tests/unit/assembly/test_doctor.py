"""What the doctor finds, and what it tells people to do."""

import os
import socket
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from assembly import doctor, env_file, migrate
from assembly.doctor import Finding
from assembly.postgres import EmbeddedPostgres
from kit import clock
from kit.db import make_engine
from kit.settings import Settings
from tests.unit.assembly.support import settings


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_both_interpreters_are_looked_at() -> None:
    assert [finding.verdict for finding in doctor.versions()] == ["ok", "ok"]


def test_a_readable_env_file_is_broken_and_says_the_command(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert only(list(doctor.env_mode(path))).verdict == "note"
    env_file.ensure(path)
    if not path.exists():  # every secret came from the environment
        path.touch(mode=0o600)
    assert only(list(doctor.env_mode(path))).verdict == "ok"
    path.chmod(0o644)
    assert "chmod 600" in only(list(doctor.env_mode(path))).advice


def test_a_taken_port_names_its_holder(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        found = list(doctor.network(settings(tmp_path, port=sock.getsockname()[1])))
    assert found[0].verdict == "bad"
    assert f"tiến trình {os.getpid()}" in found[0].advice


def test_an_old_clock_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(list(doctor.time(settings(tmp_path)))).verdict == "ok"
    monkeypatch.setattr(clock, "now", lambda: datetime(2020, 1, 1, tzinfo=clock.VIETNAM))
    found = only(list(doctor.time(settings(tmp_path))))
    assert found.verdict == "bad"
    assert "01/01/2020" in found.text


def test_a_calendar_that_ends_soon_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(list(doctor.calendar(settings(tmp_path)))).verdict == "ok"
    monkeypatch.setattr(clock, "now", lambda: datetime(2030, 11, 1, tzinfo=clock.VIETNAM))
    found = only(list(doctor.calendar(settings(tmp_path))))
    assert (found.verdict, found.advice) == ("bad", "Thêm năm 2031 vào data/calendar/overlay.yml.")


def test_a_full_disk_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LEAST_SPACE_MB", 10**9)
    assert only(list(doctor.disk(settings(tmp_path / "not yet")))).verdict == "bad"


def test_a_database_behind_the_code_is_broken(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    postgres.create("doctor", "d", "doctor_test")
    own: Settings = settings(tmp_path, database_url=postgres.address("doctor", "d", "doctor_test"))
    found = {finding.text: finding for finding in doctor._database(own)}
    assert found["Lược đồ dữ liệu"].verdict == "bad"
    assert "make run" in found["Lược đồ dữ liệu"].advice
    assert any(text.startswith("PostgreSQL 18") for text in found)


def test_a_role_that_owns_the_audit_trail_is_told_how_to_own_less(
    postgres: EmbeddedPostgres, lasting: Engine, tmp_path: Path
) -> None:
    def findings() -> list[Finding]:
        return [one for one in doctor._database(own) if "Nhật ký thay đổi" in one.text]

    name = str(lasting.url.database)  # of its role as well
    own = settings(tmp_path, database_url=lasting.url.set(drivername="postgresql").render_as_string(False))
    assert only(findings()).verdict == "note"
    assert "OWNER_DATABASE_URL" in only(findings()).advice
    postgres.own(name, name)
    owner = make_engine(postgres.address("postgres", postgres.password, name))
    migrate.let_work(owner, name)
    owner.dispose()
    assert findings() == []


def test_a_database_that_has_never_run_is_no_fault(tmp_path: Path) -> None:
    assert only(list(doctor.database(settings(tmp_path)))).verdict == "note"
