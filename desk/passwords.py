"""Password hashing (argon2id) and the rule for new passwords."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kit.errors import Invalid

SHORTEST = 10
LONGEST = 200  # characters; argon2 reads them all, so an endless one would be an attack
_HASHER = PasswordHasher()  # RFC 9106, second recommended option: 64 MiB, 3 passes
# Verified when there is no such user, so that the time of an answer does not tell who exists.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


class WeakPassword(Invalid):
    """Mật khẩu mới chưa dùng được."""


def hash_password(password: str) -> str:
    """The argon2id hash of `password`, salt and parameters included."""
    return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed. None (no such user) costs the same time and is False."""
    known = password_hash or _NOBODY
    try:
        matches = _HASHER.verify(known, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def one_time_password() -> str:
    """A first password to hand over: four groups of four, without letters that people confuse."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def check_new(username: str, old: str, new: str, again: str) -> None:
    """Raises WeakPassword with a sentence when `new` may not become the password."""
    if new != again:
        raise WeakPassword("Hai lần gõ mật khẩu mới không giống nhau. Anh/chị gõ lại.")
    if len(new) < SHORTEST:
        raise WeakPassword(f"Mật khẩu mới cần ít nhất {SHORTEST} ký tự.")
    if len(new) > LONGEST:
        raise WeakPassword(f"Mật khẩu mới dài quá {LONGEST} ký tự.")
    if new == old:
        raise WeakPassword("Mật khẩu mới phải khác mật khẩu đang dùng.")
    if username.lower() in new.lower():
        raise WeakPassword("Mật khẩu mới không được chứa tên đăng nhập.")
    if len(set(new)) < 5:
        raise WeakPassword("Mật khẩu mới lặp lại quá ít ký tự. Anh/chị chọn mật khẩu khác.")
