"""Every procedure × every aspect says something whole; ten procedures say exactly what was agreed."""

import re
from datetime import date

import pytest

from catalogue.amendments import versions
from catalogue.answers import CHECKLIST, READ_ON, TITLES, Answer, answer, source_line
from catalogue.load import Facts, read_procedures
from catalogue.phrases import law, sentence, small
from catalogue.procedures import ASPECTS
from catalogue.quality import broken, faults
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY, asked, make_procedure

PROCEDURES = {
    version.code: version
    for one in read_procedures(ROOT / "data" / "procedures")
    for version in versions(one)
    if version.valid_on(TODAY)
}


@pytest.fixture(scope="module")
def rendered() -> dict[tuple[str, str], Answer]:
    from catalogue.load import load_facts

    facts = load_facts(ROOT / "data")
    return {
        (code, aspect): answer(procedure, aspect, facts, asked(TODAY))
        for code, procedure in PROCEDURES.items()
        for aspect in ASPECTS
    }


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_answer_is_whole(rendered: dict[tuple[str, str], Answer], aspect: str) -> None:
    for code, procedure in PROCEDURES.items():
        shown = rendered[code, aspect]
        assert faults(shown) == [], code
        assert shown.text.splitlines()[-1] == f"Nguồn: {source_line(procedure)}.", code
        assert len(shown.text.splitlines()) >= 2, code


@pytest.mark.parametrize("aspect", ASPECTS)
def test_numbers_run_from_one(rendered: dict[tuple[str, str], Answer], aspect: str) -> None:
    for code in PROCEDURES:
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", rendered[code, aspect].text, re.M)]
        assert numbers == list(range(1, len(numbers) + 1)), code


@pytest.mark.parametrize("aspect", ["documents", "fee", "time", "steps", "legal_basis", "overview"])
def test_what_is_not_verified_is_said_to_be_so(rendered: dict[tuple[str, str], Answer], aspect: str) -> None:
    for code in PROCEDURES:
        shown = rendered[code, aspect]
        if shown.unverified:
            assert re.search(r"tôi chưa (xác minh|đối chiếu|tra)", shown.text, re.I), code


def test_overviews_are_short_and_say_the_four_things(rendered: dict[tuple[str, str], Answer]) -> None:
    for code in PROCEDURES:
        text = rendered[code, "overview"].text
        assert len(text) <= 900, code
        assert all(word in text for word in ("Giấy tờ:", "Lệ phí:", "Thời gian:", "Nộp t")), code


def test_editors_notes_never_reach_a_citizen(rendered: dict[tuple[str, str], Answer]) -> None:
    for (code, _), shown in rendered.items():
        notes = PROCEDURES[code].editor_notes
        assert notes is None or notes not in shown.text
        assert "kiến thức chung" not in shown.text


def test_buttons_lead_to_other_aspects(rendered: dict[tuple[str, str], Answer]) -> None:
    for (code, aspect), shown in rendered.items():
        leads = [name for _, name in shown.buttons]
        assert aspect not in leads
        assert 2 <= len(leads) <= 3
        assert all(TITLES[name] == title for title, name in shown.buttons if name not in (READ_ON, CHECKLIST))
        assert (READ_ON in leads) == (shown.page < shown.pages)
        assert "online" not in leads or PROCEDURES[code].online_level != "none"


def test_the_place_rule_of_the_merger(rendered: dict[tuple[str, str], Answer]) -> None:
    text = rendered["1.001193", "place"].text
    assert "Từ 1/7/2025" in text
    assert "xã, phường nào trong thành phố cũng được, không phụ thuộc nơi ở" in text
    assert "Tôi chưa xác minh được có phải nộp đúng nơi cư trú" in rendered["1.004194", "place"].text


def test_before_the_merger_the_old_authority_answers(facts: Facts) -> None:
    text = answer(PROCEDURES["2.000528"], "place", facts, asked(date(2024, 5, 6))).text
    assert "UBND cấp huyện" in text
    assert "Trung tâm Phục vụ hành chính công" not in text


