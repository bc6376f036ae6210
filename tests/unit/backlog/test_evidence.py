"""Files of citizens: known by their content, bare of what tells on the sender, and never another's."""

import io
import struct
import uuid
import zlib
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backlog import audit, evidence, queries
from backlog.evidence import MOST_BYTES, MOST_FILES, Clean, TooLarge, TooMany, UnknownKind
from backlog.identity import Contact
from backlog.model import Evidence, Ticket
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY, make_conversation, make_ticket

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
MARK = b"TELEPHONE-OF-LE-THI-THU"


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form, **save)
    return out.getvalue()


def telling_picture(orientation: int = 1) -> bytes:
    """A photo that says where, when and with which telephone it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MARK.decode()  # maker
    exif[0x8298] = "Lê Thị Thử".encode().decode("latin-1")  # copyright
    exif.get_ifd(0x8825).update({1: "N", 2: tuple(IFDRational(part) for part in (9, 36, 11))})  # where
    return picture(exif=exif, comment=MARK, icc_profile=MARK)


def with_entry(tag: int, kind: int, count: int) -> bytes:
    """A photo taken sideways whose metadata hold one more entry, of a kind that this tag never has."""
    entries = sorted([(0x0112, 3, 1, struct.pack("<HH", 6, 0)), (tag, kind, count, struct.pack("<I", 8))])
    listed = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return picture(exif=b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + listed + b"\0" * 4 + b"A" * 64)


def png(width: int, height: int) -> bytes:
    """A PNG that says it is this large and holds a single line of zeros."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(b"\0" * (1 + 3 * min(width, 1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.fixture
def here(session: Session, sealer: Sealer) -> uuid.UUID:
    return make_conversation(session, sealer)


@pytest.fixture
def ticket(session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID) -> Ticket:
    return make_ticket(session, facts, sealer, conversation_id=here)


def document(at: int = 0) -> Clean:
    return evidence.clean(f"đơn {at}.pdf", PDF + str(at).encode())


# What is kept of a file


def test_a_photo_loses_where_when_and_with_what_it_was_taken() -> None:
    told = telling_picture()
    assert MARK in told
    assert Image.open(io.BytesIO(told)).getexif().get_ifd(0x8825), "the photo must tell something to lose"
    clean = evidence.clean("IMG_20261116_093000.jpg", told)
    assert MARK not in clean.body
    assert b"Exif" not in clean.body
    kept = Image.open(io.BytesIO(clean.body))
    assert dict(kept.getexif()) == {}
    assert not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(kept.info)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_every_picture_becomes_a_bare_jpeg(form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = MARK.decode()
    body = picture(form, exif=exif)
    assert MARK in body
    clean = evidence.clean(f"anh.{form.lower()}", body)
    assert (clean.kind, clean.media_type, clean.name) == ("image", "image/jpeg", "anh.jpg")
    assert Image.open(io.BytesIO(clean.body)).format == "JPEG"
    assert MARK not in clean.body


def test_words_hidden_in_a_png_are_gone() -> None:
    info = PngInfo()
    info.add_text("Author", MARK.decode())
    body = picture("PNG", pnginfo=info)
    assert MARK in body
    assert MARK not in evidence.clean("anh.png", body).body


def test_what_hangs_behind_a_picture_is_cut_off() -> None:
    body = picture() + b"<script>alert(1)</script>" + MARK
    clean = evidence.clean("anh.jpg", body)
    assert b"script" not in clean.body
    assert MARK not in clean.body


def test_a_photo_taken_sideways_stands_upright() -> None:
    clean = evidence.clean("anh.jpg", telling_picture(orientation=6))
    assert Image.open(io.BytesIO(clean.body)).size == (48, 64)


@pytest.mark.parametrize(("tag", "kind"), [(0x010F, 5), (0x9286, 16), (0x011A, 1)])
def test_metadata_that_make_no_sense_do_not_spoil_a_photo(tag: int, kind: int) -> None:
    assert evidence.clean("anh.jpg", with_entry(tag, kind, 1)).media_type == "image/jpeg"


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    clean = evidence.clean("anh.jpg", picture(size=(5120, 1280)))
    assert Image.open(io.BytesIO(clean.body)).size == (2560, 640)


def test_a_transparent_picture_can_be_read() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert evidence.clean("anh.png", out.getvalue()).media_type == "image/jpeg"


def test_a_document_is_kept_as_it_is() -> None:
    assert evidence.clean("đơn xin.pdf", PDF) == Clean("document", "application/pdf", "đơn xin.pdf", PDF)


def test_the_name_says_what_the_content_is() -> None:
    assert evidence.clean("virus.exe", picture()).name == "virus.jpg"
    assert evidence.clean("trang.html", PDF).name == "trang.pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\\\Users\\\\Thử\\\\đơn.docx", "đơn.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "img srcx onerroralert1.pdf"),
        ('a"; filename="b.exe', "a filenameb.pdf"),
        ("đơn\r\nSet-Cookie: x.pdf", "đơnSet-Cookie x.pdf"),
        ("\u202efdp.exe", "fdp.pdf"),
        ("", "tep.pdf"),
        ("...", "tep.pdf"),
        (".pdf", "tep.pdf"),
        ("a" * 300 + ".pdf", "a" * 60 + ".pdf"),
    ],
)
def test_no_name_can_be_taken_for_anything_else(name: str, kept: str) -> None:
    assert evidence.clean(name, PDF).name == kept


