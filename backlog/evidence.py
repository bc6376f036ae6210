"""Files that citizens send: known by their content, cleaned of what tells on the sender, sealed at rest.

A photo tells where and with which telephone it was taken; so only its pixels are kept. Files of other kinds are kept
as they are, and staff are told that such a file may name its author.
"""

import hashlib
import io
import re
import struct
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from filetype.filetype import guess
from PIL import Image, ImageOps
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, defer

from backlog import audit
from backlog.context import CITIZEN
from backlog.model import Evidence, Ticket
from kit.crypto import Sealer
from kit.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
JUST_BEFORE = timedelta(hours=1)
"""Loose files as old as this still go with the words that follow them."""
MOST_FILES = 10
"""For one complaint."""
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 16_000_000, "WEBP": 16_000_000}
"""By format: a JPEG is read at the size that is kept, the others whole before they are made smaller."""
_ONE_BY_ONE = threading.Lock()
"""Many large images at once would fill the memory."""
_LONGEST_SIDE = 2560  # pixels; a page of text stays readable
_IMAGES = {"image/jpeg", "image/png", "image/webp"}
# What filetype.py finds in the content, and what it is called here. Anything else is refused, whatever its name says.
KINDS = {
    **dict.fromkeys(_IMAGES, "image"),
    "application/pdf": "document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "audio/mpeg": "audio",
    "audio/ogg": "audio",
    "audio/mp4": "audio",
    "audio/x-m4a": "audio",
    "audio/aac": "audio",
    "audio/amr": "audio",
    "audio/x-wav": "audio",
    "video/mp4": "video",
    "video/quicktime": "video",
    "video/webm": "video",
}
WORDS = {"image": "ảnh", "document": "tài liệu", "audio": "ghi âm", "video": "video"}


class TooLarge(Invalid):
    """Tệp lớn quá 10 MB. Anh/chị gửi tệp nhỏ hơn, hoặc chụp lại ảnh ở cỡ thường."""


class TooMany(Invalid):
    """Mỗi phản ánh nhận tối đa 10 tệp. Anh/chị chọn những tệp rõ nhất giúp."""


class UnknownKind(Invalid):
    """Tệp này không mở được an toàn. Tôi nhận ảnh (JPG, PNG, WebP), PDF, Word, ghi âm và video."""


class TooManyPixels(UnknownKind):
    """Ảnh này lớn quá nên không mở được. Anh/chị gửi ảnh chụp màn hình của nó, hoặc ảnh JPG cỡ thường."""


@dataclass(frozen=True)
class Clean:
    """A file as it is kept."""

    kind: str
    media_type: str
    name: str
    body: bytes


def clean(name: str, body: bytes) -> Clean:
    """Look at the content, not at the name; images lose everything but their pixels.

    Raises TooLarge, or UnknownKind for what is not on the list or breaks while it is read.
    """
    if len(body) > MOST_BYTES:
        raise TooLarge
    found = guess(body)  # type: ignore[no-untyped-call]  # the library has no types
    if found is None or found.mime not in KINDS:
        raise UnknownKind
    if found.mime in _IMAGES:
        return Clean("image", "image/jpeg", _name(name, "jpg"), _pixels(body))
    return Clean(KINDS[found.mime], found.mime, _name(name, found.extension), body)


def keep(session: Session, sealer: Sealer, file: Clean, conversation_id: uuid.UUID, now: datetime) -> Evidence:
    """Store a cleaned file for a conversation; the same content is stored once. Raises TooMany."""
    digest = hashlib.sha256(file.body).hexdigest()
    mine = select(Evidence).where(Evidence.conversation_id == conversation_id, Evidence.ticket_id.is_(None))
    if known := session.scalar(mine.where(Evidence.digest == digest)):
        return known
    if session.scalars(select(func.count()).select_from(mine.subquery())).one() >= MOST_FILES:
        raise TooMany
    row = Evidence(
        conversation_id=conversation_id,
        name=file.name,
        media_type=file.media_type,
        size=len(file.body),
        digest=digest,
        body=sealer.seal_bytes(file.body),
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def attach(
    session: Session, ticket: Ticket, conversation_id: uuid.UUID, files: Sequence[uuid.UUID], now: datetime
) -> int:
    """Tie the loose files of a conversation to a ticket; how many were tied. Each is tied once.

    A ticket that is not tied to its conversation keeps no trail back to it here either.
    """
    loose = (
        update(Evidence)
        .where(
            Evidence.id.in_(files),
            Evidence.ticket_id.is_(None),
            Evidence.conversation_id == conversation_id,
        )
        .values(ticket_id=ticket.id, conversation_id=ticket.conversation_id)
        .returning(Evidence.digest)
    )
    tied = session.execute(loose).scalars().all()
    for digest in tied:
        audit.write(session, at=now, actor=CITIZEN.id, action="attach", ticket_id=ticket.id, data={"sha256": digest})
    return len(tied)


def loose(session: Session, conversation_id: uuid.UUID, since: datetime) -> Sequence[uuid.UUID]:
    """The files that a conversation has sent since a moment and that belong to no ticket yet."""
    wanted = select(Evidence.id).where(
        Evidence.conversation_id == conversation_id, Evidence.ticket_id.is_(None), Evidence.at >= since
    )
    return session.scalars(wanted.order_by(Evidence.at)).all()


def of_ticket(session: Session, ticket: Ticket) -> Sequence[Evidence]:
    """The files of a ticket, oldest first; what they hold is read when it is asked for."""
    wanted = select(Evidence).where(Evidence.ticket_id == ticket.id).options(defer(Evidence.body))
    return session.scalars(wanted.order_by(Evidence.at)).all()


def get(session: Session, ticket: Ticket, file_id: uuid.UUID) -> Evidence | None:
    """One file of a ticket; None when it is not that ticket's."""
    return session.scalar(select(Evidence).where(Evidence.ticket_id == ticket.id, Evidence.id == file_id))


def read(sealer: Sealer, file: Evidence) -> bytes:
    """What the file holds. Raises CannotOpen when its key is gone."""
    return sealer.open_bytes(file.body)


def kind_of(file: Evidence) -> str:
    """ "ảnh", "tài liệu", "ghi âm" or "video"."""
    return WORDS[KINDS[file.media_type]]


def _pixels(body: bytes) -> bytes:
    """A JPEG of what is seen: turned the right way up, no larger than needed, without any metadata."""
    try:
        with _ONE_BY_ONE, Image.open(io.BytesIO(body)) as image:
            if image.width * image.height > MOST_PIXELS.get(image.format or "", 0):
                raise TooManyPixels
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            upright = _turned(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnknownKind from None
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=85)
    return out.getvalue()


def _turned(image: Image.Image) -> Image.Image:
    """Upright as the camera meant it. What a broken tag says is not worth losing a photo for."""
    try:
        return ImageOps.exif_transpose(image)
    except (AttributeError, TypeError, ValueError, KeyError, struct.error):
        return image


def _name(name: str, extension: str) -> str:
    """A name that no file system and no page can take for anything else, with the extension of the content."""
    stem = re.sub(r"[^\w .-]", "", name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].rsplit(".", 1)[0]).strip(" .")
    return f"{stem[:60] or 'tep'}.{extension}"
