"""Procedures in a real database: idempotent loading, versions by day."""

from datetime import date

from sqlalchemy.orm import Session

from catalogue import store
from catalogue.amendments import versions
from catalogue.load import read_procedures
from catalogue.model import ProcedureRow
from kit.settings import ROOT
from tests.unit.catalogue.samples import TODAY, make_procedure


def test_loading_twice_changes_nothing(session: Session) -> None:
    procedures = read_procedures(ROOT / "data" / "procedures")
    store.replace_curated(session, procedures)
    again = store.replace_curated(session, procedures)
    assert (again.new, again.changed, again.removed) == ([], [], [])
    assert again.unchanged == sum(len(list(versions(one))) for one in procedures) > 111
    assert len(store.all_current(session, TODAY)) == 111


def test_the_report_names_new_changed_and_removed(session: Session) -> None:
    first, second = make_procedure(), make_procedure(code="9.000002")
    assert store.replace_curated(session, [first, second]).new == ["9.000001", "9.000002"]
    third = make_procedure(code="9.000003")
    report = store.replace_curated(session, [make_procedure(fee={"short": "5.000 đồng"}), third])
    assert (report.new, report.changed, report.removed, report.unchanged) == (
        ["9.000003"],
        ["9.000001"],
        ["9.000002"],
        0,
    )
    changed = store.get(session, "9.000001", TODAY)
    assert changed is not None
    assert changed.fee.short == "5.000 đồng"


def test_what_is_stored_comes_back_the_same(session: Session) -> None:
    procedures = read_procedures(ROOT / "data" / "procedures")
    store.replace_curated(session, procedures)
    session.expire_all()
    of_today = [version for one in procedures for version in versions(one) if version.valid_on(TODAY)]
    assert store.all_current(session, TODAY) == of_today


def test_the_version_of_the_day_is_read(session: Session) -> None:
    old = make_procedure(valid_to=date(2026, 8, 31), fee={"short": "cũ"})
    new = make_procedure(valid_from=date(2026, 9, 1), fee={"short": "mới"})
    store.replace_curated(session, [old, new])
    fees = [store.get(session, "9.000001", day) for day in (date(2026, 8, 31), date(2026, 9, 1))]
    assert [one.fee.short for one in fees if one] == ["cũ", "mới"]


def test_unknown_and_expired_codes_are_left_out(session: Session) -> None:
    store.replace_curated(session, [make_procedure(valid_to=date(2026, 1, 31))])
    assert store.get(session, "9.000001", TODAY) is None
    assert store.get_many(session, ["9.000001", "9.999999"], date(2026, 1, 1)).keys() == {"9.000001"}


def test_rows_of_another_origin_are_left_alone(session: Session) -> None:
    store.replace_curated(session, [make_procedure()])
    row = session.get(ProcedureRow, ("9.000001", date.min))
    assert row is not None
    row.origin = store.PORTAL
    session.flush()
    report = store.replace_curated(session, [])
    assert report.removed == []
    assert store.get(session, "9.000001", TODAY) is not None
