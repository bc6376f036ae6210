"""The database's schema: one step up, or what differs."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from kit.settings import ROOT

# Two processes that start at once must not migrate at once. Any number will do, as long as it stays the same.
_LOCK = 510_2024
_LEAVE = """
grant usage on schema public to {role};
grant select, insert, update, delete on all tables in schema public to {role};
grant usage, select on all sequences in schema public to {role};
grant execute on all functions in schema public to {role};
revoke update, delete, truncate on audit_row from {role};
revoke delete, truncate on audit_head from {role};
"""


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest version, all or nothing. Safe to call at every start."""
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), "head")


def let_work(engine: Engine, role: str) -> None:
    """Let a role read and write all tables, and the audit trail only at its end. The owner needs no such leave."""
    with engine.begin() as connection:
        if connection.scalar(text("select current_user")) == role:
            return
        quoted = connection.dialect.identifier_preparer.quote(role)
        connection.execute(text(_LEAVE.format(role=quoted)))


def owns_audit(engine: Engine) -> bool:
    """Whether this role could switch off what guards the audit trail: it owns the table, or may act as its owner."""
    owns = "select pg_has_role(relowner, 'member') from pg_class where oid = to_regclass('audit_row')"
    with engine.connect() as connection:
        return bool(connection.scalar(text(owns)))


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def new_revision(engine: Engine, message: str) -> None:
    """Write a migration that takes the schema from its newest version to what the models say."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True)


def differences(engine: Engine) -> list[object]:
    """What the models say and the database does not have; empty when they agree."""
    import backlog.model
    import bot.inbox
    import catalogue.model
    import desk.model
    from kit.db import Base

    tables = {module.__name__ for module in (backlog.model, bot.inbox, catalogue.model, desk.model)}
    assert tables  # importing them is what registers their tables
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: not (kind == "table" and name.startswith("procrastinate_")),
            },
        )
        return list(compare_metadata(context, Base.metadata))


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config