def test_every_page_is_whole_and_keeps_its_source(facts: Facts) -> None:
    for code, procedure in PROCEDURES.items():
        first = answer(procedure, "documents", facts, asked())
        for page in range(1, first.pages + 1):
            shown = answer(procedure, "documents", facts, asked(page=page))
            assert faults(shown) == [], (code, page)
            assert (shown.page, shown.pages) == (page, first.pages)
            assert ("Xem thêm" in dict(shown.buttons)) == (page < first.pages)
        assert answer(procedure, "documents", facts, asked(page=99)).page == first.pages


def test_a_very_long_line_is_cut_at_sentences(facts: Facts) -> None:
    procedure = make_procedure(steps=["Một bước rất dài. " * 200])
    shown = answer(procedure, "steps", facts, asked())
    assert shown.pages > 3
    assert all(not faults(answer(procedure, "steps", facts, asked(page=n))) for n in range(1, shown.pages + 1))


def test_only_the_name_is_known(facts: Facts) -> None:
    bare = {"documents": [], "steps": [], "channels": [], "depth": "name"}
    procedure = make_procedure(**bare, source={"title": "Cổng thử", "url": "https://example.vn/1"})
    for aspect in ASPECTS:
        text = answer(procedure, aspect, facts, asked()).text
        assert "mới chỉ có tên" in text
        assert "https://example.vn/1" in text


def test_a_reduction_is_not_told_after_its_last_day(facts: Facts) -> None:
    assert "25.000" in answer(PROCEDURES["1.014063"], "fee", facts, asked(date(2026, 12, 31))).text
    assert "25.000" not in answer(PROCEDURES["1.014063"], "fee", facts, asked(date(2027, 1, 1))).text


def test_a_later_law_is_told_where_it_matters(rendered: dict[tuple[str, str], Answer]) -> None:
    for aspect in ("documents", "form", "overview"):
        assert "Từ 18/8/2026 cấp, đổi, cấp lại căn cước gộp" in rendered["1.014061", aspect].text
    assert "Tôi chưa đọc được văn bản gốc." in rendered["1.014061", "documents"].text
    assert "28/2/2027" in rendered["1.014063", "fee"].text
    assert "28/2/2027" not in rendered["1.014063", "documents"].text


def test_unverified_remarks_admit_it(facts: Facts) -> None:
    procedure = make_procedure(conditions=["Điều chắc chắn", {"text": "Điều nghe nói.", "unverified": True}])
    text = answer(procedure, "conditions", facts, asked(TODAY)).text
    assert "1. Điều chắc chắn.\n2. Điều nghe nói; điều này tôi chưa xác minh được.\n" in text


def test_the_bare_minimum_still_answers_everything(facts: Facts) -> None:
    for aspect in ASPECTS:
        assert broken(answer(make_procedure(), aspect, facts, asked(TODAY)).text) == [], aspect


def test_an_unknown_aspect_is_an_error(facts: Facts) -> None:
    with pytest.raises(KeyError):
        answer(make_procedure(), "weather", facts, asked(TODAY))


def test_an_answer_carries_its_provenance(rendered: dict[tuple[str, str], Answer]) -> None:
    shown = rendered["1.001193", "fee"]
    assert shown.source == "Cổng Dịch vụ công quốc gia, mã 1.001193, xem ngày 20/07/2026"
    assert shown.as_of == date(2026, 7, 20)
    assert shown.unverified == ("fee",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Giấy tờ", "giấy tờ"),
        ("UBND xã", "UBND xã"),
        ("Công an xã", "Công an xã"),
        ("CT01", "CT01"),
        ("Văn bản ủy quyền", "văn bản ủy quyền"),
        ("Ở nhờ", "ở nhờ"),
    ],
)
def test_small(text: str, expected: str) -> None:
    assert small(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("một", "Một."), ("Hai.", "Hai."), (" ba? ", "Ba?"), ("", "")])
def test_sentence(text: str, expected: str) -> None:
    assert sentence(text) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("60/2014/QH13", "Luật 60/2014/QH13"),
        ("66.7/2025/NQ-CP", "Nghị quyết 66.7/2025/NQ-CP"),
        ("24/2021/QĐ-TTg", "Quyết định 24/2021/QĐ-TTg"),
        ("không rõ", "không rõ"),
    ],
)
def test_law(number: str, expected: str) -> None:
    assert law(number) == expected
