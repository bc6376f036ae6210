"""What the 111 procedures must hold true as data."""

import re
from collections import Counter
from datetime import date
from itertools import product

import pytest

from catalogue.case_view import CaseView
from catalogue.load import read_procedures
from catalogue.procedures import Procedure
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY
from vntext.fold import fold

PROCEDURES = read_procedures(ROOT / "data" / "procedures")
BY_CODE = {procedure.code: procedure for procedure in PROCEDURES}
EACH = pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda one: one.code)


def shown_to_citizens(procedure: Procedure) -> list[str]:
    """Every text of a procedure that an answer may show."""
    remarks = [*procedure.fee.more, *procedure.time_limit.more, *procedure.conditions, *procedure.notes]
    papers = [item for group in procedure.documents for item in group.items]
    return [
        procedure.summary,
        procedure.fee.short,
        procedure.time_limit.short,
        *procedure.steps,
        *(group.case for group in procedure.documents if group.case),
        *(one.text for one in remarks),
        *(item.text for item in papers),
        *(item.note for item in papers if item.note),
        procedure.hand_in.where,
    ]


def test_all_are_there_and_hold_today() -> None:
    assert len(PROCEDURES) == 111
    assert all(procedure.valid_on(TODAY) for procedure in PROCEDURES)


def test_short_names_are_unique() -> None:
    assert [name for name, count in Counter(one.short_name for one in PROCEDURES).items() if count > 1] == []


@EACH
def test_both_authorities_are_kept_with_their_dates(procedure: Procedure) -> None:
    assert procedure.authority_on(date(2025, 7, 1)) or procedure.valid_from == date(2026, 9, 1)
    assert procedure.authority_on(TODAY)
    old = procedure.authority_on(date(2025, 6, 30))
    assert old is not None or procedure.valid_from is not None
    assert old is None or "authority_2024" in procedure.unverified


@EACH
def test_words_are_for_citizens(procedure: Procedure) -> None:
    short = re.compile(
        r"\b(CSDL|CSDLQG|HĐND|TTPVHCC|VPĐKĐĐ|CBCCVC|LLVT|LĐTBXH|GPLX|TT \d|NĐ \d|QĐ \d|ĐKKD)\b|kiến thức chung"
    )
    assert [text for text in shown_to_citizens(procedure) if short.search(text)] == []
    assert [text for text in shown_to_citizens(procedure) if "/" in text and "  " in text] == []


@EACH
def test_what_rests_on_general_knowledge_is_marked(procedure: Procedure) -> None:
    notes = procedure.editor_notes or ""
    if "Nguồn gốc lệ phí:" in notes:
        assert "fee" in procedure.unverified
    if "Nguồn gốc thời hạn:" in notes:
        assert "time_limit" in procedure.unverified
    if any("tôi chưa" in text for text in (procedure.fee.short, *(one.text for one in procedure.fee.more))):
        assert "fee" in procedure.unverified


@EACH
def test_people_find_it_by_several_names(procedure: Procedure) -> None:
    assert len(procedure.aliases) >= 3
    folded = [fold(alias) for alias in procedure.aliases]
    assert len(folded) == len(set(folded)), "two aliases differ by diacritics only"


@pytest.mark.parametrize(
    ("spoken", "code"),
    [
        ("sổ đỏ", "1.013978"),
        ("sang tên sổ đỏ", "1.013831"),
        ("mất bằng lái", "3.000348"),
        ("đổi bằng lái", "3.000347"),
        ("giấy độc thân", "1.004873"),
        ("sang tên xe", "1.013076"),
        ("mất cà vẹt", "1.013080"),
        ("làm hộ chiếu", "1.001456"),
        ("giấy không tiền án", "3.000333"),
        ("con mới đẻ", "1.001193"),
        ("nhập khẩu", "1.004222"),
        ("cắt khẩu", "1.003197"),
        ("trích lục khai sinh", "2.000635"),
        ("đăng ký lại khai sinh", "1.004884"),
        ("tạm trú", "1.004194"),
        ("tạm vắng", "1.003677"),
        ("lưu trú", "2.001159"),
        ("lên thổ cư", "1.013949"),
        ("hôn thú", "1.000894"),
        ("cất nhà", "1.013225"),
    ],
)
def test_spoken_names_lead_to_one_procedure(spoken: str, code: str) -> None:
    assert [one.code for one in PROCEDURES if spoken in one.aliases] == [code]


def test_near_twins_share_no_alias() -> None:
    twins = [
        ("1.001193", "1.004884", "2.000635", "1.004772"),
        ("1.004194", "1.003677", "2.001159", "1.004222"),
        ("1.014061", "1.014062", "1.014063", "1.014064"),
        ("1.013978", "1.012786", "1.012783", "1.012796"),
        ("3.000347", "3.000348"),
    ]
    for family in twins:
        aliases = [alias for code in family for alias in BY_CODE[code].aliases]
        assert len(aliases) == len(set(aliases)), family


def test_papers_to_show_are_marked_so() -> None:
    kinds = {item.text.lower(): item.kind for group in BY_CODE["1.001193"].documents for item in group.items}
    assert [kind for text, kind in kinds.items() if "căn cước" in text or "tùy thân" in text] == ["show"]
    assert [kind for text, kind in kinds.items() if text.startswith("tờ khai")] == ["form"]


def test_reduced_fees_end_on_their_day() -> None:
    (reduced,) = [one for one in BY_CODE["1.014063"].fee.more if "25.000" in one.text]
    assert reduced.holds(date(2026, 12, 31))
    assert not reduced.holds(date(2027, 1, 1))


@EACH
def test_what_is_in_doubt_says_why(procedure: Procedure) -> None:
    assert all(len(reason) >= 8 for reason in procedure.unverified.values())
    shown = set(procedure.unverified) - {"authority_2024", "decision", "legal_basis", "steps", "authority"}
    assert procedure.confidence != "high" or not shown, shown


@EACH
def test_questions_can_be_answered(procedure: Procedure) -> None:
    """Every question changes something, and the ordinary answer comes first."""
    used = {(key, option) for when in procedure.whens() for key, options in when.items() for option in options}
    for question in procedure.questions:
        assert any(key == question.key for key, _ in used), question.key
        assert question.ask.endswith("?")
        assert len({option.title for option in question.options}) == len(question.options)


@EACH
def test_a_list_for_any_answers_is_never_empty(procedure: Procedure) -> None:
    for chosen in product(*([(q.key, option.key) for option in q.options] for q in procedure.questions)):
        view = CaseView(procedure, dict(chosen), TODAY)
        assert view.papers or view.open_groups, chosen
