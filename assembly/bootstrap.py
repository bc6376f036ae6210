"""The composition root: builds what every process needs, once, and hands it on. Nothing else opens anything."""

from dataclasses import dataclass

from sqlalchemy import Engine

from actions.context import ActionContext
from bot.channels.web import WebChannel
from bot.context import BotContext
from bot.rasa import RasaClient
from catalogue.load import Facts, load_facts
from kit.crypto import Sealer
from kit.db import make_engine
from kit.settings import ROOT, Settings, load_settings

DATA = ROOT / "data"


@dataclass(frozen=True)
class Services:
    """Everything that was built, for the parts that take it apart."""

    settings: Settings
    engine: Engine
    sealer: Sealer
    facts: Facts
    bot: BotContext
    actions: ActionContext

    def close(self) -> None:
        """Give connections back."""
        self.bot.rasa.close()
        self.engine.dispose()


def build(settings: Settings | None = None) -> Services:
    """Build the services of one process.

    Raises SetupError for bad settings and CatalogueError for bad data. Connects to nothing yet.
    """
    settings = settings or load_settings()
    engine = make_engine(settings.dsn, pool_size=settings.worker_concurrency + 4)
    sealer = Sealer([key.get_secret_value() for key in settings.seal_keys])
    facts = load_facts(DATA)
    rasa = RasaClient(settings.rasa_url, settings.gateway_secret.get_secret_value())
    web = WebChannel()
    bot = BotContext(settings, engine, sealer, rasa, {web.name: web})
    return Services(settings, engine, sealer, facts, bot, ActionContext(settings, engine, sealer, facts))
