"""Procedures in the database: loaded all or nothing, read by code and day."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalogue.amendments import versions
from catalogue.model import ProcedureRow
from catalogue.procedures import Procedure

CURATED = "curated"
PORTAL = "portal"  # imported as it stands (catalogue/national.py)


@dataclass(frozen=True)
class Report:
    """What a load changed, in codes."""

    new: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int


def replace_curated(session: Session, procedures: Sequence[Procedure]) -> Report:
    """Make the curated procedures of the database equal to `procedures`, in the caller's transaction.

    Loading the same data again changes nothing. A curated procedure takes the place of an imported one.
    """
    codes = {procedure.code for procedure in procedures}
    session.execute(delete(ProcedureRow).where(ProcedureRow.origin == PORTAL, ProcedureRow.code.in_(codes)))
    dated = [version for procedure in procedures for version in versions(procedure)]
    wanted = {(procedure.code, procedure.valid_from or date.min): procedure for procedure in dated}
    stored = {
        (row.code, row.valid_from): row
        for row in session.scalars(select(ProcedureRow).where(ProcedureRow.origin == CURATED))
    }
    new, changed = [], []
    for key, procedure in wanted.items():
        body = procedure.model_dump(mode="json")
        row = stored.get(key)
        if row is None:
            new.append(procedure.code)
            session.add(_row(procedure, body))
        elif row.body != body:
            changed.append(procedure.code)
            row.body, row.name, row.valid_to = body, procedure.name, procedure.valid_to or date.max
    gone = [key for key in stored if key not in wanted]
    for code, valid_from in gone:
        session.execute(delete(ProcedureRow).where(ProcedureRow.code == code, ProcedureRow.valid_from == valid_from))
    session.flush()
    unchanged = len(wanted) - len(new) - len(changed)
    return Report(sorted(new), sorted(changed), sorted(code for code, _ in gone), unchanged)


def get(session: Session, code: str, on: date) -> Procedure | None:
    """The version of a procedure that holds on a day."""
    return get_many(session, [code], on).get(code)


def get_many(session: Session, codes: Iterable[str], on: date) -> dict[str, Procedure]:
    """Several procedures by code; those that do not exist or do not hold on the day are left out."""
    rows = session.scalars(
        select(ProcedureRow).where(
            ProcedureRow.code.in_(list(codes)), ProcedureRow.valid_from <= on, on <= ProcedureRow.valid_to
        )
    )
    return {row.code: read_row(row) for row in rows}


def all_current(session: Session, on: date) -> list[Procedure]:
    """Every procedure that holds on a day, by code."""
    rows = session.scalars(
        select(ProcedureRow)
        .where(ProcedureRow.valid_from <= on, on <= ProcedureRow.valid_to)
        .order_by(ProcedureRow.code)
    )
    return [read_row(row) for row in rows]


def imported_names(session: Session, on: date) -> list[dict[str, str]]:
    """Code, name, short name and field of what was imported and holds on a day, for the lexicon."""
    body = ProcedureRow.body
    parts = (ProcedureRow.code, ProcedureRow.name, body["short_name"].astext, body["field"].astext)
    rows = session.execute(
        select(*parts)
        .where(ProcedureRow.origin == PORTAL, ProcedureRow.valid_from <= on, on <= ProcedureRow.valid_to)
        .order_by(ProcedureRow.code)
    )
    return [dict(zip(("code", "name", "short_name", "field"), row, strict=True)) for row in rows]


def imported(session: Session) -> Iterator[Procedure]:
    """Everything that was imported, by code, a batch at a time."""
    query = select(ProcedureRow).where(ProcedureRow.origin == PORTAL).order_by(ProcedureRow.code)
    for row in session.scalars(query.execution_options(yield_per=200)):
        yield read_row(row)


def read_row(row: ProcedureRow) -> Procedure:
    """The procedure inside a row."""
    return Procedure.model_validate(row.body, strict=False)


def _row(procedure: Procedure, body: dict[str, object]) -> ProcedureRow:
    return ProcedureRow(
        code=procedure.code,
        valid_from=procedure.valid_from or date.min,
        valid_to=procedure.valid_to or date.max,
        origin=CURATED,
        name=procedure.name,
        body=body,
    )
