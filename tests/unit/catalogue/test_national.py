"""Importing snapshots of the portal: all or nothing, idempotent, curated entries win; and telling two apart."""

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalogue import national, store
from catalogue.answers import answer
from catalogue.load import Facts
from catalogue.model import ProcedureRow
from catalogue.national import ImportReport, UnreadableFile, compare
from catalogue.procedures import ASPECTS
from catalogue.quality import faults
from kit.settings import ROOT
from tests.unit.catalogue.portal_records import listed, many, method, record, write
from tests.unit.catalogue.samples import TODAY, asked, make_procedure

SNAPSHOT = date(2026, 7, 20)
# The real snapshots are not part of the project; where they lie beside it, they are imported too.
REAL = ROOT.parent / "shared" / "national"
WHOLE = 5665  # records, as many as the real snapshot has


def load(session: Session, *paths: Path, as_of: date = SNAPSHOT) -> ImportReport:
    """Import, and forget what the session remembers."""
    report = national.import_files(session, paths, as_of, {})
    session.flush()
    return report


def test_new_then_unchanged(session: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "one.jsonl.gz", [record(n) for n in range(1, 6)])
    first = load(session, path)
    assert len(first.new) == 5
    again = load(session, path)
    assert (again.new, again.changed, again.unchanged) == ([], [], 5)
    found = store.get(session, "7.000003", TODAY)
    assert found is not None
    assert found.depth == "portal"


def test_changes_are_told_field_by_field(session: Session, tmp_path: Path) -> None:
    load(session, write(tmp_path / "old.jsonl", [record(1), record(2)]))
    changed = record(1, executionMethods=[method(processingTime=3)])
    report = load(session, write(tmp_path / "new.jsonl", [changed, record(2)]), as_of=TODAY)
    (change,) = report.changed
    assert (change.code, list(change.fields)) == ("7.000001", ["time_limit"])
    assert change.fields["time_limit"][0].startswith("5 ngày làm việc")
    assert change.fields["time_limit"][1].startswith("3 ngày làm việc")
    assert report.unchanged == 1


def test_curated_entries_win_before_and_after(session: Session, tmp_path: Path) -> None:
    store.replace_curated(session, [make_procedure(code="7.000001", name="Của ta")])
    report = load(session, write(tmp_path / "one.jsonl", [record(1), record(2)]))
    assert report.covered == 1
    store.replace_curated(session, [make_procedure(code="7.000001", name="Của ta"), make_procedure(code="7.000002")])
    names = {code: one.name for code, one in store.get_many(session, ["7.000001", "7.000002"], TODAY).items()}
    assert names == {"7.000001": "Của ta", "7.000002": "Cấp giấy phép thử"}


def test_a_name_never_replaces_a_record(session: Session, tmp_path: Path) -> None:
    full = write(tmp_path / "full.jsonl", [record(1)])
    names = write(tmp_path / "names.jsonl", [listed(1), listed(2)])
    report = load(session, names, full)
    assert len(report.new) == 2
    depths = {code: one.depth for code, one in store.get_many(session, ["7.000001", "7.000002"], TODAY).items()}
    assert depths == {"7.000001": "portal", "7.000002": "name"}
    assert load(session, names).changed == []


def test_what_the_snapshot_lacks_is_no_longer_answered(session: Session, tmp_path: Path) -> None:
    load(session, write(tmp_path / "old.jsonl", [record(n) for n in range(1, 5)]))
    report = load(session, write(tmp_path / "new.jsonl", [record(n) for n in range(1, 4)]), as_of=date(2026, 10, 1))
    assert (report.gone, report.partial) == (["7.000004"], False)
    assert store.get(session, "7.000004", TODAY) is None
    assert store.get(session, "7.000004", date(2026, 9, 30)) is not None


def test_a_part_of_the_catalogue_ends_nothing(session: Session, tmp_path: Path) -> None:
    load(session, write(tmp_path / "old.jsonl", [record(n) for n in range(1, 9)]))
    report = load(session, write(tmp_path / "part.jsonl", [record(1)]))
    assert report.partial
    assert store.get(session, "7.000008", TODAY) is not None


@pytest.mark.parametrize("spoiled", ["{broken", "[1, 2]"])
def test_an_unreadable_line_names_itself_and_nothing_is_kept(session: Session, tmp_path: Path, spoiled: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join([json.dumps(record(1)), json.dumps(record(2)), spoiled]), encoding="utf-8")
    before = session.scalar(select(func.count()).select_from(ProcedureRow))
    with session.begin_nested() as step:
        with pytest.raises(UnreadableFile) as caught:
            load(session, path)
        step.rollback()
    assert "bad.jsonl" in str(caught.value)
    assert "dòng 3" in str(caught.value)
    assert session.scalar(select(func.count()).select_from(ProcedureRow)) == before


def test_a_file_that_breaks_off_is_not_a_smaller_catalogue(session: Session, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.jsonl.gz", many(300)).read_bytes()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFile):
        list(national.records(cut))
    with pytest.raises(UnreadableFile):
        list(national.records(tmp_path / "missing.jsonl"))


def test_two_snapshots_compared(tmp_path: Path) -> None:
    older = write(tmp_path / "older.jsonl", [record(1), record(2), record(3)])
    changed = record(2, requirementsAndConditions="Đủ 18 tuổi")
    newer = write(tmp_path / "newer.jsonl", [record(1), changed, record(4)])
    diff = compare(older, newer, TODAY)
    assert [code for code, _ in diff.new] == ["7.000004"]
    assert [code for code, _ in diff.gone] == ["7.000003"]
    assert [(one.code, one.fields) for one in diff.changed] == [("7.000002", {"conditions": ("", "Đủ 18 tuổi")})]
    assert diff.unchanged == 1


def test_a_whole_nation_imports_and_answers(session: Session, facts: Facts, tmp_path: Path) -> None:
    """As many records as the real snapshot, with all that is odd in real ones: no exception, no empty answer."""
    report = load(session, write(tmp_path / "whole.jsonl.gz", many(WHOLE)))
    refused = len(report.rejected)
    assert len(report.new) + refused == WHOLE
    assert 900 < refused < 1200
    for procedure in list(store.imported(session))[::40]:
        for aspect in ASPECTS:
            assert faults(answer(procedure, aspect, facts, asked())) == [], (procedure.code, aspect)


@pytest.mark.skipif(not REAL.exists(), reason="../shared/national is not there")
def test_the_real_nation_imports_and_answers(session: Session, facts: Facts) -> None:
    report = load(session, REAL / "full.jsonl.gz", REAL / "catalog.jsonl.gz")
    assert len(report.new) > 4000
    assert {reason.split(" (")[0] for reason in report.reasons} == {
        "mã không đúng dạng",
        "của địa phương khác",
        "thủ tục nội bộ giữa các cơ quan",
    }
    for procedure in store.imported(session):
        for aspect in ASPECTS:
            assert faults(answer(procedure, aspect, facts, asked())) == [], (procedure.code, aspect)
    again = load(session, REAL / "full.jsonl.gz", REAL / "catalog.jsonl.gz")
    assert (again.new, again.changed) == ([], [])
