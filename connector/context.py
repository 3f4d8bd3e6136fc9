"""What all streams of a run share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from connector.client import Client
from connector.identity import Identity
from connector.lake import Lake
from connector.progress import Progress
from connector.settings import Settings
from connector.warehouse import StreamState, Warehouse, opened

T = TypeVar("T")

PUBLISH_EVERY = 30.0
"""Seconds between publications while a run goes on: what has landed is soon to be queried."""


@dataclass(slots=True)
class Context:
    """One run: where to ask, where to write, whom to tell.

    `lock` keeps the process's landings from waiting on each other in threads.
    """

    run: str
    settings: Settings
    client: Client
    lake: Lake
    identity: Identity
    progress: Progress
    everything: bool
    states: dict[str, StreamState] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _published: float = field(default_factory=time.monotonic)

    async def with_warehouse(self, act: Callable[[Warehouse], T]) -> T:
        """Do something in the open warehouse, in a thread; publish if it is time to."""
        async with self.lock:
            return await asyncio.to_thread(self._act, act)

    def tell(self, stream: str, note: str = "") -> None:
        """Say how far a stream is."""
        requests = self.client.traffic.by_stream[stream]
        self.progress.went_on(stream, self.rows[stream], requests, note)

    def _act(self, act: Callable[[Warehouse], T]) -> T:
        with opened(self.lake) as warehouse:
            result = act(warehouse)
            if time.monotonic() - self._published > PUBLISH_EVERY:
                warehouse.publish()
                self._published = time.monotonic()
        return result
