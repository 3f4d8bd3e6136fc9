"""What all streams of a run share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from connector.client import Client
from connector.identity import Identity
from connector.lake import Lake
from connector.ledger import Landing, StreamOutcome
from connector.progress import Progress
from connector.settings import Settings
from connector.turns import Turns
from connector.warehouse import StreamState, Warehouse

T = TypeVar("T")


@dataclass(slots=True)
class Context:
    """One run: where to ask, where to write, whom to tell."""

    run: str
    settings: Settings
    client: Client
    lake: Lake
    identity: Identity
    progress: Progress
    everything: bool
    rotates: bool
    publish: Callable[[Warehouse], None]
    states: dict[str, StreamState] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    buried: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, StreamOutcome] = field(default_factory=dict)
    turns: Turns = field(init=False)
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def __post_init__(self) -> None:
        self.turns = Turns(self.lake, self.publish)

    def by_now(self) -> datetime:
        """The server's clock now: as `/me` was dated, and the time that has passed since."""
        passed = asyncio.get_running_loop().time() - self._began
        return self.identity.at + timedelta(seconds=passed)

    async def with_warehouse(self, act: Callable[[Warehouse], T]) -> T:
        """Do something in the open warehouse when it is this stream's turn."""
        return await self.turns.take(act)

    def count_buried(self, landing: Landing) -> None:
        """Count the rows that went because the row went under which they hung."""
        for file in landing.files:
            if file.kind == "deletions" and file.stream != landing.stream:
                self.buried[file.stream] += file.rows

    def note(self, outcome: StreamOutcome) -> None:
        """Keep, and say, how a stream fared."""
        self.outcomes[outcome.stream] = outcome
        self.progress.ended(outcome)

    def expect(self, stream: str, requests: int) -> None:
        """Say how many requests the stream will take in this run."""
        self.progress.expects(stream, requests, self.client.budget.per_minute)

    def tell(self, stream: str, note: str = "") -> None:
        """Say how far a stream is."""
        requests = self.client.traffic.by_stream[stream]
        self.progress.went_on(stream, self.rows[stream], requests, note)
