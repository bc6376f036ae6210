"""A citizen's latest message as the actions read it from Rasa's tracker."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from rasa_sdk import Tracker

from kit import clock


@dataclass(frozen=True)
class Link:
    """The procedure that a message names, as the linker found it (`nlu/components/linker.py`)."""

    code: str
    name: str
    confidence: float
    evidence: float
    candidates: list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One clause of a longer message, text[start:end]: the act that it does, and what it complains of."""

    start: int
    end: int
    name: str
    confidence: float
    category: str | None


@dataclass(frozen=True)
class Heard:
    """One message: what was said, what was understood, and what the gateway sends along.

    `also`: acts of a part of it beside its intent: a complaint that asks, a question that complains.
    """

    text: str
    message_id: str
    intent: str
    confidence: float
    also: list[str]
    entities: list[dict[str, Any]]
    aspects: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    link: Link | None
    metadata: dict[str, Any]
    parts: list[Part] = field(default_factory=list)

    @property
    def sent_at(self) -> datetime:
        """When the citizen sent it: what "hôm qua" is counted from."""
        stamp = self.metadata.get("sent_at")
        return clock.require_aware(datetime.fromisoformat(stamp)) if stamp else clock.now()

    @property
    def conversation_id(self) -> uuid.UUID | None:
        """The conversation in the outbox; None when a person tries the bot from the command line."""
        value = self.metadata.get("conversation_id")
        return uuid.UUID(value) if value else None

    @property
    def files(self) -> list[uuid.UUID]:
        """Files that came with the message, stored already (backlog/evidence.py)."""
        return [uuid.UUID(one) for one in self.metadata.get("files") or []]

    @property
    def dry_run(self) -> bool:
        """A trial from the command line: understand and answer, file nothing."""
        return bool(self.metadata.get("dry_run"))

    def first(self, entity: str) -> dict[str, Any] | None:
        """The first entity of a kind."""
        return next((found for found in self.entities if found.get("entity") == entity), None)

    def value(self, entity: str) -> str | None:
        """The value of the first entity of a kind."""
        found = self.first(entity)
        return str(found["value"]) if found else None

    def aspect(self) -> str:
        """The aspect asked about: named by a button, or the most likely one."""
        named = self.value("aspect")
        return named or (str(self.aspects[0]["name"]) if self.aspects else "overview")


def heard(tracker: Tracker) -> Heard:
    """Read the latest message of a tracker."""
    event: dict[str, Any] = next(_messages(tracker), {})
    return _read(tracker.latest_message or {}, event)


def heard_before(tracker: Tracker) -> Heard | None:
    """The message before the latest one; None at the start of a conversation."""
    event = next(islice(_messages(tracker), 1, None), None)
    return _read({"text": event.get("text"), **(event.get("parse_data") or {})}, event) if event else None


def _messages(tracker: Tracker) -> Iterator[dict[str, Any]]:
    return (event for event in reversed(tracker.events) if event.get("event") == "user")


def _read(parsed: dict[str, Any], event: dict[str, Any]) -> Heard:
    intent = parsed.get("intent") or {}
    return Heard(
        text=parsed.get("text") or "",
        message_id=event.get("message_id") or "",
        intent=intent.get("name") or "",
        confidence=float(intent.get("confidence") or 0),
        also=parsed.get("also") or [],
        entities=parsed.get("entities") or [],
        aspects=parsed.get("aspects") or [],
        categories=parsed.get("categories") or [],
        link=_link(parsed.get("procedure")),
        metadata=event.get("metadata") or {},
        parts=[Part(**part) for part in parsed.get("parts") or []],
    )


def _link(procedure: dict[str, Any] | None) -> Link | None:
    if not procedure:
        return None
    return Link(
        code=procedure["code"],
        name=procedure["name"],
        confidence=float(procedure["confidence"]),
        evidence=float(procedure["evidence"]),
        candidates=procedure["candidates"],
    )
