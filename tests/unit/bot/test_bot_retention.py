"""What was said goes when its time is over, or on the citizen's wish; what is under way stays."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backlog import evidence
from backlog.model import Ticket
from bot import inbox, retention
from bot.channels.base import Inbound
from bot.delivery import _settle
from bot.inbox import InboxMessage
from catalogue.load import Facts
from kit import outbox
from kit.crypto import Sealer
from kit.outbox import Conversation, OutboxMessage
from tests.factories import MONDAY, make_ticket

KEY = "k" * 32
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Chat:
    """One conversation on the web, whose last message was on MONDAY unless told otherwise."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self.session, self.sealer, self.address = session, sealer, uuid.uuid4().hex
        self.hear("chào", done=True)
        found = inbox.find_conversation(session, KEY, "web", self.address)
        assert found is not None
        self.id = found.id
        self.idle_since(MONDAY)

    def hear(self, words: str, *, done: bool, state: str = "done") -> int:
        assert inbox.accept(self.session, self.sealer, KEY, Inbound("web", self.address, uuid.uuid4().hex, words))
        newest = self.session.scalars(select(func.max(InboxMessage.id))).one()
        assert newest is not None
        if done:
            self.session.execute(update(InboxMessage).where(InboxMessage.id == newest).values(state=state))
        return newest

    def say(self, words: str, *, state: str = "delivered", **more: Any) -> int:
        reply: outbox.Reply = {"text": words, "from": "bot", **more}  # type: ignore[typeddict-item]
        outbox.put(self.session, self.sealer, self.id, reply, uuid.uuid4().hex)
        row = self.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
        if state == "delivered":
            _settle(self.session, row, self.session.get_one(Conversation, self.id), reply)
        row.state = state
        self.session.flush()
        return row.id

    def idle_since(self, moment: datetime) -> None:
        self.session.execute(update(Conversation).where(Conversation.id == self.id).values(last_seen_at=moment))
        self.session.expire_all()

    def texts(self) -> list[str]:
        """Everything that is left, the citizen's words first."""
        heard = self.session.scalars(
            select(InboxMessage).where(InboxMessage.conversation_id == self.id).order_by(InboxMessage.id)
        )
        said = self.session.scalars(
            select(OutboxMessage).where(OutboxMessage.conversation_id == self.id).order_by(OutboxMessage.id)
        )
        return [inbox.read_body(self.sealer, row)["text"] for row in heard] + [
            outbox.read_body(self.sealer, row)["text"] for row in said
        ]

    def exists(self) -> bool:
        return self.session.scalar(select(Conversation.id).where(Conversation.id == self.id)) is not None


@pytest.fixture
def chat(session: Session, sealer: Sealer) -> Chat:
    return Chat(session, sealer)


def purge(chat: Chat, facts: Facts, now: datetime) -> None:
    retention.purge(chat.session, facts, now)
    chat.session.expire_all()


def test_a_conversation_goes_ninety_days_after_its_last_message(chat: Chat, facts: Facts) -> None:
    chat.say("chào anh/chị")
    chat.idle_since(MONDAY)
    purge(chat, facts, MONDAY + 90 * DAY - SECOND)
    assert chat.texts() == ["chào", "chào anh/chị"]
    purge(chat, facts, MONDAY + 90 * DAY)
    assert chat.texts() == []
    assert not chat.exists()


def test_how_much_went_is_counted(chat: Chat, facts: Facts, session: Session) -> None:
    retention.purge(session, facts, MONDAY + 90 * DAY - SECOND)  # what other tests have committed
    chat.say("chào anh/chị")
    chat.say("không đến", state="undeliverable")
    chat.idle_since(MONDAY)
    assert retention.purge(session, facts, MONDAY + 90 * DAY) == {"messages": 3, "conversations": 1}
    assert retention.purge(session, facts, MONDAY + 90 * DAY) == {"messages": 0, "conversations": 0}


def test_a_living_conversation_keeps_its_oldest_words(chat: Chat, facts: Facts) -> None:
    chat.session.execute(update(InboxMessage).values(received_at=MONDAY - 400 * DAY))
    purge(chat, facts, MONDAY + 89 * DAY)
    assert chat.texts() == ["chào"]


