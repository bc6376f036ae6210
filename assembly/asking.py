"""`tiepdan ask` and `tiepdan parse`: one message in, one object out, each message a conversation of its own."""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from actions.case import describe
from actions.heard import Link
from assembly.bootstrap import Services
from bot import masking
from bot.masking import Masked
from bot.turn import receipt_digest
from catalogue import store
from catalogue.answers import Asked, answer
from kit import clock
from kit.db import session_scope
from vntext.normalise import normalise

CHANNEL = "cli"
_MASKS = re.compile("|".join(map(re.escape, (masking.RECEIPT_WORD, masking.PHONE_WORD, masking.ID_NUMBER_WORD))))


@dataclass
class Asker:
    """Puts messages to Rasa as the turn does: masked, a leading slash escaped. `ask` files nothing."""

    services: Services
    senders: list[str] = field(default_factory=list)
    """Conversations that `ask` has left in Rasa's database; the caller deletes them."""

    def parse(self, text: str) -> dict[str, Any]:
        """What is understood of `text`, `replies` empty. Raises RasaUnavailable."""
        masked = masking.mask(self.services.sealer, normalise(text))
        said = for_rasa(masked.text)
        parsed = self.services.bot.rasa.parse(said) if said else {}
        return {
            "text": text,
            "intent": _label(parsed.get("intent") or {}),
            "intents": [_label(one) for one in parsed.get("intent_ranking") or []],
            "aspects": parsed.get("aspects") or [],
            "categories": parsed.get("categories") or [],
            "entities": in_original(parsed.get("entities") or [], said, text),
            "procedure": self._procedure(parsed),
            "replies": [],
        }

    def ask(self, text: str) -> dict[str, Any]:
        """What is understood, and what the bot answers to somebody who starts with `text`."""
        return self.parse(text) | {"replies": self._replies(masking.mask(self.services.sealer, normalise(text)))}

    def _replies(self, masked: Masked) -> list[dict[str, Any]]:
        said = for_rasa(masked.text)
        if not said:
            return []
        sender = f"{CHANNEL}:{uuid.uuid4()}"
        self.senders.append(sender)
        metadata: dict[str, Any] = {"dry_run": True, "sent_at": clock.now().isoformat()}
        if masked.receipts:
            metadata["receipts"] = [receipt_digest(self.services.bot, receipt) for receipt in masked.receipts]
        return self.services.bot.rasa.ask(
            sender=sender, message=said, message_id=f"{sender}:1", channel=CHANNEL, metadata=metadata
        )

    def _procedure(self, parsed: dict[str, Any]) -> dict[str, Any] | None:
        """The linker's result as `custom.procedure`: completed from the catalogue as it holds today."""
        found = parsed.get("procedure")
        if not found:
            return None
        today = clock.now().date()
        aspects = parsed.get("aspects") or []
        aspect = aspects[0]["name"] if aspects else "overview"
        with session_scope(self.services.engine) as session:
            procedure = store.get(session, found["code"], today)
        if procedure is None:  # the model is older than the catalogue
            return None
        link = Link(found["code"], found["name"], found["confidence"], found["evidence"], found["candidates"])
        shown = answer(procedure, aspect, self.services.facts, Asked(clock.now()))
        return describe(procedure, shown, aspect, link.confidence, link)


def lines(stream: Iterable[str]) -> Iterator[str]:
    """The messages of a stream, one a line, without their line ends. An empty line is an empty message."""
    for line in stream:
        yield line.rstrip("\r\n")


def for_rasa(text: str) -> str:
    """The text as Rasa may see it: it would take a leading slash for the name of an intent."""
    return text.strip().lstrip("/ ")


def in_original(entities: list[dict[str, Any]], said: str, text: str) -> list[dict[str, Any]]:
    """The same entities with `start` and `end` counted in `text` instead of the masked text that Rasa saw."""
    stored = normalise(text)
    typed = _aligned(stored, text)
    places = [typed[at] for at in _places(said, stored)]
    return [
        {**entity, "start": places[entity["start"]], "end": places[entity["end"]]}
        if 0 <= entity.get("start", -1) <= entity.get("end", -1) < len(places)
        else entity
        for entity in entities
    ]


def _places(said: str, stored: str) -> list[int]:
    """For each place in `said`, end included, its place in `stored`: literal parts are found again in order."""
    places: list[int] = []
    at = 0
    for part in re.split(f"({_MASKS.pattern})", said):
        if _MASKS.fullmatch(part):
            places += [at] * len(part)
            continue
        found = stored.find(part, at)
        at = found if found >= 0 else at
        places += range(at, at + len(part))
        at += len(part)
    return [*places, at]


def _aligned(stored: str, text: str) -> list[int]:
    """For each place in the normalised text, end included, its place in what was typed."""
    if stored == text:
        return list(range(len(text) + 1))
    places = [0] * (len(stored) + 1)
    last = 0
    for tag, start, end, first, after in SequenceMatcher(None, stored, text, autojunk=False).get_opcodes():
        for offset in range(end - start):
            places[start + offset] = first + offset if tag == "equal" else min(first + offset, after)
        last = after
    places[len(stored)] = last
    return places


def _label(found: dict[str, Any]) -> dict[str, Any]:
    return {"name": found.get("name"), "confidence": found.get("confidence", 0.0)}
