"""The national catalogue: reads the portal's snapshots record by record, stores them all or not at all, and tells
two snapshots apart."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import batched
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalogue.model import ProcedureRow
from catalogue.portal import Rejected, convert
from catalogue.procedures import Procedure
from catalogue.store import CURATED, PORTAL
from kit.errors import Invalid

_BATCH = 400  # records; what stands in memory at once
_SNAPSHOT = 0.5  # a file that holds less than this share of what is stored is no snapshot of the whole
_BOOKKEEPING = {"as_of", "depth", "source"}  # fields that change without a change of law


class UnreadableFile(Invalid):
    """Không đọc được tệp của Cổng."""


@dataclass
class Change:
    """One procedure whose record differs: field → (before, after), each as short text."""

    code: str
    name: str
    fields: dict[str, tuple[str, str]]


@dataclass
class ImportReport:
    """What an import did, or would do. `gone`: stored, but no longer in the snapshot."""

    new: list[tuple[str, str]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    covered: int = 0
    gone: list[str] = field(default_factory=list)
    partial: bool = False
    rejected: list[Rejected] = field(default_factory=list)
    marks: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeated: int = 0

    @property
    def reasons(self) -> Counter[str]:
        """How many records were rejected for what."""
        return Counter(one.reason for one in self.rejected)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a portal file (JSON lines, gzip or plain), one at a time.

    Raises UnreadableFile with the line at fault: a file that breaks off must not pass for a smaller catalogue.
    """
    number = 1
    try:
        with _open(path) as stream:
            for line in stream:
                if line.strip():
                    record = json.loads(line)
                    if not isinstance(record, dict):
                        raise ValueError("not an object")
                    yield record
                number += 1
    except (OSError, EOFError, ValueError) as error:
        raise UnreadableFile(
            f"Tệp {path.name} không đọc được ở dòng {number}. "
            "Mỗi dòng phải là một bản ghi JSON của Cổng; tải lại tệp rồi chạy lại. Chưa có gì bị thay đổi."
        ) from error


def import_files(session: Session, paths: Sequence[Path], as_of: date, repealed: Mapping[str, str]) -> ImportReport:
    """Store the records of portal snapshots in the caller's transaction; the same files again change nothing.

    Curated procedures win. A record in full is never replaced by a mere name. What a whole snapshot lacks ends the
    day before `as_of`; `repealed` says which ones a later law has ended, and which law. Raises UnreadableFile.
    """
    report = ImportReport()
    covered = set(session.scalars(select(ProcedureRow.code).where(ProcedureRow.origin == CURATED)))
    in_full, seen = _in_full(session), set[str]()
    for batch in batched(_converted(paths, as_of, repealed, report), _BATCH):
        wanted: dict[str, Procedure] = {}
        for procedure in batch:
            if procedure.code in covered:
                report.covered += procedure.code not in seen
            elif procedure.code in seen or (procedure.depth == "name" and procedure.code in in_full):
                report.repeated += 1
            else:
                wanted[procedure.code] = procedure
            if procedure.depth == "portal":
                in_full.add(procedure.code)
            seen.add(procedure.code)
        _store(session, wanted, report)
    _end_what_is_gone(session, seen, as_of, report)
    return report


def _in_full(session: Session) -> set[str]:
    depth = ProcedureRow.body["depth"].astext
    return set(session.scalars(select(ProcedureRow.code).where(ProcedureRow.origin == PORTAL, depth == "portal")))


def _converted(
    paths: Iterable[Path], as_of: date, repealed: Mapping[str, str], report: ImportReport
) -> Iterator[Procedure]:
    # Full records first: a list of names must not come before what it names.
    for path in sorted(paths, key=_is_list_of_names):
        for record in records(path):
            found = convert(record, as_of, repealed)
            if isinstance(found, Rejected):
                report.rejected.append(found)
            else:
                yield found


def _is_list_of_names(path: Path) -> bool:
    first = next(records(path), {})
    return "executionMethods" not in (first.get("detail") or first)