def test_what_is_still_to_be_read_or_sent_stays_with_its_conversation(chat: Chat, facts: Facts) -> None:
    chat.hear("chưa đọc", done=False)
    chat.say("chưa gửi", state="queued")
    chat.idle_since(MONDAY)
    purge(chat, facts, MONDAY + 90 * DAY)
    assert chat.texts() == ["chưa đọc", "chưa gửi"]
    assert chat.exists()


def test_messages_that_failed_go_as_well(chat: Chat, facts: Facts) -> None:
    chat.hear("hỏng", done=True, state="failed")
    chat.idle_since(MONDAY)
    purge(chat, facts, MONDAY + 90 * DAY)
    assert chat.texts() == []


def test_a_ticket_keeps_its_conversation_without_the_words(chat: Chat, facts: Facts, sealer: Sealer) -> None:
    make_ticket(chat.session, facts, sealer, conversation_id=chat.id)
    chat.say("Đúng chưa?", choices=[{"title": "Đúng", "payload": "/affirm"}], custom={"expects": "identity"})
    chat.idle_since(MONDAY)
    purge(chat, facts, MONDAY + 90 * DAY)
    conversation = chat.session.get_one(Conversation, chat.id)
    assert (chat.texts(), conversation.offered, conversation.expects) == ([], [], "")


def test_a_conversation_goes_once_its_ticket_lets_it_go(chat: Chat, facts: Facts, sealer: Sealer) -> None:
    ticket = make_ticket(chat.session, facts, sealer, conversation_id=chat.id)
    purge(chat, facts, MONDAY + 90 * DAY)
    assert chat.exists()
    chat.session.execute(update(Ticket).where(Ticket.id == ticket.id).values(conversation_id=None))
    purge(chat, facts, MONDAY + 90 * DAY)
    assert not chat.exists()


def test_a_file_keeps_its_conversation(chat: Chat, facts: Facts, sealer: Sealer) -> None:
    file = evidence.Clean("document", "application/pdf", "a.pdf", b"%PDF")
    evidence.keep(chat.session, sealer, file, chat.id, MONDAY)
    purge(chat, facts, MONDAY + 90 * DAY)
    assert chat.exists()


# On the citizen's wish


def test_only_the_request_is_left(chat: Chat) -> None:
    chat.say("chào anh/chị")
    chat.hear("chuyện riêng", done=True)
    chat.say("tôi ghi lại")
    chat.hear("xóa dữ liệu của tôi", done=True)
    assert retention.forget(chat.session, chat.id) == 4
    assert chat.texts() == ["xóa dữ liệu của tôi"]
    assert retention.forget(chat.session, chat.id) == 0


def test_what_was_said_after_the_request_stays(chat: Chat) -> None:
    chat.say("không đến được", state="undeliverable")
    chat.hear("xóa dữ liệu của tôi", done=True)
    chat.say("đã xóa")
    retention.forget(chat.session, chat.id)
    assert chat.texts() == ["xóa dữ liệu của tôi", "đã xóa"]


def test_what_is_under_way_is_not_forgotten(chat: Chat) -> None:
    chat.hear("chưa đọc", done=False)
    chat.say("chưa gửi", state="queued")
    chat.hear("xóa dữ liệu của tôi", done=True)
    retention.forget(chat.session, chat.id)
    assert chat.texts() == ["chưa đọc", "xóa dữ liệu của tôi", "chưa gửi"]


def test_nobody_elses_words_are_forgotten(chat: Chat, session: Session, sealer: Sealer) -> None:
    other = Chat(session, sealer)
    other.say("chào anh/chị")
    chat.hear("xóa dữ liệu của tôi", done=True)
    retention.forget(session, chat.id)
    assert other.texts() == ["chào", "chào anh/chị"]


def test_a_conversation_goes_on_in_its_order_after_it_was_forgotten(chat: Chat) -> None:
    chat.say("chào anh/chị")
    chat.hear("xóa", done=True)
    before = chat.session.scalars(select(Conversation.last_seq).where(Conversation.id == chat.id)).one()
    retention.forget(chat.session, chat.id)
    newest = chat.session.get_one(InboxMessage, chat.hear("hỏi tiếp", done=False))
    chat.session.refresh(newest)
    assert newest.seq == before + 1
