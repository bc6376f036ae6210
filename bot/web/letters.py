"""A drafted letter of khiếu nại or tố cáo as a page to read and print, a Word file and a PDF. Whoever has the address
has the letter, so no answer may be kept or found by others."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from fpdf.enums import XPos, YPos

from backlog import petitions
from backlog.petitions import KEPT_DAYS, Letter, Line
from bot.web import letter_docx
from bot.web.paper import MARGIN, PRIVATE, Sheet
from bot.web.routes import Context, templates
from kit import clock
from kit.db import session_scope
from kit.errors import NotFound

PREFIX = petitions.PATH
router = APIRouter(prefix=PREFIX)
_RULE = 7.5  # millimetres from one line to write on to the next: room for a hand
_SIGNATURE = 47  # from the closing words to the foot of the space to sign in


class NoSuchLetter(NotFound):
    """Không có đơn này, hoặc đơn đã quá 7 ngày nên đã xóa. Anh/chị xem lại đường dẫn, hoặc nhắn tôi soạn đơn mới."""


def _letter(secret: str, ctx: Context) -> Letter:
    with session_scope(ctx.engine) as session:
        letter = petitions.find(session, ctx.sealer, ctx.digest_key, secret, clock.now())
    if letter is None:
        raise NoSuchLetter
    return letter


Wanted = Annotated[Letter, Depends(_letter)]


# The two files come first: "/{secret}" would take their addresses too.
@router.get("/{secret}.docx")
def docx(wanted: Wanted) -> Response:
    """The letter as a Word file. Raises NoSuchLetter."""
    return _file(letter_docx.write(wanted), wanted, "docx", letter_docx.MEDIA_TYPE)


@router.get("/{secret}.pdf")
def pdf(wanted: Wanted) -> Response:
    """The letter as a PDF. Raises NoSuchLetter."""
    return _file(draw(wanted), wanted, "pdf", "application/pdf")


@router.get("/{secret}", response_class=HTMLResponse)
def page(secret: str, request: Request, wanted: Wanted, ctx: Context) -> HTMLResponse:
    """The letter as a page, with the steps and the law beside it. Raises NoSuchLetter."""
    values = {
        "letter": wanted,
        "agency_name": ctx.settings.agency_name,
        "address": f"{PREFIX}/{secret}",
        "kept_days": KEPT_DAYS,
    }
    return templates.TemplateResponse(request, "letter.html", values, headers=PRIVATE)


def _file(content: bytes, letter: Letter, ending: str, media_type: str) -> Response:
    name = f"don-{letter.kind.replace('_', '-')}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **PRIVATE}
    return Response(content, media_type=media_type, headers=headers)


class _Numbered(Sheet):
    """A sheet whose pages after the first have a number."""

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        if self.page_no() > 1:
            self.set_y(-12)
            self.set_font("Roboto", "", 9)
            self.cell(0, 5, f"Trang {self.page_no()}", align="C")


def draw(letter: Letter) -> bytes:
    """The PDF of a letter: A4, with dotted lines where the citizen writes by hand."""
    sheet = _Numbered(letter.title, "")
    for text in letter.national:
        sheet.paragraph(text, style="B", align="C")
    sheet.ln(6)
    sheet.paragraph(letter.title, size=16, style="B", align="C")
    sheet.ln(3)
    for line in letter.lines:
        _draw_line(sheet, line)
    return bytes(sheet.output())


def _draw_line(sheet: Sheet, line: Line) -> None:
    if line.blank:
        _draw_blank(sheet, line)
    elif line.role == "heading":
        sheet.keep_together(25)
        sheet.heading(line.text)
    elif line.role == "closing":
        # Nobody should sign a page that says nothing.
        sheet.keep_together(_SIGNATURE)
        sheet.paragraph(line.text)
    elif line.role == "date":
        sheet.ln(4)
        sheet.paragraph(line.text, align="R")
    elif line.role == "signature":
        sheet.set_left_margin(sheet.w / 2)
        sheet.paragraph(line.label, style="B", align="C")
        sheet.paragraph(line.text, size=10, style="I", align="C")
        sheet.set_left_margin(MARGIN)
    else:
        sheet.paragraph(f"{line.label}: {line.text}" if line.label else line.text)


def _draw_blank(sheet: Sheet, line: Line) -> None:
    """Dotted lines over the whole width; the first one starts behind the label."""
    sheet.set_font("Roboto", "", 11)
    label = f"{line.label}: " if line.label else ""
    for words in [label, *[""] * (line.blank - 1)]:
        sheet.keep_together(_RULE)
        sheet.cell(sheet.get_string_width(words) + 1 if words else 0.1, _RULE, words)
        foot = sheet.get_y() + _RULE - 1.8
        with sheet.local_context(line_width=0.2, dash_pattern={"dash": 0.2, "gap": 1}):
            sheet.line(sheet.get_x(), foot, sheet.w - sheet.r_margin, foot)
        sheet.cell(0, _RULE, "", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(0.6)
