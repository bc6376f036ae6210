"""What all pages to print share: the A4 sheet and its type, and the page that says why nothing can be shown."""

import unicodedata
from importlib.resources import files

from fastapi import Request
from fastapi.responses import HTMLResponse
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from bot.web.routes import templates
from kit.errors import TiepDanError

MARGIN = 18  # millimetres
# A page that belongs to one person is kept by no cache, found by no search engine and named to no other site.
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


def problem(request: Request, error: TiepDanError) -> HTMLResponse:
    """An error of these pages, as a page."""
    return templates.TemplateResponse(
        request, "problem.html", {"message": error.message}, status_code=error.status, headers=PRIVATE
    )


class Sheet(FPDF):
    """A Vietnamese A4 document in Roboto, with its first page begun. Measures are millimetres, sizes points."""

    def __init__(self, title: str, author: str) -> None:
        super().__init__(format="A4")
        # The library would put the number of pages in place of a "{nb}" that somebody wrote.
        self.alias_nb_pages("")
        self.set_lang("vi")
        self.set_title(title)
        self.set_author(author)
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        fonts = files("font_roboto") / "files"
        for style, name in (("", "Regular"), ("B", "Bold"), ("I", "Italic")):
            self.add_font("Roboto", style, str(fonts / f"Roboto-{name}.ttf"))
        self.add_page()

    def paragraph(self, text: str, size: float = 11, style: str = "", align: str = "L") -> None:
        """Text over the whole width; goes on overleaf where it must."""
        self.set_font("Roboto", style, size)
        self.multi_cell(0, size * 0.52, self._drawable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(0.6)

    def _drawable(self, text: str) -> str:
        """The text without emoji that the type lacks. A letter that it lacks shows as a mark: nothing goes unseen."""
        assert isinstance(self.current_font, TTFFont)
        known = self.current_font.cmap
        return "".join(char if ord(char) in known else _instead(char) for char in text)

    def heading(self, text: str) -> None:
        """A line in bold with air above it."""
        self.ln(1.5)
        self.paragraph(text, style="B")

    def keep_together(self, height: float) -> None:
        """Begin a new page unless so much still fits on this one."""
        if self.will_page_break(height):
            self.add_page()


def _instead(char: str) -> str:
    return "" if unicodedata.category(char) in ("So", "Sk", "Mn") else "\N{REPLACEMENT CHARACTER}"
