"""Places as people write them: with and without diacritics, short and long, old and new."""

from datetime import date

import pytest

from catalogue.load import Facts
from tests.unit.catalogue.samples import TODAY

WARD_2 = "Phường 2, TP Sóc Trăng (nay thuộc phường Phú Lợi)"
WARD_2_VINH_CHAU = "Phường 2, thị xã Vĩnh Châu (nay thuộc phường Vĩnh Châu)"


def labels(facts: Facts, text: str) -> list[str]:
    """What the first match in a text may mean."""
    matches = facts.places.find(text)
    return [facts.places.label(key, TODAY) for key in matches[0].keys] if matches else []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ubnd phuong 2 tp soc trang", [WARD_2]),
        ("P2 TPST", [WARD_2]),
        ("p.2, tp. Sóc Trăng", [WARD_2]),
        ("phường 2 sóc trăng", [WARD_2]),
        ("phường 2 vĩnh châu", [WARD_2_VINH_CHAU]),
        ("phuong 2 o vinh chau", [WARD_2_VINH_CHAU]),
        ("bên thị xã vĩnh châu, p2 á", [WARD_2_VINH_CHAU]),
        ("tt ke sach", ["Thị trấn Kế Sách, huyện Kế Sách (nay thuộc xã Kế Sách)"]),
        ("UBND xã Kế Sách", ["Xã Kế Sách, TP Cần Thơ"]),
        ("xã đại tâm cũ", ["Xã Đại Tâm, huyện Mỹ Xuyên (nay thuộc phường Mỹ Xuyên)"]),
        ("ở mỹ xuyên", ["Phường Mỹ Xuyên, TP Cần Thơ", "Huyện Mỹ Xuyên (cũ)"]),
        ("chau thanh", ["Thị trấn Châu Thành, huyện Châu Thành (nay thuộc xã Phú Tâm)", "Huyện Châu Thành (cũ)"]),
        ("phường mỹ xuyên", ["Phường Mỹ Xuyên, TP Cần Thơ"]),
        ("ở lâm tân", ["Xã Lâm Tân, TP Cần Thơ"]),
        ("xa an thanh 2", ["Xã An Thạnh 2, huyện Cù Lao Dung (nay thuộc xã Cù Lao Dung)"]),
        ("huyện Kế Sách", ["Huyện Kế Sách (cũ)"]),
        ("tỉnh sóc trăng", ["Tỉnh Sóc Trăng"]),
        ("xã an ninh", ["Xã An Ninh, TP Cần Thơ"]),
        ("an ninh trật tự", []),
        ("chị Mỹ Hương quầy 2", []),
        ("cán bộ ở Mỹ Hương", ["Xã Mỹ Hương, TP Cần Thơ"]),
        ("không có chỗ nào", []),
        ("", []),
    ],
)
def test_find(facts: Facts, text: str, expected: list[str]) -> None:
    assert labels(facts, text) == expected


def test_a_name_of_several_places_stays_ambiguous(facts: Facts) -> None:
    assert labels(facts, "phường 2") == [
        WARD_2,
        "Phường 2, thị xã Ngã Năm (nay thuộc phường Ngã Năm)",
        WARD_2_VINH_CHAU,
    ]


def test_spans_point_at_the_words(facts: Facts) -> None:
    text = "Hôm qua tôi ra UBND phường 2 TP Sóc Trăng nộp giấy"
    match = facts.places.find(text)[0]
    assert text[match.start : match.end] == match.text == "phường 2 TP Sóc Trăng"


def test_the_commune_comes_before_the_district_around_it(facts: Facts) -> None:
    kinds = [facts.places.get(match.keys[0]).kind for match in facts.places.find("huyện kế sách, xã ba trinh")]
    assert kinds == ["ward_2024", "district_2024"]


def test_every_old_commune_has_a_successor_and_all_are_there(facts: Facts) -> None:
    kinds = [place.kind for place in facts.places]
    assert (kinds.count("ward_2024"), kinds.count("ward_2025"), kinds.count("district_2024")) == (109, 43, 11)
    for place in facts.places:
        today = facts.places.successor(place.key)
        assert (today is None) == (place.kind in ("district_2024", "province"))


@pytest.mark.parametrize("diacritics", [True, False])
def test_every_place_is_found_by_its_full_name(facts: Facts, diacritics: bool) -> None:
    from vntext.fold import fold

    for place in facts.places:
        district = f" {facts.places.get(place.district).name}" if place.district else ""
        name = place.name + district
        match = facts.places.find(name if diacritics else fold(name))[0]
        found = [facts.places.successor(key) for key in match.keys]
        assert facts.places.successor(place.key) in found or place.key in match.keys, name


def test_a_label_speaks_of_the_day(facts: Facts) -> None:
    assert facts.places.label("2024:31510", date(2025, 6, 30)) == "Phường 2, TP Sóc Trăng"
    assert facts.places.label("2024:31510", date(2025, 7, 1)) == WARD_2
    assert facts.places.label("2025:31510", TODAY) == "Phường Phú Lợi, TP Cần Thơ"


def test_an_unknown_key_is_an_error(facts: Facts) -> None:
    with pytest.raises(KeyError):
        facts.places.get("2024:0")
