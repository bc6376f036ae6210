"""Sealing of personal text and keyed digests. Keys come from settings; nothing here keeps state."""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kit.errors import TiepDanError


class CannotOpen(TiepDanError):
    """Không mở được nội dung đã niêm phong: khóa đã đổi hoặc dữ liệu bị hỏng."""


class Sealer:
    """Encrypts short texts at rest (Fernet: AES-128-CBC with HMAC-SHA256).

    The first key seals; every key opens, so keys can rotate without a pause.
    Raises ValueError when a key is not a Fernet key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """Ciphertext of `text`, printable ASCII."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, token: str) -> str:
        """Plain text of a sealed one. Raises CannotOpen for a foreign or damaged token."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise CannotOpen from None

    def seal_bytes(self, body: bytes) -> bytes:
        """Ciphertext of a file."""
        return self._fernet.encrypt(body)

    def open_bytes(self, token: bytes) -> bytes:
        """A sealed file. Raises CannotOpen for a foreign or damaged one."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise CannotOpen from None

    def renew(self, token: bytes) -> bytes:
        """The same content under the newest key. Raises CannotOpen for a foreign or damaged token."""
        try:
            return self._fernet.rotate(token)
        except InvalidToken:
            raise CannotOpen from None


def digest(key: str, text: str) -> str:
    """HMAC-SHA256 of `text` under `key`, 64 hexadecimal characters."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
