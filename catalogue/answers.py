"""What the bot says about one aspect of one procedure: short, numbered, sourced, honest about what is
unknown.

The wording is in data/templates/answers/*.j2; here is what templates are given, and how a long answer is cut
into pages.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from catalogue import phrases
from catalogue.case_view import CaseView
from catalogue.load import Facts
from catalogue.places import MERGER
from catalogue.procedures import Procedure
from catalogue.reckoning import deadline_line, ready_line
from catalogue.situations import Situation, open_questions
from kit.settings import ROOT

LONGEST = 900  # characters of one page of an answer
LONGEST_CASE = 120  # characters; what the portal has as a longer heading is no case to name in passing

TITLES = {
    "documents": "Giấy tờ",
    "fee": "Lệ phí",
    "time": "Mấy ngày",
    "place": "Nộp ở đâu",
    "steps": "Các bước",
    "form": "Mẫu đơn",
    "online": "Nộp trên mạng",
    "conditions": "Điều kiện",
    "legal_basis": "Căn cứ pháp lý",
    "overview": "Tóm tắt",
}
# What people ask next, most often first.
_NEXT = {
    "documents": ("fee", "time", "place"),
    "fee": ("documents", "time", "place"),
    "time": ("documents", "fee", "place"),
    "place": ("documents", "online", "time"),
    "steps": ("documents", "place", "time"),
    "form": ("documents", "online", "place"),
    "online": ("documents", "place", "fee"),
    "conditions": ("documents", "steps", "place"),
    "legal_basis": ("conditions", "documents", "steps"),
    "overview": ("documents", "fee", "online"),
}
# Which fields of a record an aspect speaks of.
_FIELDS: dict[str, tuple[str, ...]] = {
    "documents": ("documents",),
    "fee": ("fee",),
    "time": ("time_limit",),
    "place": ("hand_in",),
    "steps": ("steps",),
    "form": ("documents",),
    "online": ("channels",),
    "conditions": ("conditions",),
    "legal_basis": ("legal_basis",),
    "overview": ("documents", "fee", "time_limit"),
}
_FIELD_NAMES = {
    "documents": "giấy tờ",
    "fee": "lệ phí",
    "time_limit": "thời gian",
    "steps": "các bước",
    "legal_basis": "căn cứ pháp lý",
    "hand_in": "nơi nộp",
    "conditions": "điều kiện",
    "channels": "cách nộp",
}
_CHANNELS = {"online": "trên mạng", "post": "qua bưu điện", "counter": "tại quầy"}
_MOST_LAWS = 8
READ_ON = "read_on"
CHECKLIST = "checklist"


@dataclass(frozen=True)
class Asked:
    """What is known about a question besides procedure and aspect.

    `situation`: answers to the procedure's questions. `handed_in`: when the citizen means to hand in. `event`: the
    day that the citizen's own deadline runs from. `page`: of a long answer, from 1.
    """

    at: datetime
    situation: Situation = field(default_factory=dict)
    handed_in: datetime | None = None
    event: date | None = None
    page: int = 1

    @property
    def on(self) -> date:
        """The day of the question."""
        return self.at.date()


@dataclass(frozen=True)
class Answer:
    """One reply. `buttons` are (title, aspect), or (title, READ_ON) and (title, CHECKLIST); `unverified` the
    fields in it that no source has settled; `page` of `pages`."""

    text: str
    buttons: tuple[tuple[str, str], ...]
    source: str
    as_of: date
    unverified: tuple[str, ...]
    page: int = 1
    pages: int = 1


def answer(procedure: Procedure, aspect: str, facts: Facts, asked: Asked) -> Answer:
    """Render one aspect of a procedure for a question. Raises KeyError for an unknown aspect.

    A page that does not exist is the last one.
    """
    if aspect not in _FIELDS:
        raise KeyError(aspect)
    template = "name_only" if procedure.depth == "name" else aspect
    text = _environment().get_template(f"{template}.j2").render(_given(procedure, aspect, facts, asked))
    pages = _pages([line.rstrip() for line in text.splitlines() if line.strip()], procedure)
    page = min(max(asked.page, 1), len(pages))
    return Answer(
        text=pages[page - 1],
        buttons=_buttons(procedure, aspect, asked, more=page < len(pages)),
        source=source_line(procedure),
        as_of=procedure.as_of,
        unverified=_doubtful(procedure, aspect),
        page=page,
        pages=len(pages),
    )


def source_line(procedure: Procedure) -> str:
    """Where the facts come from and when they were read: "Cổng Dịch vụ công quốc gia, mã 1.001193, xem ngày
    …"."""
    line = f"{procedure.source.title}, mã {procedure.code}, xem ngày {procedure.as_of:%d/%m/%Y}"
    if procedure.depth == "portal":
        line += "; chép từ Cổng, chưa có người kiểm lại"
    return line


def _doubtful(procedure: Procedure, aspect: str) -> tuple[str, ...]:
    """The fields that an aspect speaks of and no source has settled."""
    return tuple(name for name in _FIELDS[aspect] if name in procedure.unverified)


