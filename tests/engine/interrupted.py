"""A sync between two of whose requests something happens, while it holds no lock of the lake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from connector.ledger import Run
from connector.sandbox import Fault
from connector.sync import Order, sync
from tests.bench import Bench


def interrupted(
    at: Bench, *streams: str, act: Callable[[], Any], path: str, nth: int, **order: Any
) -> Run:
    """A sync whose n-th request of a path is answered 503; `act` runs before it asks again."""
    at.box.faults.add(Fault("503", path=path, at=nth))
    left = [act]

    async def sleep(_: float) -> None:
        if left and at.box.faults.struck:
            await asyncio.to_thread(left.pop())
        await asyncio.sleep(0)

    run = asyncio.run(sync(at.settings, Order(streams, **order), sleep=sleep))
    assert not left
    return run
