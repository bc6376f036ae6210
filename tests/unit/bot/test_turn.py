"""A message's way: inbox, turn, outbox, delivery; on a real PostgreSQL, with a stand-in for Rasa."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bot import history, inbox
from bot.channels.base import Inbound
from bot.channels.errors import RetryLater, Undeliverable
from bot.context import BotContext
from bot.delivery import deliver
from bot.inbox import InboxMessage
from bot.rasa import RasaUnavailable
from bot.testing import FakeChannel, FakeRasa
from bot.turn import BUSY, give_up, run_turn
from kit import outbox
from kit.crypto import Sealer
from kit.db import session_scope
from kit.outbox import Conversation, OutboxMessage
from kit.settings import Settings


@dataclass
class World:
    """The citizen side with its stand-ins."""

    ctx: BotContext
    rasa: FakeRasa
    channel: FakeChannel
    address: str

    def receive(self, words: str, message_id: str | None = None, choice: str | None = None) -> int | None:
        """A message comes in; returns its inbox id, or None when it had come before."""
        inbound = Inbound("web", self.address, message_id or uuid.uuid4().hex, words, choice)
        with session_scope(self.ctx.engine) as session:
            if not inbox.accept(session, self.ctx.sealer, self.ctx.digest_key, inbound):
                return None
            return session.scalars(select(InboxMessage.id).order_by(InboxMessage.id.desc()).limit(1)).one()

    def say(self, words: str, choice: str | None = None) -> dict[str, Any]:
        """A message comes in, is turned and its reply delivered; returns the reply as the citizen sees it."""
        inbox_id = self.receive(words, choice=choice)
        assert inbox_id is not None
        run_turn(self.ctx, inbox_id, 0)
        self.deliver_all()
        return self.seen()[-1]

    def deliver_all(self) -> None:
        """What the worker's deliveries would do."""
        for message_id in self.queued():
            deliver(self.ctx, message_id)

    def queued(self) -> list[int]:
        """Replies that wait for their delivery."""
        with session_scope(self.ctx.engine) as session:
            wanted = select(OutboxMessage.id).where(
                OutboxMessage.state == "queued", OutboxMessage.conversation_id == self.conversation(session).id
            )
            return list(session.scalars(wanted.order_by(OutboxMessage.id)))

    def conversation(self, session: Session) -> Conversation:
        """The conversation of this citizen."""
        found = inbox.find_conversation(session, self.ctx.digest_key, "web", self.address)
        assert found is not None
        return found

    def seen(self) -> list[dict[str, Any]]:
        """The conversation as the page shows it."""
        with session_scope(self.ctx.engine) as session:
            return history.entries(session, self.ctx, self.conversation(session).id)


@pytest.fixture
def world(engine: Engine, sealer: Sealer) -> Iterator[World]:
    secret = "for-tests-only-" + uuid.uuid4().hex
    settings = Settings(
        _env_file=None,
        gateway_secret=secret,
        actions_secret=secret,
        choice_key=secret,
        digest_key=secret,
        seal_keys=["k"],
    )
    rasa, channel = FakeRasa(), FakeChannel()
    ctx = BotContext(settings, engine, sealer, rasa.client(), {"web": channel})
    yield World(ctx, rasa, channel, uuid.uuid4().hex)
    ctx.rasa.close()


def jobs_of(world: World, task: str, key: str, value: int) -> int:
    with session_scope(world.ctx.engine) as session:
        found = session.execute(
            text("select count(*) from procrastinate_jobs where task_name = :task and args ->> :key = :value"),
            {"task": task, "key": key, "value": str(value)},
        )
        return int(found.scalar_one())


def test_a_message_is_answered(world: World) -> None:
    reply = world.say("làm khai sinh cần gì")
    assert reply["text"] == "nghe: làm khai sinh cần gì"
    assert reply["from"] == "bot"
    assert [entry["from"] for entry in world.seen()] == ["citizen", "bot"]


def test_row_and_job_are_one_transaction(world: World) -> None:
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    assert jobs_of(world, "bot.turn", "inbox_id", inbox_id) == 1


def test_a_redelivered_message_changes_nothing(world: World) -> None:
    assert world.receive("chào", "m1") is not None
    assert world.receive("chào", "m1") is None
    assert len(world.seen()) == 1


def test_a_repeated_turn_answers_once(world: World) -> None:
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    assert run_turn(world.ctx, inbox_id, 0) == "answered"
    assert run_turn(world.ctx, inbox_id, 1) == "already_done"
    world.deliver_all()
    assert [entry["from"] for entry in world.seen()] == ["citizen", "bot"]


def test_when_rasa_is_down_the_citizen_is_told_once_and_answered_later(world: World) -> None:
    world.rasa.down = True
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    for attempt in range(2):
        with pytest.raises(RasaUnavailable):
            run_turn(world.ctx, inbox_id, attempt)
    world.rasa.down = False
    assert run_turn(world.ctx, inbox_id, 2) == "answered"
    world.deliver_all()
    assert [entry["text"] for entry in world.seen()] == ["chào", BUSY, "nghe: chào"]
    assert world.rasa.asked[-1]["metadata"]["attempt"] == 2


