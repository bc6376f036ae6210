"""What the bot says about one aspect of one procedure: short, numbered, sourced, honest about what is
unknown.

The wording is in data/templates/answers/*.j2; here is only what templates are given and how phrases are
joined.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from catalogue.load import Facts
from catalogue.places import MERGER
from catalogue.procedures import Paper, Procedure, Remark
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
    "place": (),
    "steps": ("steps",),
    "form": ("documents",),
    "online": (),
    "conditions": (),
    "legal_basis": ("legal_basis",),
    "overview": ("documents", "fee", "time_limit"),
}
_FIELD_NAMES = {
    "documents": "giấy tờ",
    "fee": "lệ phí",
    "time_limit": "thời gian",
    "steps": "các bước",
    "legal_basis": "căn cứ pháp lý",
}
_CHANNELS = {"online": "trên mạng", "post": "qua bưu điện", "counter": "tại quầy"}
_BEFORE = {"copy": "bản sao ", "original": "bản gốc "}
_FORM_WORDS = (
    "tờ khai",
    "đơn ",
    "đề nghị ",
    "giấy đề nghị",
    "giấy khai ",
    "phiếu ",
    "bản khai",
    "văn bản đề nghị",
    "thông báo tạm",
)
_NOT_A_FORM = ("giấy khai sinh", "phiếu lý lịch")
_PROPER = (
    "Ban Chỉ huy",
    "Bảo hiểm xã hội thành phố",
    "Chi nhánh Văn phòng",
    "Công an",
    "Cổng ",
    "Phòng Cảnh sát",
    "Phòng Quản lý",
    "Sở ",
    "Thuế thành phố",
    "Trung tâm ",
    "Văn phòng đăng ký",
)
_SHORT_NOTE = 32  # characters; a longer remark on a paper becomes a sentence of its own
_MOST_LAWS = 8
_LAW_KINDS = (
    ("/QH", "Luật"),
    ("/UBTVQH", "Nghị quyết"),
    ("/NĐ-CP", "Nghị định"),
    ("/NQ-", "Nghị quyết"),
    ("/TTLT", "Thông tư liên tịch"),
    ("/TT-", "Thông tư"),
    ("/QĐ-", "Quyết định"),
    ("/VBHN", "Văn bản hợp nhất"),
)


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
    text = _environment().get_template(f"{aspect}.j2").render(_given(procedure, facts, on, doubtful))
    return Answer(
        text="\n".join(line.rstrip() for line in text.splitlines() if line.strip()),
        buttons=_buttons(procedure, aspect),
        source=source_line(procedure),
        as_of=procedure.as_of,
        unverified=doubtful,
    )


def source_line(procedure: Procedure) -> str:
    """Where the facts come from and when they were read: "Cổng Dịch vụ công quốc gia, mã 1.001193, xem ngày
    …"."""
    return f"{procedure.source.title}, mã {procedure.code}, xem ngày {procedure.as_of:%d/%m/%Y}"


