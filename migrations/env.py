"""Alembic's environment: runs on the connection that `assembly.migrate` hands over, in one transaction."""

from alembic import context

import backlog.model  # noqa: F401  (registers its tables)
import bot.inbox  # noqa: F401  (registers its tables)
import catalogue.model  # noqa: F401  (registers its tables)
import desk.model  # noqa: F401  (registers its tables)
from kit.db import Base

connection = context.config.attributes["connection"]


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Procrastinate keeps its own schema; its tables are not compared with ours."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_name=_ours,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
