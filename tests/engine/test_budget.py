"""The budget, judged by the sandbox's own limiter: how much of it is used, and by whom first."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.budget import Budget
from connector.sandbox.clock import Clock
from connector.sandbox.limits import Limits
from connector.sandbox.readings import Readings
from tests.engine import virtual
from tests.engine.virtual import now
from tests.few import few

pytestmark = pytest.mark.long

READINGS = [
    Readings(window=window, burst=burst)
    for burst, window in (
        ("rate", "fixed"),
        ("count", "sliding"),
        ("rate", "sliding"),
        ("count", "fixed"),
    )
]


@dataclass
class Server:
    """Counts like the sandbox; answers after a log-normal while, median 120 ms, 1 s at p99."""

    readings: Readings = field(default_factory=Readings)
    limit: int = 1000
    refused: list[float] = field(default_factory=list)
    answered: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clock = Clock(datetime.fromtimestamp(virtual.BEGAN, UTC), running=False)
        self._limits = Limits(self._clock, self.readings, self.limit)
        self._rng = random.Random(7)
        self._at = virtual.BEGAN

    async def ask(self, budget: Budget | None, name: str = "we") -> None:
        """One request; half of its time passes before it arrives."""
        if budget:
            await budget.take()
        on_the_way = self._rng.lognormvariate(-2.12, 0.91) / 2
        await asyncio.sleep(on_the_way)
        self._clock.advance(now() - self._at)
        self._at = now()
        allowance, refusal = self._limits.charge("key", "GET")
        (self.refused if refusal else self.answered.setdefault(name, [])).append(now())
        await asyncio.sleep(on_the_way)
        if budget:
            budget.learn(allowance.limit, allowance.remaining, allowance.reset - now())
        if budget and refusal:
            budget.pause(float(refusal.retry_after or 1))

    async def work(self, budget: Budget, until: float, name: str = "we", workers: int = 32) -> None:
        """As much as can be asked until then."""

        async def worker() -> None:
            while now() < until:
                await self.ask(budget, name)

        await asyncio.gather(*(worker() for _ in range(workers)))

    def share(self, name: str, since: float, until: float) -> float:
        """Requests answered, of those that the limit allows in that time."""
        done = sum(since <= at < until for at in self.answered.get(name, []))
        return done / (self.limit * (until - since) / 60)


def made(folder: Path, *, limit: int = 1000, patient: bool = False) -> Budget:
    return Budget(folder / "b", limit=limit, patient=patient, now=now, sleep=asyncio.sleep)


@pytest.mark.parametrize(
    "readings",
    few(READINGS),
    ids=lambda r: f"{r.window}-{r.burst}",
)
@pytest.mark.parametrize("processes", [1, 3])
def test_b14_at_least_97_percent_of_the_limit_is_used_and_nothing_is_refused(
    tmp_path: Path, readings: Readings, processes: int
) -> None:
    server = Server(readings)

    async def go() -> None:
        budgets = [made(tmp_path) for _ in range(processes)]
        await asyncio.gather(*(server.work(one, now() + 600) for one in budgets))

    virtual.run(go())
    assert server.refused == []
    assert server.share("we", virtual.BEGAN, virtual.BEGAN + 600) >= 0.97


@pytest.mark.parametrize("limit", [60, 100, 1000, 20_000])
def test_b14_no_minute_and_no_ten_seconds_are_overdrawn_whatever_the_limit(
    tmp_path: Path, limit: int
) -> None:
    sent: list[float] = []

    async def go() -> None:
        budget = made(tmp_path, limit=limit)
        while now() < virtual.BEGAN + 180:
            await budget.take()
            sent.append(now())

    virtual.run(go())
    for seconds, most in ((60, limit), (10, limit // 3)):
        for number in range(len(sent) - most):
            assert sent[number + most] - sent[number] > seconds
    assert len(sent) >= 3 * limit * (0.95 if limit > 500 else 0.5)


@pytest.mark.parametrize("readings", READINGS, ids=lambda r: f"{r.window}-{r.burst}")
def test_a_short_sync_is_through_twice_as_fast(tmp_path: Path, readings: Readings) -> None:
    server = Server(readings)

    async def go() -> float:
        budget = made(tmp_path)
        await asyncio.gather(*(server.ask(budget) for _ in range(300)))
        return now() - virtual.BEGAN

    assert virtual.run(go()) < 12
    assert server.refused == []


def test_what_brings_the_present_goes_before_a_backfill(tmp_path: Path) -> None:
    server = Server()

    async def go() -> float:
        backfill = asyncio.create_task(
            server.work(made(tmp_path, patient=True), now() + 300, "backfill")
        )
        await asyncio.sleep(200)
        began, budget = now(), made(tmp_path)
        for _ in range(30):  # one after the other: the worst way to ask
            await server.ask(budget, "sync")
        took = now() - began
        await backfill
        return took

    alone = 30 * 0.18
    assert virtual.run(go()) < 2 * alone
    assert server.refused == []
    assert server.share("backfill", virtual.BEGAN, virtual.BEGAN + 200) > 0.9


def test_a_backfill_is_not_starved(tmp_path: Path) -> None:
    server = Server()

    async def go() -> None:
        end = now() + 300
        await asyncio.gather(
            server.work(made(tmp_path), end, "sync"),
            server.work(made(tmp_path, patient=True), end, "backfill"),
        )

    virtual.run(go())
    assert server.refused == []
    assert 0.05 < server.share("backfill", virtual.BEGAN, virtual.BEGAN + 300) < 0.2


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_another_program_that_uses_half_of_the_key_is_noticed_and_lived_with(
    tmp_path: Path, window: str
) -> None:
    server = Server(Readings(window=window))

    async def other() -> None:
        while now() < virtual.BEGAN + 600:
            await asyncio.sleep(0.18)
            await server.ask(None, "other")

    async def go() -> None:
        await asyncio.gather(*(other() for _ in range(3)), server.work(made(tmp_path), now() + 600))

    virtual.run(go())
    settled = virtual.BEGAN + 180
    assert [at for at in server.refused if at > settled] == []
    theirs = server.share("other", settled, settled + 420)
    assert 0.3 < theirs < 0.7
    assert theirs + server.share("we", settled, settled + 420) > 0.85


def test_a_server_that_always_says_nothing_is_left_is_read_all_the_same(tmp_path: Path) -> None:
    async def go() -> float:
        budget = made(tmp_path)
        for _ in range(1000):
            await budget.take()
            budget.learn(1000, 0, 60.0)
        return now() - virtual.BEGAN

    assert virtual.run(go()) < 60 * 5


def test_who_begins_after_a_busy_minute_keeps_to_the_limit_that_was_told(tmp_path: Path) -> None:
    async def go() -> float:
        before = made(tmp_path)
        for _ in range(3000):
            await before.take()
            before.learn(100_000)
        began = now()
        await made(tmp_path).take()
        return now() - began

    assert virtual.run(go()) < 1


def test_a_limit_that_was_told_long_ago_is_forgotten(tmp_path: Path) -> None:
    async def go() -> tuple[int, int]:
        made(tmp_path).learn(1)
        told = made(tmp_path).per_minute
        await asyncio.sleep(180)
        return told, made(tmp_path).per_minute

    assert virtual.run(go()) == (1, 975)


@pytest.mark.parametrize(
    ("limit", "remaining", "reset"),
    [(1, 0, -5.0), (10**9, 10**9, 1e12), (1000, 5000, 10.0), (1000, -3, 10.0), (1000, 0, 1e9)],
)
def test_absurd_limits_neither_block_nor_break(
    tmp_path: Path, limit: int, remaining: int, reset: float
) -> None:
    async def go() -> float:
        budget = made(tmp_path)
        for _ in range(5):
            await budget.take()
            budget.learn(limit, remaining, reset)
        return now() - virtual.BEGAN

    assert virtual.run(go()) <= 5 * 60


def test_b14_nobody_asks_while_the_api_has_told_one_to_wait(tmp_path: Path) -> None:
    sent: list[float] = []

    async def worker(budget: Budget) -> None:
        await budget.take()
        sent.append(now())

    async def go() -> None:
        one, other = made(tmp_path), made(tmp_path, patient=True)
        one.pause(30)
        await asyncio.gather(*(worker(b) for b in (one, other) * 8))

    virtual.run(go())
    assert len(sent) == 16
    assert min(sent) >= virtual.BEGAN + 30