def _given(procedure: Procedure, aspect: str, facts: Facts, asked: Asked) -> dict[str, Any]:
    on, doubtful = asked.on, _doubtful(procedure, aspect)
    view = CaseView(procedure, asked.situation, on)
    fee, limit = view.statement(procedure.fee), view.statement(procedure.time_limit)
    forms, remarks = view.forms(), view.remarks(procedure.notes)
    return {
        "p": procedure,
        "on": on,
        "for_case": view.label,
        "papers": view.papers,
        "open_groups": view.open_groups,
        "extra_cases": [group.case for group in view.open_groups if len(group.case or "") <= LONGEST_CASE]
        if view.papers
        else [],
        "forms": forms,
        "fee": fee,
        "fee_admits": any(phrases.admits(text) for text in (fee.short, *(one.text for one in fee.more))),
        "limit": limit,
        "ready": ready_line(limit.span, asked.at, asked.handed_in, facts.calendar) if limit.span else None,
        "deadline": _deadline(procedure, facts, asked),
        "warnings": [one for one in remarks if one.warning],
        "conditions": view.remarks(procedure.conditions),
        "notes": remarks,
        "amended": [one for one in procedure.laid_over if one.notice and one.concerns(aspect)],
        "authority": procedure.authority_on(on),
        "since_merger": on >= MERGER,
        "channels": [_CHANNELS[name] for name in ("counter", "post", "online") if name in procedure.channels],
        "laws": [phrases.law(number) for number in procedure.legal_basis[:_MOST_LAWS]],
        "more_laws": max(0, len(procedure.legal_basis) - _MOST_LAWS),
        "hours_note": facts.hours_note,
        "any_commune": facts.legal.get("any_commune", max(on, MERGER)).text,
        "portal": facts.legal.get("portal_login", max(on, MERGER)).text,
        "ask": _whom_to_ask(procedure),
        "go": "nộp" if procedure.hand_in.residence == "online" else "đi",
        "doubtful": doubtful,
        # What the phrases themselves have not already admitted.
        "doubt": phrases.join(
            [_FIELD_NAMES[name] for name in doubtful if not (name == "fee" and phrases.admits(fee.short))]
        ),
        "source": source_line(procedure),
    }


def _deadline(procedure: Procedure, facts: Facts, asked: Asked) -> str | None:
    rule = procedure.citizen_deadline
    if rule is None or asked.event is None or asked.event > asked.on:
        return None
    return deadline_line(rule, asked.event, asked.on, facts.calendar)


def _whom_to_ask(procedure: Procedure) -> str:
    """Who can say what we could not verify."""
    where = procedure.hand_in.where
    if procedure.hand_in.residence == "online":
        office = procedure.authority[-1].text
        return office if len(office) <= 70 else "Trung tâm Phục vụ hành chính công xã, phường"
    return where if len(where) <= 60 and " hoặc " not in where else "nơi nhận hồ sơ"


def _pages(lines: list[str], procedure: Procedure) -> list[str]:
    """Lines as pages of at most LONGEST characters, each with its source. Lists keep their numbers."""
    source = lines.pop()
    pages: list[list[str]] = [[]]
    for line in (piece for whole in lines for piece in _pieces(whole, LONGEST - len(source) - 270)):
        if pages[-1] and len("\n".join([*pages[-1], line, source])) > LONGEST:
            # A heading stays with its list.
            heading: list[str] = []
            while len(pages[-1]) > 1 and pages[-1][-1].endswith(":"):
                heading.insert(0, pages[-1].pop())
            pages.append([f"{procedure.short_name}, tiếp theo:", *heading])
        pages[-1].append(line)
    return ["\n".join([*page, source]) for page in pages]


def _pieces(line: str, longest: int) -> list[str]:
    """A line that is longer than a page, cut at the ends of sentences or, failing that, at spaces."""
    pieces = []
    while len(line) > longest:
        ends = [match.end() for match in re.finditer(r"[.;:!?]\s", line[:longest])]
        cut = ends[-1] if ends and ends[-1] > longest // 2 else line.rfind(" ", 0, longest) + 1 or longest
        piece = line[:cut].rstrip(" ,;:")
        pieces.append(piece if piece.endswith((".", "!", "?")) else f"{piece}…")
        line = line[cut:]
    return [*pieces, line]


def _buttons(procedure: Procedure, aspect: str, asked: Asked, *, more: bool) -> tuple[tuple[str, str], ...]:
    following = [name for name in _NEXT[aspect] if name != "online" or procedure.online_level != "none"]
    buttons = [(TITLES[name], name) for name in following]
    if aspect in ("documents", "overview", "form") and open_questions(procedure, asked.situation):
        buttons = [("Danh sách cho trường hợp của tôi", CHECKLIST), *buttons[:2]]
    if more:
        buttons = [("Xem thêm", READ_ON), *buttons[:2]]
    return tuple(buttons)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "data" / "templates" / "answers"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  (plain text: channels escape for themselves)
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("sentence", "small", "paper", "remark", "in_a_row", "form", "one_line", "where"):
        environment.filters[name] = getattr(phrases, name)
    return environment
