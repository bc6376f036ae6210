"""What the citizen side needs, built once by the composition root and handed on."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from bot.channels.base import Channel
from bot.rasa import RasaClient
from kit.crypto import Sealer
from kit.settings import Settings


@dataclass(frozen=True)
class BotContext:
    """Handed to routes, turns and deliveries. Holds no state of its own."""

    settings: Settings
    engine: Engine
    sealer: Sealer
    rasa: RasaClient
    channels: Mapping[str, Channel]

    @property
    def digest_key(self) -> str:
        """Key of the digests by which channel addresses are found."""
        return self.settings.digest_key.get_secret_value()

    @property
    def choice_key(self) -> str:
        """Key that signs buttons."""
        return self.settings.choice_key.get_secret_value()
