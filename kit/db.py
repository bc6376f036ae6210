"""The database: declarative base, engine, and the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

import psycopg
from sqlalchemy import DateTime, Engine, MetaData, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session


class Base(DeclarativeBase):
    """Base of every table. Constraint names are fixed so that migrations can name what they change."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


def make_engine(dsn: str, *, pool_size: int = 10) -> Engine:
    """An engine on psycopg 3 for a libpq address. Opens no connection yet.

    A dead server is noticed at check-out (`pool_pre_ping`), so a restarted PostgreSQL costs no request.
    """
    url = make_url(dsn).set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error of the database must not quote what a citizen wrote
        connect_args={"connect_timeout": 5, "options": "-c lock_timeout=10s -c timezone=Asia/Ho_Chi_Minh"},
    )


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """One transaction: commits at the end of the block, rolls everything back when it raises."""
    with Session(engine, expire_on_commit=False) as session:
        yield session
        session.commit()


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection under `session`, inside the same transaction."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the session does not run on psycopg 3")
    return connection
