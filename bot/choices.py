"""Buttons as short signed codes.

A code is `<signature>.<intent>?<key>=<value>`: small enough for Telegram's 64 bytes of callback data
(https://core.telegram.org/bots/api#inlinekeyboardbutton), valid only in the conversation that was offered it.
"""

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import parse_qsl, urlencode

from kit.errors import Invalid

MAX_BYTES = 64
_PAYLOAD = re.compile(r"^/(?P<intent>[a-z_]+)(?P<entities>\{.*\})?$", re.DOTALL)


class StaleChoice(Invalid):
    """Nút này không còn dùng được. Anh/chị gõ lại bằng chữ giúp."""


def sign(key: str, conversation: str, payload: str) -> str:
    """The code of a Rasa payload such as `/choose{"category":"delay"}`.

    Raises ValueError when the payload is malformed or its code exceeds 64 bytes: a programming error.
    """
    match = _PAYLOAD.match(payload)
    if not match:
        raise ValueError("a button's payload must look like /intent{...}")
    entities = json.loads(match["entities"] or "{}")
    body = match["intent"] + ("?" + urlencode(entities, safe=":.,") if entities else "")
    code = f"{_signature(key, conversation, body)}.{body}"
    if len(code.encode()) > MAX_BYTES:
        raise ValueError(f"the code of {match['intent']} is {len(code.encode())} bytes, over {MAX_BYTES}")
    return code


def open_code(key: str, conversation: str, code: str) -> str:
    """The Rasa payload of a code. Raises StaleChoice when it was not signed for this conversation."""
    signature, _, body = code.partition(".")
    expected = _signature(key, conversation, body)
    if not body or not hmac.compare_digest(signature.encode(), expected.encode()):
        raise StaleChoice
    intent, _, query = body.partition("?")
    entities = dict(parse_qsl(query))
    return f"/{intent}" + (json.dumps(entities, ensure_ascii=False) if entities else "")


def _signature(key: str, conversation: str, body: str) -> str:
    mac = hmac.new(key.encode(), f"{conversation}\n{body}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac[:9]).decode()  # 72 bits, 12 characters
