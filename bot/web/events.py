"""Wakes the pages of a conversation when a reply for it has been delivered."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

import psycopg
import structlog

from bot.delivery import WAKE

log = structlog.get_logger()
_RECONNECT_SECONDS = 2


class Waker:
    """Listens to PostgreSQL for one process and hands each notification to the pages that wait for it.

    A lost notification only costs delay: pages also look by themselves every few seconds.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def run(self) -> None:
        """Listen until cancelled; connects again when the database restarts."""
        while True:
            try:
                await self._listen()
            except psycopg.Error:
                log.warning("waker_reconnects")
                await asyncio.sleep(_RECONNECT_SECONDS)

    @contextlib.asynccontextmanager
    async def watch(self, conversation: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set at each delivery to `conversation`."""
        event = asyncio.Event()
        self._waiting[conversation].add(event)
        try:
            yield event
        finally:
            self._waiting[conversation].discard(event)
            if not self._waiting[conversation]:
                del self._waiting[conversation]

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            await connection.execute(f"listen {WAKE}")
            async for notification in connection.notifies():
                for event in self._waiting.get(notification.payload, ()):
                    event.set()
