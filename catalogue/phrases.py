"""How facts become phrases: sentences, papers in a row, names of laws. Registered as filters of the templates."""

import re
from collections.abc import Iterable

from catalogue.procedures import HandIn, Paper, Remark

_BEFORE = {"copy": "bản sao ", "original": "bản gốc "}
_PROPER = (
    "Ban Chỉ huy",
    "Bảo hiểm xã hội thành phố",
    "Bộ ",
    "Chi nhánh Văn phòng",
    "Công an",
    "Cổng ",
    "Cục ",
    "Hội đồng nhân dân",
    "Nghị định",
    "Phòng Cảnh sát",
    "Phòng Quản lý",
    "Sở ",
    "Thông tư",
    "Thuế thành phố",
    "Trung tâm ",
    "Ủy ban nhân dân",
    "Văn phòng đăng ký",
)
_SHORT_NOTE = 32  # characters; a longer remark on a paper becomes a sentence of its own
_ONE_LINE = 240  # characters; more papers of one case than that become lines of their own
_LAW_KINDS = (
    ("/QH", "Luật"),
    ("/NQ-UBTVQH", "Nghị quyết"),
    ("/UBTVQH", "Pháp lệnh"),
    ("/NĐ-CP", "Nghị định"),
    ("/NQ-", "Nghị quyết"),
    ("/TTLT", "Thông tư liên tịch"),
    ("/TT-", "Thông tư"),
    ("/QĐ-", "Quyết định"),
    ("/VBHN", "Văn bản hợp nhất"),
)


def sentence(text: str) -> str:
    """The text as a sentence: first letter large, one full stop at the end."""
    text = text.strip()
    if not text:
        return ""
    return text[:1].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def small(text: str) -> str:
    """The text as the middle of a sentence: first letter small, unless it is a name or an abbreviation."""
    first = text.split(" ", 1)[0]
    abbreviation = len(first) > 1 and not first[1:].islower()
    return text if abbreviation or text.startswith(_PROPER) else text[:1].lower() + text[1:]


def paper(item: Paper) -> str:
    """One paper, how to bring it, and when it is not needed, as a sentence or two."""
    text = _named(item)
    if item.note is None:
        return sentence(text)
    if item.note.startswith("hoặc "):
        return sentence(f"{text}, {item.note}")
    if len(item.note) <= _SHORT_NOTE:
        return f"{_aside(text, item.note)}."
    return f"{sentence(text)} {sentence(item.note)}"


def in_a_row(items: Iterable[Paper]) -> str:
    """Papers of a case in one line."""
    return "; ".join(_aside(small(_named(item)), item.note) for item in items)


def one_line(items: list[Paper]) -> bool:
    """Whether the papers of a case read well in one line."""
    return len(in_a_row(items)) <= _ONE_LINE


def remark(one: Remark) -> str:
    """A remark, marked when nobody has verified it."""
    if one.unverified and not admits(one.text):
        return f"{one.text.rstrip('.')}; điều này tôi chưa xác minh được."
    return sentence(one.text)


def where(place: HandIn) -> str:
    """Where to hand in, with the choice that people have: "… xã, phường nào trong thành phố cũng được"."""
    if place.residence != "city":
        return place.where
    any_of_them = " nào trong thành phố cũng được" if place.where.endswith("xã, phường") else None
    return place.where + (any_of_them or ", nơi nào trong thành phố cũng được")


def law(number: str) -> str:
    """ "60/2014/QH13" → "Luật 60/2014/QH13"; an unknown kind stays as it is."""
    return next((f"{kind} {number}" for mark, kind in _LAW_KINDS if mark in number), number)


def form(item: Paper) -> str:
    """A form to fill in, with its number: "Tờ khai thay đổi thông tin cư trú (mẫu CT01)"."""
    if item.form is None or item.form.lower() in item.text.lower():
        return item.text
    number = item.form if item.form.lower().startswith("mẫu") else f"mẫu {item.form}"
    return _aside(item.text, small(number))


def _aside(text: str, words: str | None) -> str:
    """The text with words in brackets behind it, in the same brackets where it ends with some."""
    if words is None:
        return text
    return f"{text[:-1]}; {words})" if text.endswith(")") else f"{text} ({words})"


def join(words: list[str]) -> str:
    """ "a, b và c"."""
    return " và ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def admits(text: str) -> bool:
    """Whether a text says by itself that it is not verified."""
    return re.search(r"tôi chưa|chưa xác minh|chưa tra", text) is not None


def _named(item: Paper) -> str:
    before = _BEFORE.get(item.kind, "")
    # "Bản sao Giấy khai sinh" needs no second "bản sao".
    named = item.text.lower().startswith(("bản sao", "bản gốc", "bản chính", "bản chụp", "ảnh", "hình"))
    text = before.capitalize() + small(item.text) if before and not named else form(item)
    if item.copies is not None and item.copies > 1:
        text = f"{text}, {item.copies} bản"
    return f"{text}, chỉ để xuất trình" if item.kind == "show" else text