def sentence(text: str) -> str:
    """The text as a sentence: first letter large, one full stop at the end."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def small(text: str) -> str:
    """The text as the middle of a sentence: first letter small, unless it is a name or an abbreviation."""
    abbreviation = not text.split(" ", 1)[0][1:].islower() and len(text.split(" ", 1)[0]) > 1
    return text if abbreviation or text.startswith(_PROPER) else text[:1].lower() + text[1:]


def paper(item: Paper) -> str:
    """One paper, how to bring it, and when it is not needed, as a sentence or two."""
    text = _named(item)
    if item.note is None:
        return f"{text}."
    if item.note.startswith("hoặc "):
        return f"{text}, {item.note}."
    if len(item.note) <= _SHORT_NOTE:
        return f"{text} ({item.note})."
    return f"{text}. {sentence(item.note)}"


def in_a_row(items: Iterable[Paper]) -> str:
    """Papers of a case in one line."""
    return "; ".join(small(_named(item)) + (f" ({item.note})" if item.note else "") for item in items)


def _named(item: Paper) -> str:
    before = _BEFORE.get(item.kind, "")
    text = before.capitalize() + small(item.text) if before else item.text
    return f"{text}, chỉ để xuất trình" if item.kind == "show" else text


def remark(one: Remark) -> str:
    """A remark, marked when nobody has verified it."""
    if one.unverified and not _admits(one.text):
        return f"{one.text.rstrip('.')}; điều này tôi chưa xác minh được."
    return sentence(one.text)


def law(number: str) -> str:
    """ "60/2014/QH13" → "Luật 60/2014/QH13"; an unknown kind stays as it is."""
    return next((f"{kind} {number}" for mark, kind in _LAW_KINDS if mark in number), number)


def _given(procedure: Procedure, facts: Facts, on: date, doubtful: tuple[str, ...]) -> dict[str, Any]:
    common = list(procedure.papers_for_all())
    said = [procedure.fee.short, *(one.text for one in procedure.fee.more)]
    return {
        "p": procedure,
        "on": on,
        "common": common,
        "cases": [group for group in procedure.documents if group.case],
        "extra_cases": [case for case in procedure.cases() if _is_a_case(case)] if common else [],
        "forms": _forms(procedure),
        "fee_more": [one for one in procedure.fee.more if one.holds(on)],
        "fee_admits": any(_admits(text) for text in said),
        "form_numbers": [number for number in procedure.forms if number not in " ".join(_forms(procedure))],
        "time_more": [one for one in procedure.time_limit.more if one.holds(on)],
        "warnings": [one for one in procedure.notes if one.warning and one.holds(on)],
        "conditions": [one for one in procedure.conditions if one.holds(on)],
        "notes": [one for one in procedure.notes if one.holds(on)],
        "authority": procedure.authority_on(on),
        "since_merger": on >= MERGER,
        "channels": [_CHANNELS[name] for name in ("counter", "post", "online") if name in procedure.channels],
        "laws": [law(number) for number in procedure.legal_basis[:_MOST_LAWS]],
        "more_laws": max(0, len(procedure.legal_basis) - _MOST_LAWS),
        "hours_note": facts.hours_note,
        "any_commune": facts.legal.get("any_commune", max(on, MERGER)).text,
        "portal": facts.legal.get("portal_login", max(on, MERGER)).text,
        "ask": _whom_to_ask(procedure),
        "go": "nộp" if procedure.hand_in.residence == "online" else "đi",
        "doubtful": doubtful,
        # What the phrases themselves have not already admitted.
        "doubt": _and(
            [_FIELD_NAMES[name] for name in doubtful if not (name == "fee" and _admits(procedure.fee.short))]
        ),
        "source": source_line(procedure),
    }


def _whom_to_ask(procedure: Procedure) -> str:
    """Who can say what we could not verify."""
    where = procedure.hand_in.where
    if procedure.hand_in.residence == "online":
        office = procedure.authority[-1].text
        return office if len(office) <= 70 else "Trung tâm Phục vụ hành chính công xã, phường"
    return where if len(where) <= 60 and " hoặc " not in where else "nơi nhận hồ sơ"


def _is_a_case(label: str) -> bool:
    """Whether a heading names somebody's situation, rather than a part of the dossier."""
    return not label.startswith(("Tùy", "Hồ sơ"))


def _and(words: list[str]) -> str:
    return " và ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _forms(procedure: Procedure) -> list[str]:
    """Papers that are forms to fill in."""
    texts = [item.text for group in procedure.documents for item in group.items]
    return list(
        dict.fromkeys(
            text
            for text in texts
            if text.lower().startswith(_FORM_WORDS) and not text.lower().startswith(_NOT_A_FORM)
        )
    )


def _admits(text: str) -> bool:
    return re.search(r"tôi chưa|chưa xác minh|chưa tra", text) is not None


def _buttons(procedure: Procedure, aspect: str) -> tuple[tuple[str, str], ...]:
    following = [name for name in _NEXT[aspect] if name != "online" or procedure.online_level != "none"]
    return tuple((TITLES[name], name) for name in following)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "data" / "templates" / "answers"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  (plain text: channels escape for themselves)
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "sentence": sentence,
        "small": small,
        "paper": paper,
        "remark": remark,
        "in_a_row": in_a_row,
    }
    return environment
