"""The application's role writes the audit trail at its end alone; only the owner of the tables migrates them."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import procrastinate
import psycopg
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from assembly import databases, migrate
from assembly.databases import DatabaseNotReady
from assembly.postgres import EmbeddedPostgres
from backlog import audit
from backlog.model import AuditRow, Ticket
from catalogue.load import Facts
from kit import clock, jobs
from kit.crypto import Sealer
from kit.db import make_engine, session_scope
from tests.factories import make_ticket
from tests.unit.assembly.support import settings

ROLE = "lesser"
NOT_ALLOWED = [
    "update audit_row set action = 'x'",
    "delete from audit_row",
    "truncate audit_row",
    "delete from audit_head",
    "truncate audit_head",
    "drop table audit_row",
    "alter table audit_row disable trigger all",
    "alter table audit_head disable trigger audit_head_forward_only",
    "drop trigger audit_row_append_only on audit_row",
    "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
    "drop function head_moves_on() cascade",
    "set session_replication_role = replica",
    "alter table ticket add column more text",
    "create table more (id int)",
    "create temporary table audit_row (seq bigint, hash text, previous text)",
]
BACKWARDS = [
    "update audit_head set count = count - 1, hash = (select previous from audit_row order by seq desc limit 1)",
    "update audit_head set count = 0, hash = repeat('0', 64)",
    "update audit_head set count = count + 1",
    "update audit_head set hash = 'x'",
    "update audit_head set id = 2",
]


@dataclass(frozen=True)
class Roles:
    """One database, as its owner and as the application."""

    owner: Engine
    app: Engine


@pytest.fixture(scope="module")
def roles(postgres: EmbeddedPostgres) -> Iterator[Roles]:
    """A database set up as the embedded server's is, with three rows in the chain."""
    postgres.create(ROLE, "l", "lesser_test")
    postgres.own(ROLE, "lesser_test")
    both = Roles(
        make_engine(postgres.address("postgres", postgres.password, "lesser_test")),
        make_engine(postgres.address(ROLE, "l", "lesser_test")),
    )
    migrate.upgrade(both.owner)
    migrate.let_work(both.owner, ROLE)
    write(both.app, 3)
    yield both
    both.owner.dispose()
    both.app.dispose()
    drop(postgres, "lesser_test")


def drop(postgres: EmbeddedPostgres, database: str) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"drop database {database} with (force)")


def write(engine: Engine, rows: int) -> None:
    """Rows of the audit trail, two of them in one transaction where there are as many."""
    with session_scope(engine) as session:
        for place in range(rows):
            audit.write(
                session,
                at=clock.now(),
                actor="system",
                action="try",
                ticket_id=None,
                data={},
                texts={"why": str(place)},
            )


def chain(engine: Engine) -> tuple[audit.Head, list[str], list[str]]:
    """The head, every hash, and what is wrong."""
    with session_scope(engine) as session:
        hashes = list(session.scalars(select(AuditRow.hash).order_by(AuditRow.seq)))
        return audit.head(session), hashes, audit.verify(session)


def test_the_application_writes_rows_and_moves_the_head_on(roles: Roles) -> None:
    count = chain(roles.app)[0].count
    write(roles.app, 2)
    head, hashes, problems = chain(roles.app)
    assert (head.count, head.hash, problems) == (count + 2, hashes[-1], [])


@pytest.mark.parametrize("attack", NOT_ALLOWED)
def test_the_application_cannot_change_the_trail_or_what_guards_it(roles: Roles, attack: str) -> None:
    before = chain(roles.owner)
    with pytest.raises(DBAPIError) as caught, roles.app.begin() as connection:
        connection.execute(text(attack))
    assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege), caught.value
    assert chain(roles.owner) == before


def test_every_table_but_the_trail_is_open_to_the_application(roles: Roles) -> None:
    granted = (
        "select table_name, string_agg(privilege_type, ' ' order by privilege_type) as granted "
        "from information_schema.role_table_grants where grantee = :role group by table_name"
    )
    with roles.owner.connect() as connection:
        found: dict[str, str] = {
            row.table_name: row.granted for row in connection.execute(text(granted), {"role": ROLE})
        }
        tables = set(connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
    assert found.pop("audit_row") == "INSERT SELECT"
    assert found.pop("audit_head") == "INSERT SELECT UPDATE"
    assert set(found.values()) == {"DELETE INSERT SELECT UPDATE"}
    assert tables == set(found) | {"audit_row", "audit_head"}


@pytest.mark.parametrize("attack", BACKWARDS)
@pytest.mark.parametrize("who", ["app", "owner"])
def test_the_head_moves_only_to_the_row_that_follows(roles: Roles, who: str, attack: str) -> None:
    engine: Engine = getattr(roles, who)
    before = chain(roles.owner)
    with pytest.raises(DBAPIError, match="only moves on"), engine.begin() as connection:
        connection.execute(text(attack))
    assert chain(roles.owner) == before


def test_jobs_are_queued_and_worked_off_by_the_application(roles: Roles) -> None:
    worked: list[int] = []
    connector = procrastinate.PsycopgConnector(
        conninfo=roles.app.url.set(drivername="postgresql").render_as_string(False)
    )
    app = procrastinate.App(connector=connector)

    @app.task(name="count")
    def count(number: int) -> None:
        worked.append(number)

    with session_scope(roles.app) as session:
        jobs.defer(session, "count", lock="one", number=1)
        jobs.defer(session, "count", lock="one", number=2)

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="never")
            await app.job_manager.delete_old_jobs(nb_hours=0)

    with ThreadPoolExecutor(1) as apart:  # where no browser test has left a loop of its own
        apart.submit(asyncio.run, work()).result()
    assert worked == [1, 2]
    with roles.owner.connect() as connection:
        assert connection.scalar(text("select count(*) from procrastinate_jobs")) == 0


