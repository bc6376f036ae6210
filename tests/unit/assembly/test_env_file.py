"""The generated .env: private, complete, written once, never a replacement for keys that were lost."""

import os
from pathlib import Path

import pytest

from assembly import env_file
from kit.errors import SetupError
from kit.settings import Settings

NAMES = (*env_file._SECRETS, "SEAL_KEYS")


@pytest.fixture(autouse=True)
def _no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_it_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert env_file.ensure(tmp_path / ".env")
    finally:
        os.umask(before)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_the_settings_can_be_read_from_it(tmp_path: Path) -> None:
    env_file.ensure(tmp_path / ".env")
    settings = Settings(_env_file=tmp_path / ".env")
    assert len(settings.gateway_secret.get_secret_value()) >= 40
    assert settings.gateway_secret != settings.actions_secret
    assert settings.postgres_password != settings.rasa_postgres_password


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    env_file.ensure(tmp_path / ".env")
    before = (tmp_path / ".env").read_bytes()
    assert not env_file.ensure(tmp_path / ".env")
    assert (tmp_path / ".env").read_bytes() == before


def test_what_a_person_has_set_is_kept_and_the_rest_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.touch(mode=0o600)
    path.write_text("PORT=8080\nGATEWAY_SECRET=mine-mine-mine-mine-mine-mine\n")
    monkeypatch.setenv("CHOICE_KEY", "from-the-environment-from-the-environment")
    env_file.ensure(path)
    lines = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    assert lines["PORT"] == "8080"
    assert lines["GATEWAY_SECRET"].startswith("mine")
    assert "CHOICE_KEY" not in lines
    assert "SEAL_KEYS" in lines


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    env_file.ensure(tmp_path / ".env")
    (tmp_path / ".env").chmod(0o640)
    with pytest.raises(SetupError, match=r"chmod 600 \.env"):
        env_file.ensure(tmp_path / ".env")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"Không ghi được tệp \.env"):
        env_file.ensure(tmp_path / "missing" / ".env")


def test_new_keys_are_never_made_for_old_data(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("18\n")
    with pytest.raises(SetupError, match=r"Chép lại \.env cũ"):
        env_file.ensure(tmp_path / ".env", data)
    assert not (tmp_path / ".env").exists()


def test_one_line_is_changed_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch(mode=0o600)
    path.write_text("# mine\nPORT=8080\nSEAL_KEYS=old\n# SEAL_KEYS=a note\nSEAL_KEYS_TOO=x=y\n")
    env_file.replace("SEAL_KEYS", "new,old", path)
    assert path.read_text() == "# mine\nPORT=8080\nSEAL_KEYS=new,old\n# SEAL_KEYS=a note\nSEAL_KEYS_TOO=x=y\n"


def test_a_changed_file_is_for_its_owner_alone_whatever_was_left_behind(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    env_file.ensure(path)
    left = path.with_name(".env.new")
    left.write_text("torn")
    left.chmod(0o666)
    before = os.umask(0)
    try:
        env_file.replace("SEAL_KEYS", "new", path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    env_file.ensure(path)
    before = path.read_bytes()
    (path.with_name(".env.new")).mkdir()
    with pytest.raises(OSError, match=r"\.env\.new"):
        env_file.replace("SEAL_KEYS", "new", path)
    assert path.read_bytes() == before


def test_a_changed_file_is_put_in_place_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    env_file.ensure(path)
    with path.open() as reader:
        env_file.replace("SEAL_KEYS", "new", path)
        assert "SEAL_KEYS=new\n" not in reader.read(), "who reads meanwhile sees the whole old file"
    assert "SEAL_KEYS=new\n" in path.read_text()


def test_what_the_environment_sets_is_not_changed_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    env_file.ensure(path)
    before = path.read_bytes()
    monkeypatch.setenv("SEAL_KEYS", "elsewhere")
    with pytest.raises(SetupError, match=r"SEAL_KEYS không nằm trong tệp \.env"):
        env_file.replace("SEAL_KEYS", "new", path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [None, "", "PORT=8080\n"])
def test_a_name_that_no_file_has_is_not_added(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / ".env"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SetupError, match="Đổi ở nơi đang đặt nó"):
        env_file.replace("SEAL_KEYS", "new", path)
    assert (path.read_text() if path.exists() else None) == text
