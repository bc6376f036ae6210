"""The Word file of a drafted letter: A4, dotted lines where the citizen writes by hand, every word can be changed."""

import io
from datetime import datetime, time

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from backlog.petitions import Letter, Line

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FONT = "Times New Roman"  # on every machine that has Word, with all Vietnamese letters
_LEFT, _RIGHT = 30, 20  # millimetres
_WIDTH = 210 - _LEFT - _RIGHT


def write(letter: Letter) -> bytes:
    """The file's bytes."""
    document = _document(letter)
    for text in letter.national:
        _centred(document, text)
    title = _centred(document, letter.title, size=16)
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(14)
    for line in letter.lines:
        _add(document, line)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _document(letter: Letter) -> WordDocument:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(_LEFT), Mm(_RIGHT)
    section.top_margin = section.bottom_margin = Mm(20)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(13)
    normal.paragraph_format.space_after = Pt(4)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "vi-VN")
    about = document.core_properties
    about.title, about.language = letter.title, "vi"
    about.author = about.comments = ""  # the library signs with its own name, and dates its files 2013
    about.created = about.modified = datetime.combine(letter.drafted, time.min)
    _number_pages(section.footer.paragraphs[0])
    return document


def _number_pages(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)  # the library has no page number of its own


def _add(document: WordDocument, line: Line) -> None:
    if line.blank:
        _blank(document, line)
    elif line.role == "heading":
        paragraph = document.add_paragraph()
        paragraph.add_run(line.text).bold = True
        paragraph.paragraph_format.space_before = Pt(8)
        paragraph.paragraph_format.keep_with_next = True
    elif line.role == "closing":
        document.add_paragraph(line.text).paragraph_format.keep_with_next = True
    elif line.role == "date":
        paragraph = document.add_paragraph(line.text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.space_before = Pt(14)
        paragraph.paragraph_format.keep_with_next = True
    elif line.role == "signature":
        _signature(document, line)
    else:
        document.add_paragraph(f"{line.label}: {line.text}" if line.label else line.text)


def _blank(document: WordDocument, line: Line) -> None:
    """Tabs that lead to the right margin in dots; the first one behind the label."""
    label = f"{line.label}: " if line.label else ""
    for words in [label, *[""] * (line.blank - 1)]:
        paragraph = document.add_paragraph(f"{words}\t")
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _signature(document: WordDocument, line: Line) -> None:
    name = _centred(document, line.label)
    name.paragraph_format.keep_with_next = True
    how = document.add_paragraph()
    how.alignment = WD_ALIGN_PARAGRAPH.CENTER
    how.add_run(line.text).italic = True
    how.paragraph_format.space_after = Pt(70)  # room to sign
    for paragraph in (name, how):
        paragraph.paragraph_format.left_indent = Mm(_WIDTH / 2)


def _centred(document: WordDocument, text: str, size: int = 13) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.bold, run.font.size = True, Pt(size)
    return paragraph