def test_an_installation_whose_role_owned_everything_is_taken_over_without_a_loss(
    postgres: EmbeddedPostgres, facts: Facts, sealer: Sealer
) -> None:
    postgres.create(ROLE, "l", "taken_test")
    app = make_engine(postgres.address(ROLE, "l", "taken_test"))
    migrate.upgrade(app)
    migrate.let_work(app, ROLE)
    with session_scope(app) as session:
        number = make_ticket(session, facts, sealer).number
    before = chain(app)
    assert migrate.owns_audit(app)
    app.dispose()
    for _ in range(2):  # every start does it
        postgres.own(ROLE, "taken_test")
        owner = make_engine(postgres.address("postgres", postgres.password, "taken_test"))
        migrate.upgrade(owner)
        migrate.let_work(owner, ROLE)
        owner.dispose()
    assert not migrate.owns_audit(app)
    assert chain(app) == before
    with session_scope(app) as session:
        assert session.scalars(select(Ticket.number)).all() == [number]
        make_ticket(session, facts, sealer)
    with pytest.raises(DBAPIError, match="must be owner"), app.begin() as connection:
        connection.execute(text("drop table audit_row"))
    app.dispose()
    drop(postgres, "taken_test")


def test_a_takeover_that_was_broken_off_after_the_database_is_finished(postgres: EmbeddedPostgres) -> None:
    postgres.create(ROLE, "l", "halfway_test")
    app = make_engine(postgres.address(ROLE, "l", "halfway_test"))
    migrate.upgrade(app)
    app.dispose()
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("alter database halfway_test owner to postgres")
    postgres.own(ROLE, "halfway_test")
    assert not migrate.owns_audit(app)
    app.dispose()
    drop(postgres, "halfway_test")


def test_an_existing_server_with_an_owner_of_its_own_leaves_the_application_as_little(
    postgres: EmbeddedPostgres,
) -> None:
    """The SQL of README.md, then a start."""
    postgres.create(ROLE, "l", "theirs_test")
    with psycopg.connect(
        postgres.address("postgres", postgres.password, "theirs_test"), autocommit=True
    ) as connection:
        connection.execute("drop role if exists theirs_owner")
        for line in (
            "create role theirs_owner login password 'o'",
            "reassign owned by lesser to theirs_owner",
            "alter database theirs_test owner to theirs_owner",
            "revoke all on database theirs_test from public",
            "grant connect on database theirs_test to lesser",
        ):
            connection.execute(line)
    own = settings(
        Path("var"),
        database_url=postgres.address(ROLE, "l", "theirs_test"),
        owner_database_url=postgres.address("theirs_owner", "o", "theirs_test"),
    )
    for _ in range(2):
        databases.migrate_and_load(own)
    app = make_engine(own.dsn)
    write(app, 1)
    assert not migrate.owns_audit(app)
    assert chain(app)[2] == []
    with pytest.raises(DBAPIError, match="permission denied"), app.begin() as connection:
        connection.execute(text("update audit_row set action = 'x'"))
    app.dispose()
    drop(postgres, "theirs_test")


def test_an_owner_that_does_not_answer_is_named_by_its_setting(postgres: EmbeddedPostgres) -> None:
    own = settings(
        Path("var"), database_url=postgres.dsn, owner_database_url="postgresql://a:very-secret@127.0.0.1:1/a"
    )
    with pytest.raises(DatabaseNotReady, match="OWNER_DATABASE_URL") as caught:
        databases.create_roles(own, None)
    assert "very-secret" not in caught.value.message


def test_an_address_that_names_no_role_is_enough(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.create("unnamed", "u", "unnamed_test")
    monkeypatch.setenv("PGUSER", "unnamed")
    monkeypatch.setenv("PGPASSWORD", "u")
    own = settings(Path("var"), database_url=f"postgresql://127.0.0.1:{postgres.port}/unnamed_test")
    assert databases.migrate_and_load(own).new
