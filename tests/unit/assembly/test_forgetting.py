"""Deleting in every database: every night, and for one conversation at its citizen's wish."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, select, update

import backlog.retention
from actions.context import ActionContext
from assembly import migrate, retention
from assembly.bootstrap import Services
from assembly.postgres import EmbeddedPostgres
from assembly.worker import build_jobs
from backlog.model import Ticket
from backlog.privacy import FORGET_TASK
from bot import inbox
from bot.channels.base import Inbound
from bot.context import BotContext
from bot.inbox import InboxMessage
from bot.testing import FakeRasa
from catalogue.load import Facts
from kit import clock
from kit.crypto import Sealer
from kit.db import make_engine, session_scope
from kit.outbox import Conversation
from tests.factories import make_ticket
from tests.unit.assembly.support import settings

KEY = "k" * 32
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def own(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A database for what is committed here: other tests count the tickets of theirs."""
    postgres.create("forgetting", "f", "forgetting_test")
    engine = make_engine(postgres.address("forgetting", "f", "forgetting_test"))
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def rasa(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Rasa's database with the columns of its table that matter (rasa 3.6.21, core/tracker_store.py)."""
    postgres.create("forgetful", "f", "forgetful_test")
    with psycopg.connect(postgres.address("forgetful", "f", "forgetful_test"), autocommit=True) as connection:
        connection.execute("drop table if exists events")
        connection.execute("create table events (sender_id varchar(255), timestamp double precision)")
        yield connection


@pytest.fixture
def services(own: Engine, postgres: EmbeddedPostgres, facts: Facts, sealer: Sealer) -> Iterator[Services]:
    known = settings(Path("var"), rasa_database_url=postgres.address("forgetful", "f", "forgetful_test"))
    context = BotContext(known, own, sealer, FakeRasa().client(), {})
    yield Services(known, own, sealer, facts, context, ActionContext(known, own, sealer, facts))
    context.rasa.close()


def heard(services: Services, *words: str) -> uuid.UUID:
    """A conversation in which this was said, and answered."""
    address = uuid.uuid4().hex
    with session_scope(services.engine) as session:
        for one in words:
            inbox.accept(session, services.sealer, KEY, Inbound("web", address, uuid.uuid4().hex, one))
        found = inbox.find_conversation(session, KEY, "web", address)
        assert found is not None
        session.execute(update(InboxMessage).where(InboxMessage.conversation_id == found.id).values(state="done"))
        return found.id


def texts(services: Services, conversation: uuid.UUID) -> list[str]:
    with session_scope(services.engine) as session:
        rows = session.scalars(select(InboxMessage).where(InboxMessage.conversation_id == conversation))
        return [inbox.read_body(services.sealer, row)["text"] for row in rows]


def remember(rasa: psycopg.Connection[tuple[object, ...]], sender: str, *moments: datetime) -> None:
    for moment in moments:
        rasa.execute("insert into events values (%s, %s)", [sender, moment.timestamp()])


def senders(rasa: psycopg.Connection[tuple[object, ...]]) -> list[object]:
    return [sender for (sender,) in rasa.execute("select distinct sender_id from events order by 1").fetchall()]


def test_rasa_forgets_what_was_idle_and_nothing_that_goes_on(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]]
) -> None:
    now = clock.now()
    remember(rasa, "web:idle", now - 200 * DAY, now - 91 * DAY)
    remember(rasa, "cli:broken-off", now - 91 * DAY)
    remember(rasa, "web:alive", now - 200 * DAY, now - 89 * DAY)
    assert retention.purge_all(services)["rasa_events"] == 3
    assert senders(rasa) == ["web:alive"]
    assert retention.purge_all(services)["rasa_events"] == 0


def test_before_rasa_has_run_there_is_nothing_to_forget(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]]
) -> None:
    rasa.execute("drop table events")
    assert retention.purge_all(services)["rasa_events"] == 0


def test_one_night_takes_everything_however_much_it_is(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog.retention, "MOST_TICKETS", 1)
    conversation, long_ago = heard(services, "chào"), clock.now() - 3000 * DAY
    with session_scope(services.engine) as session:
        for _ in range(3):
            ticket = make_ticket(session, services.facts, services.sealer, conversation_id=conversation)
            ticket.state, ticket.closed_at = "withdrawn", long_ago
        session.execute(update(Conversation).where(Conversation.id == conversation).values(last_seen_at=long_ago))
    counts = retention.purge_all(services)
    assert {what: count for what, count in counts.items() if count} == {
        "tickets": 3,
        "messages": 1,
        "conversations": 1,
    }
    with session_scope(services.engine) as session:
        assert session.get(Conversation, conversation) is None
        assert session.get_one(Ticket, ticket.id).story == ""


def test_a_conversation_is_forgotten_here_and_in_rasa(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]]
) -> None:
    wants, other = heard(services, "chuyện riêng", "xóa giúp tôi"), heard(services, "chuyện khác", "chào")
    for conversation in (wants, other):
        remember(rasa, f"web:{conversation}", clock.now())
    forget = build_jobs(services).tasks[FORGET_TASK]
    for _ in range(2):
        forget(conversation_id=str(wants))
    assert texts(services, wants) == ["xóa giúp tôi"]
    assert sorted(texts(services, other)) == ["chuyện khác", "chào"]
    assert senders(rasa) == [f"web:{other}"]


def test_when_rasas_database_is_away_nothing_is_forgotten_by_halves(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]]
) -> None:
    wants = heard(services, "chuyện riêng", "xóa giúp tôi")
    rasa.execute("drop table events")
    with pytest.raises(psycopg.Error):
        retention.forget(services, str(wants))
    assert len(texts(services, wants)) == 2


def test_a_conversation_that_is_gone_needs_no_forgetting(
    services: Services, rasa: psycopg.Connection[tuple[object, ...]]
) -> None:
    remember(rasa, "web:other", clock.now())
    retention.forget(services, str(uuid.uuid4()))
    assert senders(rasa) == ["web:other"]


def test_the_worker_deletes_every_night_by_itself(services: Services) -> None:
    jobs = build_jobs(services)
    nightly = {task.task.name: task.cron for task in jobs.periodic_registry.periodic_tasks.values()}
    assert nightly["assembly.purge"] == "47 19 * * *"  # UTC: 02:47 in Vietnam
