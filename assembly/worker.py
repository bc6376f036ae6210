"""The worker: durable jobs of bot and backlog, each by the same functions that tests call."""

import asyncio
import contextlib
import signal
from datetime import timedelta

import procrastinate
import psycopg
import structlog
from procrastinate import JobContext, RetryDecision
from procrastinate.jobs import Job

import backlog.jobs
from assembly import retention, witness
from assembly.bootstrap import Services, build
from backlog.privacy import FORGET_TASK
from backlog.recompute import recompute
from bot.channels.errors import RetryLater
from bot.delivery import deliver
from bot.inbox import TURN_TASK
from bot.rasa import RasaUnavailable
from bot.turn import give_up, run_turn
from kit import clock, logging
from kit.db import session_scope
from kit.outbox import DELIVER_TASK

log = structlog.get_logger()

HEARTBEAT_SECONDS = 3
# Three heartbeats missed: the worker that held the job was killed, and another one takes it over.
DEAD_AFTER_SECONDS = 10
MOST_ATTEMPTS = 60  # with the waits below: about 50 minutes
_LONGEST_WAIT = 60
_AGAIN_SECONDS = 1


class Patient(procrastinate.BaseRetryStrategy):
    """Try again after 1, 2, 4 … 60 seconds, or when the channel says so."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None ends the job as failed."""
        if job.attempts >= MOST_ATTEMPTS:
            return None
        if isinstance(exception, RetryLater):
            return RetryDecision(retry_in={"seconds": max(1, int(exception.after.total_seconds()))})
        return RetryDecision(retry_in={"seconds": min(_LONGEST_WAIT, 2 ** min(job.attempts, 6))})


def build_jobs(services: Services) -> procrastinate.App:
    """The job application with every task registered."""
    connector = procrastinate.PsycopgConnector(
        conninfo=services.settings.dsn, min_size=1, max_size=services.settings.worker_concurrency
    )
    app = procrastinate.App(connector=connector)

    @app.task(name=TURN_TASK, retry=Patient(), pass_context=True)
    def turn(context: JobContext, inbox_id: int) -> None:
        attempt = context.job.attempts
        try:
            run_turn(services.bot, inbox_id, attempt)
        except RasaUnavailable:
            if attempt < MOST_ATTEMPTS:
                raise
            give_up(services.bot, inbox_id)

    @app.task(name=DELIVER_TASK, retry=Patient())
    def deliver_reply(message_id: int) -> None:
        deliver(services.bot, message_id)

    @app.task(name=backlog.jobs.DEADLINE_TASK, retry=Patient())
    def deadline(ticket_id: str) -> None:
        with session_scope(services.engine) as session:
            backlog.jobs.deadline_check(session, services.facts, services.sealer, ticket_id, clock.now())

    @app.periodic(cron="* * * * * */5")
    @app.task(name="kit.rescue", queueing_lock="kit.rescue", pass_context=True)
    async def rescue(context: JobContext, timestamp: int) -> None:
        """Jobs of a killed worker go back into the queue."""
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
            log.warning("job_rescued", task=job.task_name, job_id=job.id)
            await manager.retry_job(job)

    @app.periodic(cron="* * * * *")
    @app.task(name="assembly.witness", queueing_lock="assembly.witness")
    def copy_head(timestamp: int) -> None:
        """The end of the audit chain is copied out of the database every minute."""
        witness.record(services.engine, witness.path_in(services.settings.var_dir))

    @app.periodic(cron="17 20 * * *")  # UTC: in the small hours in Vietnam
    @app.task(name="kit.sweep", queueing_lock="kit.sweep", pass_context=True)
    async def sweep(context: JobContext, timestamp: int) -> None:
        """Finished jobs are of no use after a week."""
        await context.app.job_manager.delete_old_jobs(nb_hours=7 * 24)

    _register_deadlines(app, services)
    _register_retention(app, services)
    return app


def _register_deadlines(app: procrastinate.App, services: Services) -> None:
    @app.periodic(cron="37 18 * * *")  # UTC: in the small hours in Vietnam
    @app.task(name="backlog.recompute", queueing_lock="backlog.recompute")
    def reckon_anew(timestamp: int) -> None:
        """New rules or a new calendar give tickets new deadlines; most nights nothing changes."""
        with session_scope(services.engine) as session:
            changed = recompute(session, services.facts, services.sealer, clock.now())
        log.info("recomputed", tickets=changed)


def _register_retention(app: procrastinate.App, services: Services) -> None:
    @app.periodic(cron="47 19 * * *")  # UTC: in the small hours in Vietnam
    @app.task(name="assembly.purge", queueing_lock="assembly.purge")
    def purge(timestamp: int) -> None:
        """What has been kept for long enough goes; what fails is tried again the next night."""
        log.info("purged", **retention.purge_all(services))

    @app.task(name=FORGET_TASK, retry=Patient())
    def forget(conversation_id: str) -> None:
        retention.forget(services, conversation_id)


async def main() -> None:
    """Run until SIGTERM; finish what is under way first.

    A lost connection, as when PostgreSQL is restarted, ends Procrastinate's worker quietly: then it is begun anew.
    """
    services = build()
    logging.configure(services.settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        try:
            await _work(services, stop)
        except (procrastinate.exceptions.ConnectorException, psycopg.Error, OSError) as error:
            log.warning("worker_without_database", error=type(error).__name__)
        if not stop.is_set():
            log.warning("worker_begins_anew")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_SECONDS)
    services.close()


async def _work(services: Services, stop: asyncio.Event) -> None:
    """One worker, until it is told to stop or ends by itself."""
    app = build_jobs(services)
    async with app.open_async():
        with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued):  # whoever changed the data starts anew
            await app.configure_task("backlog.recompute", queueing_lock="backlog.recompute").defer_async(timestamp=0)
        worker = asyncio.ensure_future(
            app.run_worker_async(
                concurrency=services.settings.worker_concurrency,
                fetch_job_polling_interval=2,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_AFTER_SECONDS,
                shutdown_graceful_timeout=timedelta(seconds=10).total_seconds(),
                delete_jobs="never",
                install_signal_handlers=False,
            )
        )
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not worker.done():
            worker.cancel()  # Procrastinate finishes what is under way, then gives in
        with contextlib.suppress(asyncio.CancelledError):
            await worker


if __name__ == "__main__":
    asyncio.run(main())
