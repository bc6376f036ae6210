"""Route: a file that a citizen sent. Kept from running anything: it comes from a stranger."""

import uuid
from urllib.parse import quote

from fastapi import APIRouter, Response

from backlog import evidence, queries
from backlog.model import Evidence
from backlog.policy import Permission
from desk.gate import AtDesk, opens
from kit.errors import NotFound

router = APIRouter()


class FileNotFound(NotFound):
    """Không tìm thấy tệp này trong phiếu."""


@router.get("/tickets/{number}/files/{file_id}")
@opens(Permission.VIEW_TICKETS)
def show_file(number: str, file_id: str, desk: AtDesk) -> Response:
    """One file of a ticket that this person may see; an image to look at, anything else to save."""
    ticket = queries.get(desk.session, desk.staff, number)
    file = evidence.get(desk.session, ticket, _id(file_id))
    if file is None:
        raise FileNotFound
    return Response(evidence.read(desk.sealer, file), media_type=file.media_type, headers=_headers(file))


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise FileNotFound from None


def _headers(file: Evidence) -> dict[str, str]:
    how = "inline" if is_image(file) else "attachment"
    return {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def is_image(file: Evidence) -> bool:
    """Whether a browser shows the file by itself without running anything."""
    return evidence.KINDS[file.media_type] == "image"
