"""The shape of a channel and of what it brings in."""

from dataclasses import dataclass
from typing import Protocol

from backlog.evidence import Clean
from kit.outbox import Reply


@dataclass(frozen=True)
class Inbound:
    """One message of a citizen, the same for every channel.

    `message_id` is the channel's own id: (channel, message_id) is delivered to the bot once, however often
    it arrives. `choice` is the signed code of a pressed button; `text` then holds the button's words.
    """

    channel: str
    address: str
    message_id: str
    text: str
    choice: str | None = None
    files: tuple[Clean, ...] = ()


class Channel(Protocol):
    """Sends neutral replies. Constructors do no input or output."""

    name: str

    def send(self, address: str, reply: Reply) -> None:
        """Hand one reply to the channel.

        Raises RetryLater when it may work later, Undeliverable when it never will.
        """
        ...
