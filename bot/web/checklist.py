"""The checklist as a page to print and as a PDF. The address holds only the procedure and the answers chosen, so it
says nothing about who asked and can be opened anywhere."""

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from fpdf.enums import XPos, YPos

from bot.web.paper import MARGIN, Sheet
from bot.web.routes import Context, templates
from catalogue import store
from catalogue.checklist import Checklist, build, known_answers
from catalogue.load import Facts
from kit import clock
from kit.db import session_scope
from kit.errors import NotFound

PREFIX = "/giay-to"
router = APIRouter(prefix=PREFIX)
_QR, _BOX = 30, 3.6  # millimetres


class NoSuchProcedure(NotFound):
    """Không có thủ tục này, hoặc thủ tục đã bỏ. Anh/chị hỏi lại trong cuộc trò chuyện giúp."""


def _facts(request: Request) -> Facts:
    facts: Facts = request.app.state.services.facts
    return facts


def _checklist(code: str, request: Request, ctx: Context, facts: Annotated[Facts, Depends(_facts)]) -> Checklist:
    if "\0" in code:  # PostgreSQL refuses to look for it
        raise NoSuchProcedure
    at = clock.now()
    with session_scope(ctx.engine) as session:
        procedure = store.get(session, code, at.date())
    if procedure is None:
        raise NoSuchProcedure
    return build(procedure, known_answers(procedure, dict(request.query_params)), facts, at)


Wanted = Annotated[Checklist, Depends(_checklist)]


@router.get("/{code}", response_class=HTMLResponse)
def page(code: str, request: Request, wanted: Wanted, ctx: Context) -> HTMLResponse:
    """The list as a page. Raises NoSuchProcedure."""
    query = f"?{request.url.query}" if request.url.query else ""
    values: dict[str, Any] = {
        "list": wanted,
        "agency_name": ctx.settings.agency_name,
        "pdf": f"{PREFIX}/{code}/danh-sach.pdf{query}",
        "qr": segno.make(wanted.url, error="m").svg_inline(scale=3, border=0, svgclass=None, lineclass=None),
    }
    return templates.TemplateResponse(request, "checklist.html", values)


@router.get("/{code}/danh-sach.pdf")
def pdf(code: str, wanted: Wanted, ctx: Context) -> Response:
    """The list as a PDF. Raises NoSuchProcedure."""
    name = f"giay-to-{code}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(draw(wanted, ctx.settings.agency_name), media_type="application/pdf", headers=headers)


def draw(wanted: Checklist, agency_name: str) -> bytes:
    """The PDF of a list: A4, boxes to tick, QR code of the portal's page at the end."""
    sheet = Sheet(f"Giấy tờ: {wanted.title}", agency_name)
    _heading(sheet, wanted, agency_name)
    for text in wanted.papers:
        _tick(sheet, text)
    for case, papers in wanted.others:
        sheet.heading(f"Chỉ khi: {case}")
        for text in papers:
            _tick(sheet, text)
    sheet.ln(2)
    for label, text in wanted.facts:
        sheet.paragraph(f"{label}: {text}")
    for text in [*wanted.notes, *filter(None, [wanted.doubt])]:
        sheet.paragraph(text, style="I")
    _portal(sheet, wanted)
    return bytes(sheet.output())


def _heading(sheet: Sheet, wanted: Checklist, agency_name: str) -> None:
    sheet.paragraph(f"Tiếp Dân · {agency_name}", size=9)
    sheet.paragraph(wanted.title, size=17, style="B")
    if wanted.case:
        sheet.paragraph(f"Trường hợp: {wanted.case}")
    sheet.ln(1)
    sheet.heading("Giấy tờ cần mang" if wanted.papers else "Giấy tờ theo từng trường hợp")


def _tick(sheet: Sheet, text: str) -> None:
    """A box to tick before a paper. The box must not stay behind at the foot of a page."""
    sheet.set_font("Roboto", "", 11)
    height = sheet.multi_cell(sheet.epw - 7, 5.6, text, dry_run=True, output="HEIGHT")
    sheet.keep_together(float(height))  # type: ignore[arg-type]  # fpdf2 types all its outputs as one union
    sheet.rect(sheet.l_margin, sheet.get_y() + 1, _BOX, _BOX)
    sheet.set_x(sheet.l_margin + 7)
    sheet.multi_cell(sheet.epw - 7, 5.6, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(0.8)


def _portal(sheet: Sheet, wanted: Checklist) -> None:
    """QR code and source side by side, together on one page."""
    sheet.ln(3)
    sheet.keep_together(_QR + 4)
    image = io.BytesIO()
    segno.make(wanted.url, error="m").save(image, kind="png", scale=8, border=1)
    top = sheet.get_y()
    sheet.image(image, x=sheet.l_margin, y=top, w=_QR, alt_text="Mã QR của trang thủ tục trên Cổng")
    sheet.set_left_margin(MARGIN + _QR + 5)
    sheet.set_xy(MARGIN + _QR + 5, top + 3)
    sheet.paragraph("Quét mã để mở trang thủ tục trên Cổng Dịch vụ công quốc gia, xem mẫu đơn và nộp trên mạng.", 10)
    sheet.paragraph(f"Nguồn: {wanted.source}.", size=9, style="I")
    sheet.set_left_margin(MARGIN)
