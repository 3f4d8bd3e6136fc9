"""A sandbox, a data directory, and the connector between them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.ledger import Run
from connector.sandbox import Readings, Sandbox
from connector.settings import Settings
from connector.sync import Order, sync
from tests import oracle

FEED = ("threads", "thread_messages", "thread_comments")

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def no_sleep(_: float) -> None:
    """Time in tests is the sandbox's: waiting is no part of what is tested."""
    await asyncio.sleep(0)


@dataclass
class Bench:
    """What a test works with."""

    box: Sandbox
    settings: Settings

    def sync(self, *streams: str, **order: Any) -> Run:
        return asyncio.run(sync(self.settings, Order(streams, **order), sleep=no_sleep))

    def pass_time(self, seconds: float = 3600) -> None:
        """Let changes become old enough for a window to close over them."""
        self.box.clock.advance(seconds)

    def differences(self, *streams: str) -> list[str]:
        return oracle.differences(
            self.settings.data_dir, self.box.workspace, list(streams) or None
        )[:10]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with oracle.published(self.settings.data_dir) as con:
            return con.execute(sql).fetchall()

    def versions(self) -> int:
        """How many observations the lake holds."""
        files = f"{self.settings.data_dir}/lake/[a-z]*/*/*.parquet"
        return int(
            self.query(
                f"SELECT count(*) FROM read_parquet('{files}', "
                "union_by_name = true, hive_partitioning = false)"
            )[0][0]
        )

    def outcome(self, run: Run, stream: str) -> Any:
        return next(one for one in run.streams if one.stream == stream)


def bench(
    folder: Path,
    *,
    threads: int = 24,
    seed: int = 7,
    page_size: int = 200,
    readings: Readings | None = None,
    **sandbox: Any,
) -> Bench:
    """Start a sandbox in this process. The caller enters and leaves `box`."""
    box = Sandbox(
        threads=threads,
        seed=seed,
        limit=1_000_000,
        start=START,
        readings=readings or Readings(),
        **sandbox,
    )
    return Bench(box, Settings(page_size=page_size, data_dir=folder / "data"))


def connect(made: Bench) -> Bench:
    """The bench with the address and key of its sandbox, once that runs."""
    made.settings = replace(made.settings, api_key=made.box.key, base_url=made.box.url)
    return made