def _store(session: Session, wanted: dict[str, Procedure], report: ImportReport) -> None:
    query = select(ProcedureRow).where(ProcedureRow.code.in_(wanted), ProcedureRow.origin == PORTAL)
    stored = {row.code: row for row in session.scalars(query)}
    rows = []
    for code, procedure in wanted.items():
        report.marks.update(procedure.unverified.items())
        body = procedure.model_dump(mode="json")
        row = stored.get(code)
        if row is None:
            report.new.append((code, procedure.name))
        elif fields := differences(row.body, body):
            report.changed.append(Change(code, procedure.name, fields))
        elif row.body == body and row.valid_to == date.max:
            report.unchanged += 1
            continue
        else:
            report.unchanged += 1  # the same law, read on another day
        rows.append(_row(procedure, body))
    if rows:
        statement = insert(ProcedureRow).values(rows)
        new = {name: statement.excluded[name] for name in ("valid_to", "name", "body")}
        session.execute(statement.on_conflict_do_update(index_elements=["code", "valid_from"], set_=new))
    session.expunge_all()


def _row(procedure: Procedure, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": procedure.code,
        "valid_from": date.min,
        "valid_to": date.max,
        "origin": PORTAL,
        "name": procedure.name,
        "body": body,
    }


def _end_what_is_gone(session: Session, seen: set[str], as_of: date, report: ImportReport) -> None:
    """A procedure that a whole snapshot does not have any more was abolished: it is no longer answered."""
    standing = (ProcedureRow.origin == PORTAL, ProcedureRow.valid_to == date.max)
    stored = set(session.scalars(select(ProcedureRow.code).where(*standing)))
    report.gone = sorted(stored - seen)
    report.partial = bool(stored) and len(stored & seen) < _SNAPSHOT * len(stored)
    if report.gone and not report.partial:
        gone = update(ProcedureRow).where(*standing, ProcedureRow.code.in_(report.gone))
        session.execute(gone.values(valid_to=as_of - timedelta(days=1)))


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Field by field, what two records say differently; not when and how they were read."""
    names = sorted((set(before) | set(after)) - _BOOKKEEPING)
    return {
        name: (shown(before.get(name)), shown(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    }


def shown(value: Any) -> str:
    """A value of a record as one line of a report, at most 160 characters."""
    text = "; ".join(_words(value))
    return text if len(text) <= 160 else text[:159] + "…"


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        # The database sorts keys its own way; what a person reads comes first, what the calendar reads not at all.
        for name in sorted(value, key=lambda name: (name not in ("case", "text", "short"), name)):
            if name != "span":
                yield from _words(value[name])
    elif isinstance(value, list):
        for part in value:
            yield from _words(part)
    elif value not in (None, "", False):
        yield str(value)


@dataclass
class SnapshotDiff:
    """What changed between two snapshots: names by code, and field by field."""

    new: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0


def compare(older: Path, newer: Path, as_of: date) -> SnapshotDiff:
    """Compare two snapshots without a database. Raises UnreadableFile."""
    before = {one.code: _packed(one) for one in _procedures(older, as_of)}
    diff = SnapshotDiff()
    for procedure in _procedures(newer, as_of):
        packed = before.pop(procedure.code, None)
        if packed is None:
            diff.new.append((procedure.code, procedure.name))
        elif packed == (now := _packed(procedure)):
            diff.unchanged += 1
        elif fields := differences(json.loads(packed), json.loads(now)):
            diff.changed.append(Change(procedure.code, procedure.name, fields))
        else:
            diff.unchanged += 1
    diff.gone = [(code, json.loads(packed)["name"]) for code, packed in before.items()]
    return diff


def _procedures(path: Path, as_of: date) -> Iterator[Procedure]:
    yield from (found for found in (convert(one, as_of) for one in records(path)) if isinstance(found, Procedure))


def _packed(procedure: Procedure) -> str:
    return procedure.model_dump_json()


def _open(path: Path) -> TextIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8")
