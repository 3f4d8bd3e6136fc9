"""The pace of writes, judged by the sandbox's own limiter, in simulated time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.budget import WRITES, WRITES_LEFT, Budget
from connector.sandbox.clock import Clock
from connector.sandbox.limits import Limits
from connector.sandbox.readings import Readings
from tests.engine import virtual
from tests.engine.virtual import now

READINGS = [Readings(window=w, burst=b) for w in ("fixed", "sliding") for b in ("rate", "count")]


@dataclass
class Server:
    """Takes writes like the sandbox; each is 10 to 300 ms on its way."""

    readings: Readings
    taken: int = 0
    refused: int = 0
    _rng: random.Random = field(default_factory=lambda: random.Random(7))
    _at: float = virtual.BEGAN

    def __post_init__(self) -> None:
        self._clock = Clock(datetime.fromtimestamp(virtual.BEGAN, UTC), running=False)
        self._limits = Limits(self._clock, self.readings, 1000)

    async def write(self, budget: Budget) -> None:
        await budget.take()
        await asyncio.sleep(self._rng.uniform(0.01, 0.3))
        self._clock.advance(now() - self._at)
        self._at = now()
        allowance, refusal = self._limits.charge("key", "PATCH")
        self.taken, self.refused = self.taken + (refusal is None), self.refused + bool(refusal)
        budget.learn(allowance.limit, allowance.remaining, allowance.reset - now())
        if refusal:
            budget.pause(float(refusal.retry_after or 1))


def made(path: Path) -> Budget:
    return Budget(path, limit=WRITES, reserve=WRITES_LEFT, now=now, sleep=asyncio.sleep)


@pytest.mark.parametrize("readings", READINGS, ids=lambda r: f"{r.window}-{r.burst}")
@pytest.mark.parametrize("processes", [1, 3])
def test_no_write_is_refused_and_at_least_nine_tenths_of_the_limit_are_used(
    tmp_path: Path, readings: Readings, processes: int
) -> None:
    server = Server(readings)

    async def work() -> None:
        budget = made(tmp_path / "book")
        while now() < virtual.BEGAN + 600:
            await server.write(budget)

    async def go() -> None:
        await asyncio.gather(*(work() for _ in range(processes)))

    virtual.run(go())
    assert server.refused == 0
    assert server.taken >= 0.9 * WRITES * 10


def test_writes_have_a_book_of_their_own(tmp_path: Path) -> None:
    """The API counts them apart: reading is not slowed down by them, nor they by reading."""
    key, address = "pl_v2_pace", f"http://127.0.0.1:9/{tmp_path.name}"
    reads, writes = Budget.of_key(key, address), Budget.of_writes(key, address)
    before = reads.seconds_for(975)

    async def go() -> None:
        for _ in range(5):
            await writes.take()

    asyncio.run(go())
    assert writes.per_minute == WRITES - WRITES_LEFT
    assert reads.per_minute == 975
    assert reads.seconds_for(975) == pytest.approx(before, abs=0.5)
