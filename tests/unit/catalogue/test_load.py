"""Every fault is named with its file and line, in words for the person who edits; nothing is loaded by halves."""

from pathlib import Path

import pytest

from catalogue.errors import CatalogueError
from catalogue.load import check, load_facts, read_procedures, rows
from kit.settings import ROOT
from tests.unit.catalogue.samples import copy_data, make_procedure, spoil

BIRTH = "procedures/ho-tich.yml"


def test_the_projects_own_data_have_no_fault() -> None:
    assert check(ROOT / "data") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (BIRTH, "short_name: Đăng ký khai sinh\n", "short_nam: Đăng ký khai sinh\n", "không có mục nào tên như vậy"),
        (BIRTH, "online_level: available", "online_level: maybe", "chỉ nhận một trong"),
        (BIRTH, "as_of: 2026-07-20", 'as_of: "20/7/2026"', "phải là ngày"),
        (BIRTH, 'code: "1.001193"', "code: 1.001193", "đặt trong dấu nháy"),
        (BIRTH, 'code: "1.001193"', 'code: "1.1193"', "viết chưa đúng dạng"),
        (BIRTH, "      - khai sinh\n", "      - làm giấy khai sinh\n", "bị lặp"),
        (BIRTH, "valid_to: 2025-06-30", "valid_to: 2025-07-01", "chồng lên nhau"),
        (BIRTH, 'code: "2.000635"\n        name', 'code: "2.000636"\n        name', "see_also"),
        (
            BIRTH,
            "name: Bản sao trích lục hộ tịch, bản sao khai sinh\n        when",
            "name: Tên khác\n        when",
            "không khớp",
        ),
        ("deadlines.yml", "days: 10", "days: mười", "số nguyên"),
        ("deadlines.yml", "days: 10", "days: 1000", "ngoài giới hạn"),
        ("deadlines.yml", "kind: kien_nghi", "kind: phan_anh", "cùng hiệu lực một lúc"),
        ("agencies.yml", "successor: so-khcn-can-tho", "successor: so-khong-co", "không có cơ quan đó"),
        ("agencies.yml", "key: so-tu-phap-can-tho", "key: so-noi-vu-can-tho", "hai cơ quan cùng khóa"),
        ("agencies.yml", "parent: so-nnmt-can-tho", "parent: vpdkdd-can-tho", "vòng tròn"),
        ("routing.yml", "to: ubnd-tp-can-tho", "to: ubnd-nao-do", "không có cơ quan ubnd-nao-do"),
        ("routing.yml", "coordinator: ttpvhcc-can-tho", "coordinator: ai-do", "không có cơ quan ai-do"),
        ("routing.yml", "id: unit-itself", "id: former-district", "cùng hiệu lực"),
        ("calendar/overlay.yml", "date: 2026-01-10", "date: 2026-01-02", "có hai dòng"),
        ("calendar/overlay.yml", "date: 2026-01-10", "date: 2031-01-10", "ngoài các năm"),
        ("calendar/overlay.yml", 'closes: "11:00"', 'closes: "06:00"', "sớm hơn giờ đóng cửa"),
        ("calendar/overlay.yml", 'opens: "07:00"', 'opens: "7h"', "viết chưa đúng dạng"),
        ("legal.yml", "key: to_cao\n", "key: khieu_nai\n", "cùng hiệu lực"),
        ("legal.yml", "key: to_cao\n", "key: Tố cáo\n", "viết chưa đúng dạng"),
        ("places/communes.csv", "31498,Phường 5", ",Phường 5", "thiếu cột old_code"),
        ("places/communes.csv", "31498,Phường 5", "31498,P5", "tên phải bắt đầu bằng"),
        ("places/communes.csv", "2025-06-30", "30/6/2025", "không phải ngày"),
    ],
)
def test_a_fault_is_explained_and_located(tmp_path: Path, name: str, old: str, new: str, says: str) -> None:
    data = copy_data(tmp_path)
    line = spoil(data / name, old, new)
    faults = check(data)
    assert any(says in fault.message for fault in faults), [str(fault) for fault in faults]
    fault = next(fault for fault in faults if says in fault.message)
    assert fault.file == f"data/{name}"
    assert abs(fault.line - line) <= 22, f"line {fault.line}, but line {line} was spoilt"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("as_of: 2026-07-20", 'as_of: "hôm qua"', "phải là ngày"),
        ("online_level: available", "online_level: maybe", "chỉ nhận một trong"),
        ("residence: city", "residence: nowhere", "chỉ nhận một trong"),
    ],
)
def test_the_line_is_exact_where_the_value_stands(tmp_path: Path, old: str, new: str, says: str) -> None:
    data = copy_data(tmp_path)
    line = spoil(data / BIRTH, old, new)
    assert [(fault.line, says in fault.message) for fault in check(data)] == [(line, True)]


def test_a_key_written_twice_is_a_fault(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    line = spoil(data / "deadlines.yml", "    days: 10\n", "    days: 10\n    days: 15\n")
    assert [(fault.line, fault.message) for fault in check(data)] == [(line + 1, "mục days có hai lần")]


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    line = spoil(data / "routing.yml", "coordinator: ttpvhcc-can-tho", "coordinator: [ttpvhcc")
    (fault,) = check(data)
    assert "sai cú pháp YAML" in fault.message
    assert fault.line >= line


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00"])
def test_an_empty_or_foreign_file_is_a_fault(tmp_path: Path, content: bytes) -> None:
    data = copy_data(tmp_path)
    (data / "legal.yml").write_bytes(content)
    assert [fault.file for fault in check(data)] == ["data/legal.yml"]


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    (data / "deadlines.yml").unlink()
    assert [str(fault) for fault in check(data)] == ["data/deadlines.yml:0: không có tệp này"]


def test_two_versions_of_a_procedure_may_follow_but_not_overlap(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    original = data / BIRTH
    copy = data / "procedures" / "ban-sao.yml"
    copy.write_text(original.read_text(encoding="utf-8"), encoding="utf-8")
    faults = check(data)
    assert len(faults) == 17
    assert all("trùng hiệu lực" in fault.message for fault in faults)
    assert "data/procedures/ban-sao.yml:" in faults[0].message


def test_nothing_is_loaded_when_one_file_is_wrong_and_all_faults_are_told(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    spoil(data / BIRTH, "online_level: available", "online_level: maybe")
    spoil(data / "procedures" / "dat-dai.yml", "confidence: medium", "confidence: sure")
    with pytest.raises(CatalogueError) as caught:
        read_procedures(data / "procedures")
    assert sorted({fault.file for fault in caught.value.faults}) == [
        "data/procedures/dat-dai.yml",
        "data/procedures/ho-tich.yml",
    ]
    assert "chưa nạp gì cả" in caught.value.message


def test_facts_are_refused_whole(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    spoil(data / "legal.yml", "confidence: high", "confidence: none")
    with pytest.raises(CatalogueError):
        load_facts(data)


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        read_procedures(tmp_path)


def test_rows_show_what_is_not_verified() -> None:
    (row,) = rows(
        [
            make_procedure(
                unverified={"authority_2024": "không rõ", "fee": "không rõ", "steps": "không rõ"}, confidence="medium"
            )
        ]
    )
    assert (row.code, row.as_of, row.confidence, row.unverified) == ("9.000001", "20/07/2026", "vừa", "fee, steps")
