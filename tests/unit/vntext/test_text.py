"""Normalising, folding and the numbers that mean something."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vntext import patterns
from vntext.fold import fold
from vntext.normalise import normalise


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("hoà bình", "hòa bình"),
        ("thuỷ sản", "thủy sản"),
        ("xoè", "xòe"),
        ("quý", "quý"),
        ("quý vị uỷ ban", "quý vị ủy ban"),
        ("toàn hoạt ngoài", "toàn hoạt ngoài"),
        ("thuế", "thuế"),
        ("của mùa tùy", "của mùa tùy"),
        ("  làm \n khai\u200b sinh\u202e ", "làm khai sinh"),
        (unicodedata.normalize("NFD", "đăng ký hộ tịch"), "đăng ký hộ tịch"),
    ],
)
def test_one_spelling(written: str, normal: str) -> None:
    assert normalise(written) == normal


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_and_never_raises(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=200))
def test_folding_keeps_offsets(text: str) -> None:
    normal = normalise(text)
    assert len(fold(normal)) == len(normal)


def test_folds_as_people_type() -> None:
    assert fold("Đăng ký KHAI SINH ở phường Ứng Hòa") == "dang ky khai sinh o phuong ung hoa"


@pytest.mark.parametrize("typed", ["PA-2026-000123-4", "pa 2026 000123 4", "PA2026-000123-4", "pa.2026.000123.4"])
def test_finds_ticket_numbers_however_typed(typed: str) -> None:
    assert [span.value for span in patterns.find_ticket_numbers(f"phiếu {typed} tới đâu")] == ["PA-2026-000123-4"]


def test_tells_receipts_phones_and_identity_numbers_apart() -> None:
    text = "PA-2026-000123-4 mã 1234 5678 9012 3456, gọi 0912 345 678 hoặc +84912345678, căn cước 094123456789"
    assert [span.value for span in patterns.find_receipts(text)] == ["1234567890123456"]
    assert [span.value for span in patterns.find_phones(text)] == ["0912345678", "0912345678"]
    assert [span.value for span in patterns.find_id_numbers(text)] == ["094123456789"]


def test_finds_dossier_codes() -> None:
    found = patterns.find_dossier_codes("hồ sơ 000.00.16.H51-240315-0012 trễ rồi")
    assert [span.value for span in found] == ["000.00.16.H51-240315-0012"]


@pytest.mark.parametrize(
    ("text", "money"),
    [("đòi 200k", "200k"), ("2 triệu", "2 triệu"), ("500.000 đồng", "500.000 đồng"), ("quầy 3", "")],
)
def test_finds_money(text: str, money: str) -> None:
    assert "".join(span.value for span in patterns.find_money(text)) == money


@pytest.mark.parametrize(
    ("text", "trips"),
    [("bắt tôi đi 3 lần", "3"), ("len xuong ba bận", ""), ("đi tới đi lui hai lần", "2"), ("sinh 3 lần", "")],
)
def test_counts_trips(text: str, trips: str) -> None:
    assert "".join(span.value for span in patterns.find_trips(text)) == trips
