"""What the bot says about one aspect of one procedure: short, numbered, sourced, honest about what is not known.

The wording is in data/templates/answers/*.j2; here is only what each template is given.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from catalogue.load import Facts
from catalogue.procedures import Procedure
from kit.settings import ROOT

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
_FOLLOWED_BY = ("documents", "fee", "time", "place", "online", "steps")
_MOST_BUTTONS = 3
# Which fields of a record an aspect speaks of, and how each is called when it is not verified.
_FIELDS = {
    "documents": ("documents",),
    "fee": ("fee",),
    "time": ("time_limit",),
    "place": ("authority",),
    "steps": ("steps",),
    "form": (),
    "online": (),
    "conditions": (),
    "legal_basis": ("legal_basis",),
    "overview": ("documents", "fee", "time_limit"),
}
_FIELD_NAMES = {
    "documents": "danh sách giấy tờ",
    "fee": "lệ phí",
    "time_limit": "thời hạn",
    "authority": "nơi nhận",
    "steps": "các bước",
    "legal_basis": "căn cứ pháp lý",
}
_CHANNELS = {"online": "trên mạng", "post": "bưu điện", "counter": "tại quầy"}


@dataclass(frozen=True)
class Answer:
    """One reply. `buttons` are (title, aspect); `unverified` the fields in it that no source has settled."""

    text: str
    buttons: tuple[tuple[str, str], ...]
    source: str
    as_of: date
    unverified: tuple[str, ...]


def answer(procedure: Procedure, aspect: str, facts: Facts, on: date) -> Answer:
    """Render one aspect of a procedure as it holds on a day. Raises KeyError for an unknown aspect."""
    doubtful = tuple(name for name in _FIELDS[aspect] if name in procedure.unverified)
    given: dict[str, Any] = {
        "p": procedure,
        "authority": procedure.authority_on(on),
        "counter_methods": [method for method in procedure.methods if method.channel == "counter"],
        "channels": list(dict.fromkeys(_CHANNELS[method.channel] for method in procedure.methods)),
        "hours_note": facts.hours_note,
        "doubt": ", ".join(_FIELD_NAMES[name] for name in doubtful),
        "paper_count": sum(len(group.items) for group in procedure.documents if group.case is None),
        "cases": [group.case for group in procedure.documents if group.case],
    }
    text = _template(aspect).render(given)
    lines = [line.rstrip() for line in text.splitlines()]
    return Answer(
        text="\n".join(line for line in lines if line),
        buttons=_buttons(aspect),
        source=source_line(procedure),
        as_of=procedure.as_of,
        unverified=doubtful,
    )


def source_line(procedure: Procedure) -> str:
    """Where the facts come from and when they were read."""
    title = procedure.source.title.removesuffix(", chi tiết thủ tục")
    return f"{title}, mã {procedure.code}, xem ngày {procedure.as_of:%d/%m/%Y}"


def _buttons(aspect: str) -> tuple[tuple[str, str], ...]:
    others = [name for name in _FOLLOWED_BY if name != aspect]
    return tuple((TITLES[name], name) for name in others[:_MOST_BUTTONS])


def sentence(text: str) -> str:
    """The text as a sentence: first letter large, one full stop at the end."""
    text = text.strip().rstrip(".;,")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def paper(text: str, kind: str) -> str:
    """One paper with what to do with it."""
    suffix = {"show": " (chỉ xuất trình, không nộp)", "copy": "", "original": "", "unspecified": ""}[kind]
    return text.rstrip(".;,") + suffix


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "data" / "templates" / "answers"),
        undefined=StrictUndefined,
        autoescape=False,  # plain text: channels escape for themselves
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = sentence
    environment.globals["paper"] = paper
    environment.globals["source_line"] = source_line
    return environment


@cache
def _template(aspect: str) -> Template:
    return _environment().get_template(f"{aspect}.j2")