def test_a_pdf_that_is_a_page_as_well_is_a_pdf_here() -> None:
    """It is never served as a page: tests/unit/desk/test_files.py."""
    both = b"%PDF-1.7\n<html><script>alert(1)</script></html>\n" + PDF
    clean = evidence.clean("trang.html", both)
    assert (clean.media_type, clean.name) == ("application/pdf", "trang.pdf")


# What is refused


@pytest.mark.parametrize(
    ("words", "name", "body"),
    [
        ("a programme called a photo", "anh.jpg", b"MZ\x90\x00" + b"\0" * 200),
        ("a Linux programme", "don.pdf", b"\x7fELF\x02\x01\x01" + b"\0" * 200),
        ("a page called a PDF", "don.pdf", b"<html><script>alert(1)</script></html>"),
        ("a page with a PDF inside", "don.pdf", b"<html><script>alert(1)</script>" + PDF),
        ("a drawing that can run scripts", "anh.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
        ("an archive", "anh.zip", b"PK\x03\x04" + b"\0" * 200),
        ("a moving picture", "anh.gif", b"GIF89a" + b"\0" * 200),
        ("an old Word file, which may hold macros", "don.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
        ("plain words", "don.txt", "tôi phản ánh".encode()),
        ("nothing", "anh.jpg", b""),
        ("the first bytes of a photo", "anh.jpg", b"\xff\xd8\xff"),
        ("the first bytes of a PNG", "anh.png", b"\x89PNG\r\n\x1a\n"),
        ("half a photo", "anh.jpg", picture(size=(400, 300))[:900]),
        ("half a PNG", "anh.png", picture("PNG", size=(400, 300))[:120]),
        ("half a WebP", "anh.webp", picture("WEBP", size=(400, 300))[:60]),
    ],
)
def test_what_is_not_known_or_breaks_is_refused(words: str, name: str, body: bytes) -> None:
    with pytest.raises(UnknownKind):
        evidence.clean(name, body)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # Pillow's own, lower limit
@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 10_000), (50_001, 1_000), (2_147_483_647, 1)])
def test_a_small_file_that_would_unfold_to_a_giant_picture_is_refused(size: tuple[int, int]) -> None:
    bomb = png(*size)
    assert len(bomb) < 10_000
    with pytest.raises(UnknownKind):
        evidence.clean("anh.png", bomb)


def test_ten_megabytes_are_taken_and_one_byte_more_is_not() -> None:
    whole = PDF + b"\n" * (MOST_BYTES - len(PDF))
    assert len(evidence.clean("đơn.pdf", whole).body) == MOST_BYTES
    with pytest.raises(TooLarge):
        evidence.clean("đơn.pdf", whole + b"\n")


# What is stored


def test_what_a_file_holds_is_sealed(session: Session, sealer: Sealer, here: uuid.UUID) -> None:
    row = evidence.keep(session, sealer, document(), here, MONDAY)
    assert evidence.read(sealer, row) == document().body
    assert b"PDF" not in session.execute(text("select body from evidence")).scalar_one()
    assert evidence.kind_of(row) == "tài liệu"


def test_the_same_file_is_stored_once(session: Session, sealer: Sealer, here: uuid.UUID) -> None:
    first = evidence.keep(session, sealer, document(), here, MONDAY)
    again = evidence.keep(session, sealer, evidence.clean("tên khác.pdf", document().body), here, MONDAY)
    assert again.id == first.id
    assert evidence.loose(session, here, MONDAY) == [first.id]


