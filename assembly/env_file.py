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


def replace(name: str, value: str, path: Path = PATH) -> None:
    """Change one line of the file, all or nothing. Raises SetupError when the environment or no file names it."""
    lines = path.read_text().splitlines() if path.exists() else []
    if os.environ.get(name) or not any(line.partition("=")[0].strip() == name for line in lines):
        raise SetupError(f"{name} không nằm trong tệp {path.name} nên không đổi được ở đây. Đổi ở nơi đang đặt nó.")
    changed = [f"{name}={value}" if line.partition("=")[0].strip() == name else line for line in lines]
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # one that was left behind may have another mode
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(changed) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Else a machine that loses power may come back with the old file, after data was sealed under a new key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
