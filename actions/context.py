"""What the actions need, built once by the composition root."""

from dataclasses import dataclass

from sqlalchemy import Engine

from catalogue.load import Facts
from kit.crypto import Sealer
from kit.settings import Settings


@dataclass(frozen=True)
class ActionContext:
    """Handed to every action when it is registered."""

    settings: Settings
    engine: Engine
    sealer: Sealer
    facts: Facts

    @property
    def digest_key(self) -> str:
        """Key of the digests by which receipts are found."""
        return self.settings.digest_key.get_secret_value()