def test_the_same_file_of_another_conversation_is_theirs(session: Session, sealer: Sealer, here: uuid.UUID) -> None:
    there = make_conversation(session, sealer)
    first = evidence.keep(session, sealer, document(), here, MONDAY)
    assert evidence.keep(session, sealer, document(), there, MONDAY).id != first.id


def test_the_eleventh_file_is_refused(session: Session, sealer: Sealer, here: uuid.UUID, ticket: Ticket) -> None:
    rows = [evidence.keep(session, sealer, document(at), here, MONDAY) for at in range(MOST_FILES)]
    with pytest.raises(TooMany):
        evidence.keep(session, sealer, document(MOST_FILES), here, MONDAY)
    assert evidence.keep(session, sealer, document(0), here, MONDAY).id == rows[0].id
    evidence.keep(session, sealer, document(0), make_conversation(session, sealer), MONDAY)
    evidence.attach(session, ticket, here, [row.id for row in rows], MONDAY)
    evidence.keep(session, sealer, document(MOST_FILES), here, MONDAY)  # a new complaint counts anew


def test_loose_files_are_those_since_a_moment_in_the_order_they_came(
    session: Session, sealer: Sealer, here: uuid.UUID
) -> None:
    old, second, first = (
        evidence.keep(session, sealer, document(at), here, MONDAY + timedelta(minutes=minutes))
        for at, minutes in enumerate((-1, 5, 0))
    )
    assert evidence.loose(session, here, MONDAY) == [first.id, second.id]
    assert old.id in evidence.loose(session, here, MONDAY - timedelta(minutes=1))


# Whose it is


def test_a_file_is_tied_to_one_ticket_once(
    session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID, ticket: Ticket
) -> None:
    row = evidence.keep(session, sealer, document(), here, MONDAY)
    other = make_ticket(session, facts, sealer, conversation_id=here)
    assert evidence.attach(session, ticket, here, [row.id, row.id], MONDAY) == 1
    assert evidence.attach(session, ticket, here, [row.id], MONDAY) == 0
    assert evidence.attach(session, other, here, [row.id], MONDAY) == 0
    assert [one.id for one in evidence.of_ticket(session, ticket)] == [row.id]
    assert evidence.of_ticket(session, other) == []
    assert evidence.loose(session, here, MONDAY) == []


def test_another_conversation_s_file_cannot_be_attached(
    session: Session, sealer: Sealer, here: uuid.UUID, ticket: Ticket
) -> None:
    foreign = evidence.keep(session, sealer, document(), make_conversation(session, sealer), MONDAY)
    assert evidence.attach(session, ticket, here, [foreign.id, uuid.uuid4()], MONDAY) == 0
    assert evidence.of_ticket(session, ticket) == []
    session.refresh(foreign)
    assert foreign.ticket_id is None


def test_a_file_is_found_under_its_own_ticket_only(
    session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID, ticket: Ticket
) -> None:
    row = evidence.keep(session, sealer, document(), here, MONDAY)
    evidence.attach(session, ticket, here, [row.id], MONDAY)
    other = make_ticket(session, facts, sealer)
    found = evidence.get(session, ticket, row.id)
    assert found is not None
    assert found.id == row.id
    assert evidence.get(session, other, row.id) is None
    assert evidence.get(session, ticket, uuid.uuid4()) is None


def test_attaching_is_in_the_audit_trail_by_digest_alone(
    session: Session, sealer: Sealer, here: uuid.UUID, ticket: Ticket
) -> None:
    row = evidence.keep(session, sealer, evidence.clean("ảnh của Thử.pdf", PDF), here, MONDAY)
    evidence.attach(session, ticket, here, [row.id], MONDAY)
    last, _ = queries.history(session, ticket)[-1]
    assert (last.action, last.data) == ("attach", {"sha256": row.digest})
    assert audit.verify(session) == []


@pytest.mark.parametrize(("kind", "trail"), [("anonymous", False), ("chat", True)])
def test_an_anonymous_ticket_keeps_no_trail_to_its_conversation(
    session: Session, facts: Facts, sealer: Sealer, here: uuid.UUID, kind: Any, trail: bool
) -> None:
    ticket = make_ticket(session, facts, sealer, conversation_id=here, contact=Contact(kind))
    row = evidence.keep(session, sealer, document(), here, MONDAY)
    evidence.attach(session, ticket, here, [row.id], MONDAY)
    session.expire_all()
    kept = session.scalars(select(Evidence).where(Evidence.ticket_id == ticket.id)).one()
    assert kept.conversation_id == (here if trail else None)
    rows = session.execute(text("select row_to_json(t)::text from audit_row t")).scalars()
    assert not any(str(here) in one for one in rows)
