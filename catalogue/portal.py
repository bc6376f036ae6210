"""One record of the National Public Service Portal (dichvucong.gov.vn) as a procedure of ours.

Accepts the portal's full record, the same inside {"detail": …}, and its list view, of which only the name is
known. Nothing is added to what the portal says; what reads badly is cleaned, cut or marked `unverified` with the
reason. How to read its numbers: several times or fees in one record are cases, not channels; some fees lack their
zeros; a fee of 0 is not free where the council sets it.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalogue.procedures import Procedure

PORTAL = "Cổng Dịch vụ công quốc gia"
PAGE = "https://dichvucong.gov.vn/thu-tuc-hanh-chinh/"
OWN_COUNCIL = "cần thơ"  # procedures of other provinces' committees do not apply here

_CODE = re.compile(r"\d\.\d{6}")
_TAG = re.compile(r"<[^<>]{0,400}>")
_BULLET = re.compile(r"^(?:[\s*\-+–—•·●○▪■\uf000-\uf8ff]+|\(?[a-zđ0-9]{1,3}[).]\s+(?=\S))+")
_FORM_WORDS = ("tờ khai", "đơn ", "giấy đề nghị", "phiếu ", "bản khai", "văn bản đề nghị", "mẫu ")
# Slips of typing that would make our own sentences read badly.
_TYPING = (
    (re.compile(r"\s+([,.;:!?)\]])"), r"\1"),
    (re.compile(r"([(\[])\s+"), r"\1"),
    (re.compile(r"\(\s*\)"), ""),
    (re.compile(r"([,;:])(?:\s*[,;:.])+"), r"\1"),
    (re.compile(r"\.\.+"), "…"),
    (re.compile(r"\.[,;:]"), "."),
    (re.compile(r"\.\)\."), ")."),
    (re.compile(r"\.\)"), ")"),
    (re.compile(r"\)\s+\("), "; "),
    (re.compile(r"\s+"), " "),
)
_NO_CASE = re.compile(
    r"^(?:(?:thành phần hồ sơ|hồ sơ|giấy tờ phải nộp|bao gồm|gồm|thành phần|số lượng)\b.{0,25}|trường hợp \d*)$", re.I
)
_REMARKS = re.compile(r"^(?:lưu ý|ghi chú|chú ý)\b", re.I)
_NOTHING = re.compile(
    r"^(?:không|không có|không quy định|không yêu cầu|không có yêu cầu.*|chưa có.*|0|\.|-)\.?$", re.I
)
_COUNCIL = re.compile(r"hội đồng nhân dân|hđnd", re.I)
_UNITS = {
    "WORKING_DAY": ("ngày làm việc", "working_day"),
    "DAY": ("ngày", "calendar_day"),
    "MONTH": ("tháng", "month"),
}
_UNITS |= {"HOUR": ("giờ làm việc", "working_hour"), "YEAR": ("năm", "")}
_CHANNELS = {"ONLINE": "online", "POSTAL": "post", "DIRECT": "counter"}
_LONG_PAPER, _LONG_STEPS, _LONG_LINE = 500, 6000, 700  # characters; beyond, the portal's page is better
_MOST_PAPERS = 40


@dataclass(frozen=True)
class Rejected:
    """A record that no answer may be made of, and why."""

    code: str
    reason: str


def convert(record: dict[str, Any], as_of: date, repealed: Mapping[str, str] | None = None) -> Procedure | Rejected:
    """The procedure of a portal record, or why there is none. Raises nothing for whatever the portal may send.

    `repealed`: by code, the law that ended a procedure after the snapshot.
    """
    inner = record.get("detail")
    detail = inner if isinstance(inner, dict) else record
    code = str(detail.get("code") or record.get("code") or "").strip()
    if reason := _refuse(code, detail):
        return Rejected(code or "không mã", reason)
    if repealed and code in repealed:
        return Rejected(code, f"đã bãi bỏ theo {repealed[code]}")
    name = _title(str(detail.get("name") or record.get("name") or ""))
    if not name:
        return Rejected(code, "không có tên")
    body = _skeleton(code, name, record, as_of)
    body |= _facts(detail) if "executionMethods" in detail or "executionSteps" in detail else _only_a_name(detail)
    return Procedure.model_validate(body, strict=False)


def clean(text: object) -> str:
    """Text without tags, entities and odd spaces, on one line."""
    plain = _TAG.sub(" ", html.unescape(str(text or "")))
    plain = "".join(
        char for char in unicodedata.normalize("NFC", plain) if char == "\n" or char.isprintable() or char.isspace()
    )
    plain = " ".join(plain.split())
    for pattern, right in _TYPING:
        plain = pattern.sub(right, plain)
    return plain


def _phrase(text: object) -> str:
    """Clean text without bullets before and punctuation after, to stand inside a sentence."""
    return _BULLET.sub("", clean(text)).strip(" .,:;-")


def _refuse(code: str, detail: dict[str, Any]) -> str | None:
    if not _CODE.fullmatch(code):
        return "mã không đúng dạng"
    by = clean(detail.get("departmentPromulgateName") or detail.get("departmentPromulgate"))
    if re.match(r"UBND|Sở |Trung tâm phục vụ", by, re.I) and OWN_COUNCIL not in by.lower():
        return f"của địa phương khác ({by})"
    if detail.get("isInternal") or str(detail.get("type", "")).endswith("INTERNAL"):
        return "thủ tục nội bộ giữa các cơ quan"
    return None


def _skeleton(code: str, name: str, record: dict[str, Any], as_of: date) -> dict[str, Any]:
    page = str(record.get("id") or "")
    return {
        "code": code,
        "name": name,
        "short_name": name if len(name) <= 70 else name[:69].rsplit(" ", 1)[0] + "…",
        "aliases": [name],
        "source": {"title": PORTAL, "url": PAGE + page if re.fullmatch(r"[0-9a-f-]{36}", page) else None},
        "as_of": as_of,
        "confidence": "medium",
    }


def _only_a_name(detail: dict[str, Any]) -> dict[str, Any]:
    nothing = {"short": "Chưa có thông tin"}
    offices = "; ".join(clean(one) for one in detail.get("departments") or [] if one) or "Cổng không ghi"
    return {
        "depth": "name",
        "confidence": "low",
        "summary": "Mới chỉ có tên thủ tục",
        "field": next((clean(one) for one in detail.get("categories") or [] if one), ""),
        "authority": [{"text": offices}],
        "hand_in": {"where": "Trung tâm Phục vụ hành chính công xã, phường", "residence": "unknown"},
        "documents": [],
        "fee": nothing,
        "time_limit": nothing,
        "steps": [],
        "channels": [],
        "online_level": "none",
        "unverified": dict.fromkeys(("documents", "fee", "time_limit", "steps", "hand_in"), "mới chỉ có tên"),
    }


def _facts(detail: dict[str, Any]) -> dict[str, Any]:
    marks: dict[str, str] = {}
    methods = [one for one in detail.get("executionMethods") or [] if isinstance(one, dict)]
    documents, remarks = _documents(detail, marks)
    channels = [name for key, name in _CHANNELS.items() if any(one.get("submissionMethod") == key for one in methods)]
    office = _office(detail)
    return {
        "depth": "portal",
        "summary": f"Lĩnh vực: {_field(detail) or 'Cổng không ghi'}",
        "field": _field(detail),
        "authority": [{"valid_from": date(2025, 7, 1), "text": office}],
        "hand_in": _hand_in(detail, office, marks),
        "documents": documents,
        "fee": _fee(methods, marks),
        "time_limit": _time_limit(methods, marks),
        "steps": _steps(detail, marks),
        "channels": channels,
        "online_level": "full" if detail.get("isFullProcess") else "available" if "online" in channels else "none",
        "conditions": _conditions(detail, marks),
        "legal_basis": list(dict.fromkeys(_codes(detail))),
        "decision": _phrase((detail.get("procedureProposal") or {}).get("proposalNumber") or detail.get("decisionNo"))
        or None,
        "result": _names(detail, "resultsDetails") or None,
        "notes": remarks,
        "unverified": marks,
    }


def _title(name: str) -> str:
    text = re.sub(r"^thủ tục\s*:?\s+|\s*\(\s*\d\.\d{6}\s*\)", "", clean(name).strip(" .*-;:"), flags=re.I).strip()
    return text[:1].upper() + text[1:]


def _field(detail: dict[str, Any]) -> str:
    return next((clean(one.get("name")) for one in detail.get("categoriesDetails") or [] if one), "")


def _names(detail: dict[str, Any], key: str) -> str:
    found = [_phrase(one.get("name")) for one in detail.get(key) or [] if isinstance(one, dict)]
    return _cut("; ".join(dict.fromkeys(name for name in found if name)), _LONG_LINE)


def _codes(detail: dict[str, Any]) -> Iterator[str]:
    for one in detail.get("legalBasisesDetails") or []:
        if isinstance(one, dict) and (code := _phrase(one.get("code"))) and len(code) <= 60:
            yield code


def _office(detail: dict[str, Any]) -> str:
    """Who does it: named units, named departments, the portal's free text, or at least the level."""
    for key in ("unitGroupsExecuting", "departmentsExecuting", "unitGroupsAuthority", "departmentsAuthority"):
        if names := _names(detail, key):
            return names
    if text := _phrase(detail.get("executingAgencies")):
        return _cut(text, _LONG_LINE)
    levels = {"isWard": "UBND cấp xã", "isProvince": "Cơ quan cấp tỉnh", "isMinistry": "Cơ quan cấp bộ"}
    return " hoặc ".join(label for key, label in levels.items() if detail.get(key)) or "Cổng không ghi"


