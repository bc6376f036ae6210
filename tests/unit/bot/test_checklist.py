"""The checklist of a case, and its PDF as a reader program sees it."""

import io
from datetime import datetime

import pypdf
import pytest

from bot.web.checklist import draw
from catalogue.checklist import Checklist, build, known_answers
from catalogue.load import Facts, read_procedures
from kit.clock import VIETNAM
from kit.settings import ROOT
from tests.unit.catalogue.samples import make_procedure

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=VIETNAM)
PROCEDURES = {one.code: one for one in read_procedures(ROOT / "data" / "procedures")}
# What a citizen says, what the list must hold, and what it must not.
CASES = [
    ("1.001456", "làm hộ chiếu cho con 5 tuổi", ["TK01a", "khai sinh"], ["TK01)"]),
    ("1.001456", "lam lai ho chieu bi mat, toi 30 tuoi", ["TK01", "báo mất"], ["TK01a"]),
    ("1.001193", "con tôi mới sinh ở bệnh viện, có giấy chứng sinh", ["chứng sinh"], ["bị bỏ rơi"]),
    ("1.001193", "tôi lượm được em bé bị bỏ rơi", ["biên bản"], ["giấy chứng sinh."]),
    ("1.004873", "em đi làm giùm mẹ", ["ủy quyền"], []),
    ("1.004873", "tôi đã ly hôn, giờ xin giấy độc thân", ["ly hôn"], ["khai tử"]),
    ("1.004873", "chong toi chet roi, xin giay doc than", ["khai tử"], ["ly hôn"]),
    ("1.004194", "tôi ở nhà thuê muốn đăng ký tạm trú", ["CT01"], []),
    ("3.000333", "xin giấy không tiền án cho mình", ["tờ khai"], []),
    ("1.014063", "đổi căn cước cho con 10 tuổi", ["DC02", "đại diện"], []),
]


def checklist(facts: Facts, code: str, said: str = "") -> Checklist:
    """The list for what a citizen said."""
    procedure = PROCEDURES[code]
    return build(procedure, facts.situations.told(procedure, said, NOW.date()), facts, NOW)


@pytest.mark.parametrize(("code", "said", "wanted", "unwanted"), CASES)
def test_the_list_is_for_the_case(facts: Facts, code: str, said: str, wanted: list[str], unwanted: list[str]) -> None:
    papers = "\n".join(checklist(facts, code, said).papers).lower()
    assert [words for words in wanted if words.lower() not in papers] == [], papers
    assert [words for words in unwanted if words.lower() in papers] == [], papers


def test_what_is_not_told_stands_under_its_own_heading(facts: Facts) -> None:
    nothing_told = checklist(facts, "1.001456")
    assert "Dưới 14 tuổi" in [case for case, _ in nothing_told.others]
    assert nothing_told.case == ""


def test_strange_answers_are_dropped() -> None:
    given = {"age": "child", "who": "<script>", "evil": "1"}
    assert known_answers(PROCEDURES["1.001456"], given) == {"age": "child"}


def test_doubts_are_printed(facts: Facts) -> None:
    doubtful = make_procedure(unverified={"fee": "không rõ", "documents": "không rõ"})
    assert "danh sách giấy tờ và lệ phí" in build(doubtful, {}, facts, NOW).doubt
    assert build(make_procedure(), {}, facts, NOW).doubt == ""


def test_every_list_is_drawn_and_can_be_read(facts: Facts) -> None:
    for procedure in PROCEDURES.values():
        wanted = build(procedure, {}, facts, NOW)
        read = pypdf.PdfReader(io.BytesIO(draw(wanted, "UBND thành phố Cần Thơ")))
        text = " ".join("\n".join(page.extract_text() for page in read.pages).split())
        assert wanted.title in text
        assert " ".join(wanted.source.split()) in text
        assert all(" ".join(paper.split()) in text for paper in wanted.papers), procedure.code
        assert len(read.pages) <= 3
        assert read.metadata is not None
        assert read.metadata.title == f"Giấy tờ: {wanted.title}"


def test_the_qr_code_is_on_the_last_page(facts: Facts) -> None:
    read = pypdf.PdfReader(io.BytesIO(draw(checklist(facts, "1.001193"), "UBND thành phố Cần Thơ")))
    assert len(read.pages[-1].images) == 1
