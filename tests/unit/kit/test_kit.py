"""The small things that everything stands on."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from kit import clock
from kit.crypto import CannotOpen, Sealer, digest
from kit.errors import Conflict, SetupError
from kit.settings import Settings, load_settings

SECRETS = {
    "GATEWAY_SECRET": "g" * 32,
    "ACTIONS_SECRET": "a" * 32,
    "CHOICE_KEY": "c" * 32,
    "DIGEST_KEY": "d" * 32,
    "SEAL_KEYS": "k",
}


def test_sealed_text_opens_with_any_of_the_keys() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = Sealer([old]).seal("Nguyễn Văn Thử")
    assert "Thử" not in token
    assert Sealer([new, old]).open(token) == "Nguyễn Văn Thử"
    with pytest.raises(CannotOpen):
        Sealer([new]).open(token)


def test_a_sealed_file_opens_as_it_was() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = Sealer([old]).seal_bytes(b"\x00\xff %PDF")
    assert b"PDF" not in token
    assert Sealer([new, old]).open_bytes(token) == b"\x00\xff %PDF"
    with pytest.raises(CannotOpen):
        Sealer([new]).open_bytes(token)


def test_what_is_renewed_opens_with_the_newest_key_alone() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    renewed = Sealer([new, old]).renew(Sealer([old]).seal("Nguyễn Văn Thử").encode()).decode()
    assert Sealer([new]).open(renewed) == "Nguyễn Văn Thử"
    with pytest.raises(CannotOpen):
        Sealer([old]).open(renewed)
    with pytest.raises(CannotOpen):
        Sealer([new]).renew(b"no seal at all")


def test_digests_depend_on_their_key() -> None:
    assert digest("k1", "x") == digest("k1", "x") != digest("k2", "x")


def test_dates_are_said_in_vietnamese() -> None:
    assert clock.say_date(date(2026, 12, 8)) == "thứ Ba, 08/12/2026"


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        clock.require_aware(datetime(2026, 1, 1))
    assert clock.require_aware(datetime(2026, 1, 1, tzinfo=UTC)).hour == 7


def test_an_error_says_its_docstring_or_its_own_words() -> None:
    assert Conflict().message.startswith("Việc này không làm được")
    assert Conflict("Phiếu đã đóng.").message == "Phiếu đã đóng."


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PORT", "8123")
    settings = Settings(_env_file=None)
    assert settings.address == "http://127.0.0.1:8123"
    assert "g" * 32 not in repr(settings)


def test_the_owner_of_the_tables_is_another_role_where_there_is_one() -> None:
    def known(**more: Any) -> Settings:
        secrets: dict[str, Any] = {name.lower(): value for name, value in SECRETS.items()}
        return Settings(_env_file=None, **secrets, **more)

    embedded = known(postgres_superuser_password="s", postgres_password="p", postgres_port="1")
    assert embedded.dsn == "postgresql://tiepdan:p@127.0.0.1:1/tiepdan"
    assert embedded.owner_dsn == "postgresql://postgres:s@127.0.0.1:1/tiepdan"
    assert known(database_url="one").owner_dsn == "one"
    both = known(database_url="one", owner_database_url="other")
    assert (both.dsn, both.owner_dsn) == ("one", "other")


def test_a_short_secret_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "CHOICE_KEY": "changethis"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert "CHOICE_KEY" in caught.value.message
    assert "changethis" not in caught.value.message