def _hand_in(detail: dict[str, Any], office: str, marks: dict[str, str]) -> dict[str, str]:
    address = _phrase(detail.get("dossierReceivingAddresses"))
    if address and len(address) <= 120:
        return {"where": address, "residence": "unknown"}
    marks["hand_in"] = "Cổng không ghi nơi nhận, suy từ cấp giải quyết"
    if detail.get("isWard"):
        return {"where": "Trung tâm Phục vụ hành chính công xã, phường", "residence": "unknown"}
    if detail.get("isProvince"):
        return {"where": "Trung tâm Phục vụ hành chính công thành phố", "residence": "unknown"}
    return {"where": office if len(office) <= 120 else "Cơ quan giải quyết", "residence": "unknown"}


def _documents(detail: dict[str, Any], marks: dict[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    groups: list[dict[str, Any]] = []
    remarks: list[str] = []
    seen: set[str] = set()
    for case in _components(detail):
        label, items = _label(case.get("name")), []
        for component in case.get("profileComponents") or []:
            item = _paper(component, marks)
            if item is None or item["text"] in seen:
                continue
            seen.add(item["text"])
            items.append(item)
        if label and _REMARKS.match(label):
            remarks += [item["text"] for item in items][:6]
        elif items:
            groups.append({"case": label, "items": items})
    # The same heading twice is one group; headings are what lets a reader tell cases apart.
    merged: dict[str | None, list[dict[str, Any]]] = {}
    for group in groups:
        merged.setdefault(group["case"], []).extend(group["items"])
    if not merged:
        marks["documents"] = "Cổng không ghi giấy tờ"
    if sum(map(len, merged.values())) > _MOST_PAPERS:
        marks["documents"] = f"Cổng ghi hơn {_MOST_PAPERS} dòng giấy tờ"
    return [{"case": label, "items": items} for label, items in merged.items()], remarks


def _components(detail: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (one for one in detail.get("executionCases") or [] if isinstance(one, dict))
    if loose := [one for one in detail.get("profileComponents") or [] if isinstance(one, dict)]:
        yield {"name": "", "profileComponents": loose}


def _label(name: object) -> str | None:
    label = _phrase(name)
    return None if not label or _NO_CASE.match(label) else _cut(label[:1].upper() + label[1:], 200)


def _paper(component: dict[str, Any], marks: dict[str, str]) -> dict[str, Any] | None:
    raw = component.get("name") if isinstance(component, dict) else None
    text = _phrase(raw)
    if len(text) < 3:
        return None
    if len(text) > _LONG_PAPER:
        marks["documents"] = "có dòng giấy tờ dài quá 500 chữ, đã cắt"
    originals, copies = _count(component.get("originalQty")), _count(component.get("copyQty"))
    kind = "form" if text.lower().startswith(_FORM_WORDS) else "copy" if copies and not originals else "unspecified"
    number = originals or copies
    return {
        "text": _cut(text[:1].upper() + text[1:], _LONG_PAPER),
        "kind": kind,
        "copies": number if number and 1 < number <= 20 else None,
    }


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _fee(methods: list[dict[str, Any]], marks: dict[str, str]) -> dict[str, Any]:
    fees = [one for method in methods for one in method.get("fees") or [] if isinstance(one, dict)]
    told = list(dict.fromkeys((one.get("value"), _cut(_phrase(one.get("description")), 300)) for one in fees))
    words = " ".join(text for _, text in told)
    amounts = [(value, text) for value, text in told if isinstance(value, int | float)]
    if any(0 < value < 1000 for value, _ in amounts):
        marks["fee"] = "số tiền dưới 1.000, có thể thiếu số 0"
    if all(value == 0 for value, _ in amounts) and _COUNCIL.search(words):
        marks["fee"] = "Cổng ghi 0 nhưng mức thu do Hội đồng nhân dân quy định"
        return {"short": "Do Hội đồng nhân dân quy định, Cổng không ghi mức cụ thể", "more": _texts(told)}
    if not amounts:
        marks["fee"] = "Cổng không ghi mức thu"
        return {"short": "Cổng không ghi mức thu", "more": _texts(told)}
    if len(amounts) == 1:
        return {"short": _money(amounts[0][0]), "more": _texts(told)}
    plain = list(dict.fromkeys(_money(value) for value, text in amounts if not text))
    cases = [{"case": text, "short": _money(value)} for value, text in amounts if text]
    return {
        "short": " hoặc ".join(plain) + (", tùy trường hợp" if len(plain) > 1 else "") if plain else "Tùy trường hợp",
        "cases": cases,
    }


def _texts(told: Iterable[tuple[object, str]]) -> list[str]:
    return list(dict.fromkeys(text for _, text in told if text and not _NOTHING.match(text)))[:6]


def _money(value: float) -> str:
    if value == 0:
        return "0 đồng theo Cổng"
    if value < 1000:
        return f"{value:g} (Cổng ghi vậy, có thể thiếu số 0)"
    return f"{value:,.0f} đồng".replace(",", ".")


def _time_limit(methods: list[dict[str, Any]], marks: dict[str, str]) -> dict[str, Any]:
    told = list(
        dict.fromkeys(
            (
                one.get("processingTime"),
                str(one.get("processingTimeUnit")),
                _cut(_phrase(one.get("description")), 300),
            )
            for one in methods
        )
    )
    counted = [(_count(number), unit, text) for number, unit, text in told if unit in _UNITS and _count(number)]
    more = list(dict.fromkeys(text for _, _, text in told if text and not _NOTHING.match(text)))[:6]
    if not counted:
        marks["time_limit"] = "Cổng ghi thời hạn bằng lời hoặc không ghi"
        return {"short": "Cổng không ghi số ngày", "more": more}
    limits = list(dict.fromkeys((number, unit) for number, unit, _ in counted))
    if len(limits) == 1:
        return {"short": _span_words(*limits[0]), "more": more, "span": _span(*limits[0])}
    cases = [
        {"case": text, "short": _span_words(n, unit), "span": _span(n, unit)} for n, unit, text in counted if text
    ]
    if len(cases) == len(counted):
        return {"short": "Tùy trường hợp", "cases": cases}
    marks["time_limit"] = "Cổng ghi nhiều thời hạn, không nói rõ trường hợp nào"
    return {"short": f"{' hoặc '.join(_span_words(*one) for one in limits)}, tùy trường hợp", "more": more}


def _span_words(number: int, unit: str) -> str:
    return f"{number} {_UNITS[unit][0]}"


def _span(number: int, unit: str) -> dict[str, Any] | None:
    return {"unit": _UNITS[unit][1], "amount": number} if _UNITS[unit][1] and number <= 400 else None


def _steps(detail: dict[str, Any], marks: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for step in detail.get("executionSteps") or []:
        text = html.unescape(str((step or {}).get("description") or ""))
        text = re.sub(r"</(?:p|li|div|tr)>|<br ?/?>", "\n", text, flags=re.I)
        lines += [line for line in (_line(part) for part in text.split("\n")) if line]
    steps, length = [], 0
    for line in lines:
        length += len(line)
        if length > _LONG_STEPS:
            marks["steps"] = "các bước dài quá, phần sau xem trên Cổng"
            break
        steps.append(line)
    if not lines:
        marks["steps"] = "Cổng không ghi các bước"
    return steps


def _conditions(detail: dict[str, Any], marks: dict[str, str]) -> list[str]:
    text = html.unescape(str(detail.get("requirementsAndConditions") or ""))
    text = re.sub(r"</(?:p|li|div|tr)>|<br ?/?>", "\n", text, flags=re.I)
    lines = [line for line in (_line(part) for part in text.split("\n")) if line and not _NOTHING.match(line)]
    if sum(map(len, lines)) > _LONG_STEPS:
        marks["conditions"] = "điều kiện dài quá, phần sau xem trên Cổng"
    return list(dict.fromkeys(lines))[:20]


def _line(part: str) -> str:
    text = _BULLET.sub("", clean(part)).rstrip(" ;,:").lstrip(" .,;:")
    return _cut(text, _LONG_LINE) if len(text) > 2 else ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
