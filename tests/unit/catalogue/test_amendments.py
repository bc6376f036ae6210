"""Later laws laid over a record: each stretch of time has its own text."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalogue.amendments import Change, attach, repealed, versions
from catalogue.answers import answer
from catalogue.errors import CatalogueError
from catalogue.load import Facts, read_amendments, read_procedures
from catalogue.procedures import Procedure
from kit.settings import ROOT
from tests.unit.catalogue.samples import asked, copy_data, make_procedure, spoil


def change(**values: Any) -> Change:
    """A change of law that sets the fee."""
    body: dict[str, Any] = {
        "law": "Nghị định thử",
        "valid_from": date(2026, 8, 15),
        "source": "Nguồn thử",
        "confidence": "medium",
        "notice": "Lệ phí đã đổi",
        "set": {"fee": {"short": "Miễn"}},
        "procedures": ["9.000001"],
    }
    return Change.model_validate(body | values)


def fees(procedure: Procedure) -> list[tuple[date | None, date | None, str]]:
    """Each version's time and fee."""
    return [(one.valid_from, one.valid_to, one.fee.short) for one in versions(procedure)]


def test_without_amendments_there_is_one_version() -> None:
    assert fees(make_procedure()) == [(None, None, "Không thu")]


def test_before_between_and_after() -> None:
    procedure = attach(make_procedure(), [change(valid_to=date(2027, 2, 28))])
    assert fees(procedure) == [
        (None, date(2026, 8, 14), "Không thu"),
        (date(2026, 8, 15), date(2027, 2, 28), "Miễn"),
        (date(2027, 3, 1), None, "Không thu"),
    ]


def test_the_later_one_wins_while_both_hold() -> None:
    later = change(law="Nghị định sau", valid_from=date(2026, 10, 1), set={"fee": {"short": "Nửa tiền"}})
    procedure = attach(make_procedure(), [change(), later])
    assert [fee for _, _, fee in fees(procedure)] == ["Không thu", "Miễn", "Nửa tiền"]
    assert [one.law for one in list(versions(procedure))[-1].laid_over] == ["Nghị định thử", "Nghị định sau"]


def test_an_amendment_that_began_before_the_record_does_not_precede_it() -> None:
    procedure = attach(make_procedure(valid_from=date(2026, 9, 1)), [change()])
    assert fees(procedure) == [(date(2026, 9, 1), None, "Miễn")]


def test_a_repeal_ends_the_record() -> None:
    gone = change(procedures=[], repeals=["9.000001"])
    assert attach(make_procedure(), [gone]).valid_to == date(2026, 8, 14)
    assert repealed([gone])["9.000001"].law == "Nghị định thử"


def test_citizens_are_told_in_the_aspects_it_concerns(facts: Facts) -> None:
    changed = change(aspects=["fee"])
    now = list(versions(attach(make_procedure(), [changed])))[-1]
    assert "Lệ phí đã đổi. Tôi chưa đọc được văn bản gốc." in answer(now, "fee", facts, asked()).text
    assert "Lệ phí đã đổi" not in answer(now, "documents", facts, asked()).text


@pytest.mark.parametrize(
    ("values", "words"),
    [({"set": {"fees": 1}}, "không có mục fees"), ({"set": {"fee": "Miễn"}}, "fee")],
)
def test_a_field_that_cannot_be_set_is_an_error(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(versions(attach(make_procedure(), [change(**values)])))


def test_faults_name_their_line(tmp_path: Path) -> None:
    data = copy_data(tmp_path)
    line = spoil(data / "amendments.yml", '"1.014061", "1.014062"', '"1.014061", "9.999999"')
    with pytest.raises(CatalogueError) as caught:
        read_procedures(data / "procedures")
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, "9.999999" in fault.message) == ("data/amendments.yml", line, True)


def test_the_projects_own_amendments_by_date(facts: Facts) -> None:
    by_code = {one.code: list(versions(one)) for one in read_procedures(ROOT / "data" / "procedures")}

    def fee_on(code: str, day: date) -> str:
        (one,) = [version for version in by_code[code] if version.valid_on(day)]
        return answer(one, "fee", facts, asked(day)).text

    assert "28/2/2027" not in fee_on("1.014063", date(2026, 8, 14))
    assert "28/2/2027" in fee_on("1.014063", date(2026, 8, 15))
    assert "28/2/2027" not in fee_on("1.014063", date(2027, 3, 1))
    law = [one.laid_over for one in by_code["1.001193"] if one.valid_on(date(2027, 3, 1))]
    assert [one.law for one in law[0]] == ["Luật Hộ tịch 03/2026/QH16"]
    assert {"2.000986", "2.002621", "2.002622"} == set(repealed(read_amendments(ROOT / "data")[0]))
