"""The web chat as a channel: a reply is delivered by being readable in the conversation's history."""

from kit.outbox import Reply

NAME = "web"


class WebChannel:
    """Nothing to transmit: the page reads delivered rows itself, at once when connected, later when not."""

    name = NAME

    def send(self, address: str, reply: Reply) -> None:
        """Accept the reply; `bot.delivery` then makes the row visible and wakes the page."""
