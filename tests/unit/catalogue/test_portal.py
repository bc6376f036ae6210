"""Records of the portal as procedures: cleaned, cut, marked, refused; nothing added."""

from datetime import date
from typing import Any

import pytest

from catalogue.answers import answer
from catalogue.load import Facts
from catalogue.portal import Rejected, clean, convert
from catalogue.procedures import ASPECTS, Procedure
from catalogue.quality import faults
from tests.unit.catalogue.portal_records import component, listed, many, method, record
from tests.unit.catalogue.samples import asked

SNAPSHOT = date(2026, 7, 20)


def made(**changes: Any) -> Procedure:
    """The procedure of a record with `changes`."""
    found = convert(record(**changes), SNAPSHOT)
    assert isinstance(found, Procedure)
    return found


def test_a_plain_record() -> None:
    procedure = made()
    assert (procedure.code, procedure.name) == ("7.000001", "Cấp giấy phép thử số 1")
    assert procedure.steps == ["Bước 1: Nộp hồ sơ.", "Bước 2: Nhận kết quả"]
    assert [(item.text, item.kind) for group in procedure.documents for item in group.items] == [
        ("Đơn xin phép", "form")
    ]
    assert procedure.documents[0].case is None
    assert (procedure.fee.short, procedure.time_limit.short) == ("50.000 đồng", "5 ngày làm việc")
    assert procedure.time_limit.span is not None
    assert procedure.conditions == []
    assert procedure.legal_basis == ["12/2026/NĐ-CP"]
    assert procedure.source.url == "https://dichvucong.gov.vn/thu-tuc-hanh-chinh/019d2bfd-3fe0-70ac-b9d6-000000000001"
    assert set(procedure.unverified) == {"hand_in"}


def test_the_same_inside_detail() -> None:
    inside = {"id": "x", "code": "7.000001", "detail": record()}
    found = convert(inside, SNAPSHOT)
    assert isinstance(found, Procedure)
    assert found.fee.short == "50.000 đồng"


def test_only_a_name() -> None:
    found = convert(listed(3), SNAPSHOT)
    assert isinstance(found, Procedure)
    assert (found.depth, found.name, found.documents) == ("name", "Cấp giấy phép thử số 3", [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": "1.0133611"}, "mã không đúng dạng"),
        ({"code": "1.014955-Xoa"}, "mã không đúng dạng"),
        ({"departmentPromulgateName": "UBND tỉnh Lào Cai"}, "của địa phương khác (UBND tỉnh Lào Cai)"),
        ({"type": "STANDARD_INTERNAL"}, "thủ tục nội bộ giữa các cơ quan"),
        ({"name": "  "}, "không có tên"),
    ],
)
def test_refused(changes: dict[str, Any], reason: str) -> None:
    found = convert(record(**changes), SNAPSHOT)
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_our_own_city_is_not_another_province() -> None:
    assert made(departmentPromulgateName="UBND Thành phố Cần Thơ")


def test_what_a_later_law_repealed_is_refused() -> None:
    found = convert(record(), SNAPSHOT, {"7.000001": "Nghị định thử"})
    assert found == Rejected("7.000001", "đã bãi bỏ theo Nghị định thử")


def test_a_fee_without_zeros_is_marked_and_not_multiplied() -> None:
    procedure = made(executionMethods=[method(fees=[{"value": 20, "description": ""}])])
    assert procedure.fee.short == "20 (Cổng ghi vậy, có thể thiếu số 0)"
    assert "thiếu số 0" in procedure.unverified["fee"]


def test_nothing_to_pay_is_not_said_where_the_council_decides() -> None:
    procedure = made(executionMethods=[method(fees=[{"value": 0, "description": "Theo quyết định của HĐND tỉnh"}])])
    assert "Hội đồng nhân dân" in procedure.fee.short
    assert "fee" in procedure.unverified


def test_several_fees_are_cases() -> None:
    fees = [{"value": 100000, "description": "Cấp mới:"}, {"value": 50000, "description": "- Cấp lại"}]
    procedure = made(executionMethods=[method(fees=fees)])
    assert [(case.case, case.short) for case in procedure.fee.cases] == [
        ("Cấp mới", "100.000 đồng"),
        ("Cấp lại", "50.000 đồng"),
    ]


def test_several_times_without_words_are_no_promise() -> None:
    procedure = made(executionMethods=[method(), method(processingTime=9, submissionMethod="ONLINE")])
    assert procedure.time_limit.short == "5 ngày làm việc hoặc 9 ngày làm việc, tùy trường hợp"
    assert procedure.time_limit.span is None
    assert "time_limit" in procedure.unverified


def test_headings_are_cases_and_remarks_are_notes() -> None:
    cases = [
        {"name": "* Giấy tờ phải nộp:", "profileComponents": [component("+ Tờ khai")]},
        {"name": "- Trường hợp cấp lại:", "profileComponents": [component("Giấy xác nhận", 0, 2)]},
        {"name": "* Lưu ý:", "profileComponents": [component("Mang bản chính để đối chiếu", 0, 0)]},
    ]
    procedure = made(executionCases=cases)
    assert [group.case for group in procedure.documents] == [None, "Trường hợp cấp lại"]
    assert (procedure.documents[1].items[0].kind, procedure.documents[1].items[0].copies) == ("copy", 2)
    assert [note.text for note in procedure.notes] == ["Mang bản chính để đối chiếu"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<p>Một&nbsp;hai</p>", "Một hai"),
        ("Giấy ( bản sao ) , có dấu", "Giấy (bản sao), có dấu"),
        ("thế này..", "thế này…"),
        ("a;; b", "a; b"),
        (None, ""),
    ],
)
def test_clean(raw: str | None, expected: str) -> None:
    assert clean(raw) == expected


def test_every_odd_record_answers_every_aspect(facts: Facts) -> None:
    made_of = [convert(one, SNAPSHOT) for one in many(64)]
    for procedure in (one for one in made_of if isinstance(one, Procedure)):
        for aspect in ASPECTS:
            shown = answer(procedure, aspect, facts, asked())
            for page in range(1, shown.pages + 1):
                assert faults(answer(procedure, aspect, facts, asked(page=page))) == [], (procedure.code, aspect)
            assert "chưa có người kiểm lại" in shown.text
