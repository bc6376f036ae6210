"""Durable jobs on PostgreSQL (Procrastinate), queued inside the caller's own transaction."""

from datetime import datetime
from typing import Any

import procrastinate
from sqlalchemy.orm import Session

from kit.db import driver_connection

# Never opened: it only writes INSERTs through connections that callers hand over.
_deferrer = procrastinate.App(connector=procrastinate.PsycopgConnector())


def defer(
    session: Session,
    task: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    **arguments: Any,
) -> int:
    """Queue `task` in the transaction of `session` and return the job's number.

    The job exists if and only if the transaction commits (procrastinate's `connection=`:
    https://procrastinate.readthedocs.io/en/stable/howto/production/external_connection.html).
    Jobs of the same `lock` run one after another in the order they were queued.
    Raises procrastinate.exceptions.AlreadyEnqueued when `queueing_lock` is waiting already.
    """
    session.flush()
    job = _deferrer.configure_task(
        task,
        lock=lock,
        queueing_lock=queueing_lock,
        schedule_at=schedule_at,
        connection=driver_connection(session),
    )
    return job.defer(**arguments)
