"""How long things are kept, as data."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from backlog import petitions
from backlog.model import KINDS
from catalogue.load import Facts, check
from catalogue.retention import What
from catalogue.validity import holds
from tests.unit.catalogue.samples import TODAY, copy_data, spoil


@pytest.mark.parametrize(
    ("what", "kind", "days"),
    [
        ("conversation_texts", None, 90),
        ("loose_files", None, 7),
        ("petition_drafts", None, 7),
        ("receipt_attempts", None, 1),
        ("ticket_content", "phan_anh", 1825),
        ("ticket_content", "kien_nghi", 1825),
        ("ticket_content", "khen", 365),
        ("sealed_identity", None, 180),
        ("staff_notices", None, 90),
    ],
)
def test_everything_has_its_time_today(facts: Facts, what: What, kind: str | None, days: int) -> None:
    assert facts.retention.days(what, TODAY, kind) == days


def test_nothing_is_kept_without_a_rule(facts: Facts) -> None:
    today = {(rule.what, rule.kind) for rule in facts.retention.rules if holds(rule, TODAY)}
    wanted = {(what, None) for what in get_args(What)} - {("ticket_content", None)}
    assert today == wanted | {("ticket_content", kind) for kind in KINDS}


def test_before_its_law_held_there_is_no_rule(facts: Facts) -> None:
    assert facts.retention.days("loose_files", date(2026, 1, 1)) == 7
    with pytest.raises(LookupError):
        facts.retention.days("loose_files", date(2025, 12, 31))


def test_numbers_that_no_source_settles_are_not_called_certain(facts: Facts) -> None:
    assert {rule.confidence for rule in facts.retention.rules} == {"low"}
    assert all("quy ước của dự án" in rule.basis.lower() for rule in facts.retention.rules)


def test_a_drafts_own_promise_is_the_rule(facts: Facts) -> None:
    assert facts.retention.days("petition_drafts", TODAY) == petitions.KEPT_DAYS


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("days: 90", "days: chín mươi", "số nguyên"),
        ("days: 90", "days: 0", "ngoài giới hạn"),
        ("what: loose_files", "what: files", "chỉ nhận một trong"),
        ("what: loose_files", "what: petition_drafts", "thiếu thời hạn lưu cho loose_files"),
        ("what: loose_files", "what: petition_drafts", "cùng hiệu lực một lúc"),
        ("kind: khen", "kind: phan_anh", "thiếu thời hạn lưu cho ticket_content khen"),
        ("    kind: khen\n", "", "ticket_content phải có kind"),
        ("what: staff_notices", "what: staff_notices\n    kind: khen", "các mục khác thì không"),
        ("valid_from: 2026-01-01", 'valid_from: "1/1/2026"', "phải là ngày"),
    ],
)
def test_a_fault_in_the_file_is_explained(tmp_path: Path, old: str, new: str, says: str) -> None:
    data = copy_data(tmp_path)
    spoil(data / "retention.yml", old, new)
    faults = check(data)
    assert any(says in fault.message for fault in faults), [str(fault) for fault in faults]
    assert {fault.file for fault in faults} == {"data/retention.yml"}
