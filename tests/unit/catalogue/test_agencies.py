"""Agencies, their successors, and the offices of places."""

import re
from datetime import date

import pytest

from catalogue.load import Facts
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY

BEFORE = date(2025, 6, 30)


@pytest.mark.parametrize(
    ("key", "today"),
    [
        ("so-tttt-soc-trang", "so-khcn-can-tho"),
        ("so-khdt-soc-trang", "so-tai-chinh-can-tho"),
        ("so-gtvt-soc-trang", "so-xay-dung-can-tho"),
        ("so-tnmt-soc-trang", "so-nnmt-can-tho"),
        ("so-ldtbxh-soc-trang", "so-noi-vu-can-tho"),
        ("ban-dan-toc-soc-trang", "so-dan-toc-ton-giao-can-tho"),
        ("ubnd-2024:31510", "ubnd:31510"),
        ("ubnd-2024:d943", "ubnd-tp-can-tho"),
        ("so-noi-vu-can-tho", "so-noi-vu-can-tho"),
    ],
)
def test_successors(facts: Facts, key: str, today: str) -> None:
    assert facts.agencies.today(key, TODAY).key == today
    assert facts.agencies.successor(key, TODAY).key == today


def test_before_the_merger_the_old_agency_stands(facts: Facts) -> None:
    assert facts.agencies.today("so-tttt-soc-trang", BEFORE).key == "so-tttt-soc-trang"


def test_every_agency_ends_in_one_that_exists_today(facts: Facts) -> None:
    for agency in facts.agencies:
        assert facts.agencies.today(agency.key, TODAY).exists_on(TODAY), agency.key


def test_one_level_up_leads_to_the_city(facts: Facts) -> None:
    for agency in facts.agencies:
        above = facts.agencies.parent(agency.key, TODAY)
        steps = 0
        while above and steps < 6:
            above, steps = facts.agencies.parent(above.key, TODAY), steps + 1
        assert above is None, f"{agency.key} has no top"


@pytest.mark.parametrize(
    ("place", "on", "office", "name"),
    [
        ("2024:31510", TODAY, "committee", "UBND phường Phú Lợi"),
        ("2024:31510", BEFORE, "committee", "UBND phường 2"),
        ("2025:31510", TODAY, "one_stop", "Trung tâm Phục vụ hành chính công phường Phú Lợi"),
        ("2024:31510", TODAY, "police", "Công an phường Phú Lợi"),
        ("2024:d943", TODAY, "committee", "UBND thành phố Cần Thơ"),
        ("2024:d943", BEFORE, "committee", "UBND huyện Kế Sách"),
    ],
)
def test_offices_of_a_place(facts: Facts, place: str, on: date, office: str, name: str) -> None:
    agency = facts.agencies.for_place(place, on, office)  # type: ignore[arg-type]  # parametrised literals
    assert agency is not None
    assert agency.name == name


def test_a_former_district_has_no_police_of_its_own(facts: Facts) -> None:
    assert facts.agencies.for_place("2024:d943", TODAY, "police") is None


def test_heads_have_titles(facts: Facts) -> None:
    assert facts.agencies.get("ubnd:31510").head == "Chủ tịch UBND phường"
    assert facts.agencies.get("so-noi-vu-can-tho").head == "Giám đốc Sở"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ra so noi vu nop don", "so-noi-vu-can-tho"),
        ("Sở Giao thông vận tải", "so-gtvt-soc-trang"),
        ("văn phòng đăng ký đất đai làm trễ", "vpdkdd-can-tho"),
        ("ở trung tâm hành chính công thành phố", "ttpvhcc-can-tho"),
    ],
)
def test_find_in_a_text(facts: Facts, text: str, key: str) -> None:
    assert facts.agencies.find(text)[0].keys == (key,)


def test_no_telephone_number_is_kept() -> None:
    """The only numbers known are from 2020; nobody has verified them."""
    text = (ROOT / "data" / "agencies.yml").read_text(encoding="utf-8")
    assert re.findall(r"\b3\d{6}\b|\b0299", text) == []
