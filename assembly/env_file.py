"""The generated `.env`: secrets made once, readable by their owner alone."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from kit.errors import SetupError
from kit.settings import ROOT

PATH = ROOT / ".env"
_SECRETS = (
    "POSTGRES_SUPERUSER_PASSWORD",
    "POSTGRES_PASSWORD",
    "RASA_POSTGRES_PASSWORD",
    "GATEWAY_SECRET",
    "ACTIONS_SECRET",
    "CHOICE_KEY",
    "DIGEST_KEY",
)
_LOST = (
    "Đã có dữ liệu trong {data} nhưng tệp {file} không còn khóa để mở. Chép lại {file} cũ rồi chạy lại. "
    "Chỉ khi chắc chắn bỏ dữ liệu cũ: xóa thư mục đó."
)


def ensure(path: Path = PATH, data: Path | None = None) -> bool:
    """Write the secrets that neither the environment nor the file has yet; True when the file was changed.

    `data` is where the embedded PostgreSQL keeps its data: new keys would not open what is already there.
    Raises SetupError when others may read the file, when it cannot be written, or when keys were lost.
    """
    try:
        have = _names(path)
        missing = [name for name in (*_SECRETS, "SEAL_KEYS") if name not in have and not os.environ.get(name)]
        if "SEAL_KEYS" in missing and data is not None and (data / "PG_VERSION").exists():
            raise SetupError(_LOST.format(file=path.name, data=data))
        if missing:
            _append(path, {name: _new_value(name) for name in missing}, fresh=not have)
        mode = path.stat().st_mode if path.exists() else 0
    except OSError as error:
        raise SetupError(
            f"Không ghi được tệp {path.name}: {error.strerror}. Kiểm tra quyền và chỗ trống trên đĩa."
        ) from None
    if mode & 0o077:
        raise SetupError(f"Tệp {path.name} chứa khóa mà người khác đọc được. Chạy: chmod 600 {path.name}")
    return bool(missing)


def _names(path: Path) -> set[str]:
    if not path.exists():
        return set()
    return {line.partition("=")[0].strip() for line in path.read_text().splitlines() if "=" in line}


def _new_value(name: str) -> str:
    return Fernet.generate_key().decode() if name == "SEAL_KEYS" else secrets.token_urlsafe(32)


def _append(path: Path, values: dict[str, str], *, fresh: bool) -> None:
    header = "# Made by `make run`. Keep it secret and keep a copy: without SEAL_KEYS sealed data cannot be opened.\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(header if fresh else "")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
