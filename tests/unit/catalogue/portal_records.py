"""Records in the portal's shape, written for tests: as many as wanted, in every form that the real ones have."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

UUID = "019d2bfd-3fe0-70ac-b9d6-00000000{:04d}"


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One full record, as the portal's API gives it."""
    body: dict[str, Any] = {
        "id": UUID.format(number),
        "code": f"7.{number:06d}",
        "name": f"Thủ tục cấp giấy phép thử số {number}",
        "executionMethods": [method()],
        "executionSteps": [{"name": "", "description": "- Bước 1: Nộp hồ sơ.\n- Bước 2: Nhận kết quả;"}],
        "executionCases": [{"name": "* Thành phần hồ sơ:", "profileComponents": [component("- Đơn xin phép")]}],
        "requirementsAndConditions": "Không",
        "legalBasisesDetails": [{"code": "12/2026/NĐ-CP"}],
        "resultsDetails": [{"name": "Giấy phép"}],
        "categoriesDetails": [{"name": "Thử nghiệm"}],
        "unitGroupsExecuting": [{"name": "Ủy ban nhân dân cấp xã"}],
        "departmentPromulgateName": "Bộ Thử nghiệm",
        "type": "STANDARD",
        "isInternal": False,
        "isWard": True,
        "isFullProcess": False,
    }
    return body | changes


def method(**changes: Any) -> dict[str, Any]:
    """One way to hand in."""
    body: dict[str, Any] = {
        "submissionMethod": "DIRECT",
        "processingTime": 5,
        "processingTimeUnit": "WORKING_DAY",
        "description": "",
        "fees": [{"type": "FEE", "value": 50000, "description": ""}],
    }
    return body | changes


def component(name: str, originals: int = 1, copies: int = 0) -> dict[str, Any]:
    """One paper."""
    return {"name": name, "originalQty": originals, "copyQty": copies, "attachments": []}


def many(count: int) -> Iterable[dict[str, Any]]:
    """Records with all that goes wrong in real ones: HTML, long texts, missing parts, fees without zeros."""
    for number in range(1, count + 1):
        yield record(number, **_ODD[number % len(_ODD)])


def listed(number: int) -> dict[str, Any]:
    """A record of the portal's list view: nothing but the name."""
    return {
        "id": UUID.format(number),
        "code": f"7.{number:06d}",
        "name": f"Thủ tục cấp giấy phép thử số {number}",
        "categories": ["Thử nghiệm"],
        "departments": ["Sở Thử nghiệm"],
        "departmentPromulgate": "Bộ Thử nghiệm",
        "type": "STANDARD",
    }


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """The records as a file of the portal, gzip where the name says so."""
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


_LONG = "Trường hợp cần giấy tờ bổ sung thì nộp thêm theo hướng dẫn của nơi nhận hồ sơ. "
_ODD: list[dict[str, Any]] = [
    {},
    {"executionMethods": [method(fees=[{"value": 20, "description": "Đồng/lần"}])]},
    {"executionMethods": [method(fees=[{"value": 0, "description": "Do HĐND tỉnh quy định"}])]},
    {"executionMethods": [method(processingTime=None, processingTimeUnit="OTHER", fees=[])]},
    {"executionMethods": [method(processingTime=12), method(processingTime=22, submissionMethod="ONLINE")]},
    {"executionMethods": [], "executionSteps": [], "executionCases": []},
    {"executionSteps": [{"description": f"<p>{_LONG * 90}</p><ul><li>Xong&nbsp;</li></ul>"}]},
    {"executionCases": [{"name": "", "profileComponents": [component(_LONG * 8), component("  "), component("..")]}]},
    {
        "executionCases": [
            {"name": f"Trường hợp {n}:", "profileComponents": [component(f"Giấy {n}")]} for n in range(9)
        ]
    },
    {"executionCases": [{"name": "", "profileComponents": [component(f"Giấy tờ số {n}") for n in range(60)]}]},
    {"requirementsAndConditions": f"1. {_LONG}\n2) {_LONG}\n\uf0b7 {_LONG}" * 30},
    {"legalBasisesDetails": None, "resultsDetails": [None], "categoriesDetails": [], "unitGroupsExecuting": []},
    {"name": "Thủ tục " + "cấp lại rất nhiều loại giấy tờ khác nhau cho tổ chức và cá nhân " * 4},
    {"departmentPromulgateName": "UBND tỉnh Khác"},
    {"type": "STANDARD_INTERNAL", "isInternal": True},
    {"code": "7.12-Xoa"},
]