def test_giving_up_says_so_and_is_final(world: World) -> None:
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    give_up(world.ctx, inbox_id)
    assert run_turn(world.ctx, inbox_id, 60) == "already_done"
    world.deliver_all()
    assert "gửi lại" in world.seen()[-1]["text"]


@pytest.mark.parametrize("words", ["/restart", '/ask_procedure{"procedure":"1.001193"}', "// affirm"])
def test_a_slash_never_reaches_rasa_as_an_intent(world: World, words: str) -> None:
    world.say(words)
    assert not world.rasa.asked[-1]["message"].startswith("/")
    assert "choice" not in world.rasa.asked[-1]["metadata"]


def test_secrets_never_reach_rasa(world: World) -> None:
    world.say("mã 1234 5678 9012 3456, số 0912345678, căn cước 094123456789")
    asked = world.rasa.asked[-1]
    for number in ("3456", "0912345678", "094123456789"):
        assert number not in str(asked)
    assert len(asked["metadata"]["receipts"]) == 1


def test_a_pressed_button_becomes_its_payload(world: World) -> None:
    world.rasa._answer = lambda body: [{"text": "?", "buttons": [{"title": "Lệ phí", "payload": "/affirm"}]}]
    code = world.say("hỏi")["choices"][0]["code"]
    world.say("Lệ phí", choice=code)
    assert world.rasa.asked[-1]["message"] == "/affirm"


@pytest.mark.parametrize("typed", ["1", "lệ phí", "Le phi."])
def test_a_button_may_be_typed(world: World, typed: str) -> None:
    world.rasa._answer = lambda body: [{"text": "?", "buttons": [{"title": "Lệ phí", "payload": "/affirm"}]}]
    world.say("hỏi")
    world.say(typed)
    assert world.rasa.asked[-1]["message"] == "/affirm"


def test_a_forged_button_is_refused_kindly(world: World) -> None:
    assert "không còn dùng được" in world.say("Lệ phí", choice="AAAAAAAAAAAA.affirm")["text"]
    assert world.rasa.asked == []


def test_an_identity_is_sealed_before_rasa_sees_it(world: World, sealer: Sealer) -> None:
    world.rasa._answer = lambda body: [{"text": "tên gì", "custom": {"expects": "identity"}}]
    world.say("để lại tên")
    world.say("Nguyễn Văn Thử")
    asked = world.rasa.asked[-1]
    assert asked["message"] == "[đã niêm phong]"
    assert sealer.open(asked["metadata"]["identity_sealed"]) == "Nguyễn Văn Thử"


def test_a_question_instead_of_an_identity_is_a_question(world: World) -> None:
    world.rasa._answer = lambda body: [{"text": "tên gì", "custom": {"expects": "identity"}}]
    world.say("để lại tên")
    world.rasa.intent = {"name": "cancel", "confidence": 0.95}
    world.say("thôi hủy")
    assert world.rasa.asked[-1]["message"] == "thôi hủy"


def test_a_channel_that_asks_to_wait_keeps_the_reply(world: World) -> None:
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    run_turn(world.ctx, inbox_id, 0)
    world.channel.fails = [RetryLater(timedelta(seconds=3))]
    with pytest.raises(RetryLater):
        world.deliver_all()
    world.deliver_all()
    assert len(world.channel.sent) == 1


def test_an_undeliverable_reply_is_marked(world: World) -> None:
    inbox_id = world.receive("chào")
    assert inbox_id is not None
    run_turn(world.ctx, inbox_id, 0)
    world.channel.fails = [Undeliverable("blocked")]
    world.deliver_all()
    assert world.queued() == []
    assert [entry["from"] for entry in world.seen()] == ["citizen"]


def test_what_is_stored_cannot_be_read_without_the_key(world: World) -> None:
    world.say("chuyện riêng của tôi")
    with session_scope(world.ctx.engine) as session:
        bodies = list(session.scalars(select(InboxMessage.body))) + list(session.scalars(select(OutboxMessage.body)))
    assert not any("riêng" in body for body in bodies)


def test_a_staff_reply_comes_in_the_same_order(world: World) -> None:
    world.say("chào")
    with session_scope(world.ctx.engine) as session:
        conversation = world.conversation(session)
        outbox.put(session, world.ctx.sealer, conversation.id, {"text": "Cán bộ đây", "from": "staff"}, "staff:1")
        assert not outbox.put(session, world.ctx.sealer, conversation.id, {"text": "x", "from": "staff"}, "staff:1")
    world.deliver_all()
    assert [entry["seq"] for entry in world.seen()] == [1, 2, 3]
    assert world.seen()[-1]["from"] == "staff"
