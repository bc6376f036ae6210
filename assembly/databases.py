"""Gets the databases ready: the embedded server or an existing one, two roles, schema, reference data."""

from typing import Any

import psycopg
from sqlalchemy.engine import URL, make_url

from assembly import imported_names, migrate
from assembly.bootstrap import DATA
from assembly.postgres import EmbeddedPostgres, create_role_and_database
from catalogue import store
from catalogue.load import read_procedures
from catalogue.store import Report
from kit.db import make_engine, session_scope
from kit.errors import SetupError
from kit.settings import Settings

RASA = "rasa"  # the name of Rasa's role and of its database
OLDEST = 15  # PostgreSQL's major version
_CONNECT_SECONDS = 5


class DatabaseNotReady(SetupError):
    """Chưa dùng được PostgreSQL."""


def embedded(settings: Settings) -> EmbeddedPostgres | None:
    """The server that this installation runs itself; None when DATABASE_URL names another."""
    if settings.database_url:
        return None
    return EmbeddedPostgres(
        settings.var_dir / "postgres",
        settings.postgres_port,
        settings.postgres_superuser_password.get_secret_value(),
        settings.var_dir / "log" / "postgres.log",
    )


def create_roles(settings: Settings, server: EmbeddedPostgres | None) -> None:
    """Make sure that both roles and their databases exist.

    Raises DatabaseNotReady with the SQL to run when an existing server does not let us make Rasa's.
    """
    if server is not None:
        server.create("tiepdan", settings.postgres_password.get_secret_value(), "tiepdan")
        server.own("tiepdan", "tiepdan")
        server.create(RASA, settings.rasa_postgres_password.get_secret_value(), RASA)
        return
    with _connect(settings.dsn, "DATABASE_URL") as connection:
        version = connection.info.server_version // 10_000
        if version < OLDEST:
            raise DatabaseNotReady(f"DATABASE_URL là PostgreSQL {version}; Tiếp Dân cần từ bản {OLDEST} trở lên.")
        if settings.owner_database_url:
            _connect(settings.owner_dsn, "OWNER_DATABASE_URL").close()
        if settings.rasa_database_url:
            _connect(settings.rasa_database_url, "RASA_DATABASE_URL").close()
        elif not _answers(rasa_url(settings).render_as_string(hide_password=False)):
            _create_rasa(connection, settings)


def rasa_url(settings: Settings) -> URL:
    """Where Rasa keeps the state of conversations: its own role and database, never the tickets'."""
    if settings.rasa_database_url:
        return make_url(settings.rasa_database_url)
    password = settings.rasa_postgres_password.get_secret_value()
    return make_url(settings.dsn).set(username=RASA, password=password, database=RASA)


def rasa_variables(settings: Settings) -> dict[str, str]:
    """What endpoints.yml reads from the environment about Rasa's database."""
    url = rasa_url(settings)
    return {
        "RASA_DB_HOST": url.host or "127.0.0.1",
        "RASA_DB_PORT": str(url.port or 5432),
        "RASA_DB_NAME": url.database or RASA,
        "RASA_DB_USER": url.username or RASA,
        "RASA_DB_PASSWORD": url.password or "",
    }


def migrate_and_load(settings: Settings) -> Report:
    """Bring the schema up to date and make the procedures of the database equal to data/procedures.

    Raises CatalogueError, before anything is changed, when the data has faults.
    """
    procedures = read_procedures(DATA / "procedures")
    _migrate(settings)
    engine = make_engine(settings.dsn, pool_size=2)
    try:
        with session_scope(engine) as session:
            report = store.replace_curated(session, procedures)
            imported_names.refresh(session)
        return report
    finally:
        engine.dispose()


def _migrate(settings: Settings) -> None:
    """As the owner of the tables; the application itself may then write the audit trail only at its end."""
    owner = make_engine(settings.owner_dsn, pool_size=1)
    try:
        migrate.upgrade(owner)
        with _connect(settings.dsn, "DATABASE_URL") as connection:
            role = connection.info.user  # an address need not name it
        migrate.let_work(owner, role)
    finally:
        owner.dispose()


def forget_conversations(settings: Settings, senders: list[str]) -> None:
    """Delete what Rasa has stored of conversations that were only trials from the command line."""
    url = rasa_url(settings).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
        connection.execute("delete from events where sender_id = any(%s)", [senders])


def _create_rasa(connection: "psycopg.Connection[Any]", settings: Settings) -> None:
    password = settings.rasa_postgres_password.get_secret_value()
    try:
        create_role_and_database(connection, RASA, password, RASA)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.DuplicateObject):
        raise DatabaseNotReady(
            "Tài khoản trong DATABASE_URL không được tạo cơ sở dữ liệu cho Rasa. "
            "Nhờ người quản trị PostgreSQL chạy:\n"
            f"  CREATE ROLE {RASA} LOGIN PASSWORD '<mật khẩu RASA_POSTGRES_PASSWORD trong .env>';\n"
            f"  CREATE DATABASE {RASA} OWNER {RASA};\n"
            f"  REVOKE ALL ON DATABASE {RASA} FROM PUBLIC;\n"
            "hoặc đặt RASA_DATABASE_URL, rồi chạy lại."
        ) from None


def _connect(dsn: str, setting: str) -> "psycopg.Connection[Any]":
    try:
        return psycopg.connect(dsn, connect_timeout=_CONNECT_SECONDS, autocommit=True)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseNotReady(
            f"Không kết nối được PostgreSQL trong {setting} ({reason}). Xem máy chủ có chạy không, "
            "tên, mật khẩu và cổng có đúng không."
        ) from None


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=_CONNECT_SECONDS).close()
    except psycopg.Error:
        return False
    return True
