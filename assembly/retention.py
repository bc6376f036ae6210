"""Runs what deletes: every night what is past its time, and at once what a citizen wants forgotten."""

import uuid
from collections import Counter
from datetime import datetime, timedelta

import psycopg

import backlog.retention
import bot.retention
from assembly import databases
from assembly.bootstrap import Services, build
from assembly.console import done
from assembly.instance import instance
from kit import clock
from kit.db import session_scope
from kit.outbox import Conversation
from kit.settings import Settings

_CONNECT_SECONDS = 5
_IDLE = """
delete from events where sender_id in (select sender_id from events group by sender_id having max(timestamp) <= %s)
"""
_WORDS = {
    "tickets": "nội dung phiếu",
    "identities": "danh tính niêm phong",
    "files": "tệp chưa vào phiếu nào",
    "drafts": "đơn soạn sẵn",
    "attempts": "lần nhập sai mã",
    "notices": "lời nhắc cán bộ đã đọc",
    "messages": "tin nhắn",
    "conversations": "cuộc trò chuyện",
    "rasa_events": "dòng ghi nhớ của Rasa",
}


def purge_all(services: Services) -> dict[str, int]:
    """Delete everything that is past its time, in every database; how many of each. Safe to repeat.

    Raises LookupError when data/retention.yml has no rule for today, psycopg's errors when Rasa's database is away.
    """
    now, counts = clock.now(), Counter(dict.fromkeys(_WORDS, 0))
    while True:
        with session_scope(services.engine) as session:
            found = backlog.retention.purge(session, services.facts, now)
        counts.update(found)
        if not found["tickets"] and not found["identities"]:
            break
    with session_scope(services.engine) as session:
        counts.update(bot.retention.purge(session, services.facts, now))
    oldest = now - timedelta(days=services.facts.retention.days("conversation_texts", now.date()))
    counts["rasa_events"] = _forget_idle(services.settings, oldest)
    return dict(counts)


def forget(services: Services, conversation_id: str) -> None:
    """Delete what was said in a conversation, here and in Rasa's database, up to its newest message.

    Must not run during a turn of that conversation: see backlog.privacy.forget_later.
    """
    key = uuid.UUID(conversation_id)
    with session_scope(services.engine) as session:
        conversation = session.get(Conversation, key)
        if conversation is None:
            return
        bot.retention.forget(session, key)
        # The name that bot/turn.py gives it. Inside the transaction: what fails here is tried again as a whole.
        databases.forget_conversations(services.settings, [f"{conversation.channel}:{key}"])


def purge() -> None:
    """Delete what is past its time and print how much that was."""
    with instance("database") as settings:
        services = build(settings)
        try:
            counts = purge_all(services)
        finally:
            services.close()
    gone = ", ".join(f"{count} {_WORDS[what]}" for what, count in counts.items() if count)
    done(f"Đã xóa {gone}." if gone else "Chưa có gì hết thời hạn lưu.")


def _forget_idle(settings: Settings, oldest: datetime) -> int:
    """Conversations in which nothing has happened since; so go trials that were broken off halfway, too."""
    url = databases.rasa_url(settings).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS) as connection:
        try:
            return connection.execute(_IDLE, [oldest.timestamp()]).rowcount
        except psycopg.errors.UndefinedTable:  # Rasa, which makes it, has never run here
            return 0
