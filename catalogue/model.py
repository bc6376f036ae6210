"""The one table of the catalogue: procedures, of which there will be thousands."""

from datetime import date
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base


class ProcedureRow(Base):
    """One version of a procedure. `body` is the whole record as catalogue.procedures.Procedure dumps it."""

    __tablename__ = "procedure"
    __table_args__ = (Index("ix_procedure_origin", "origin"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    origin: Mapped[str]
    name: Mapped[str]
    body: Mapped[dict[str, Any]]
