"""An event loop whose clock moves only while everybody sleeps: minutes pass in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

BEGAN = 1_800_000_000.0
"""Its clock at the start, in seconds since 1970: a full minute."""


class _Skipping(selectors.DefaultSelector):
    """Waits for nothing: time is moved on instead."""

    now = BEGAN

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """For work without sockets and threads."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        # What is due by the last digit of this clock is due: or time would stand still.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since 1970, on this loop's clock."""
        return self._skipping.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def now() -> float:
    """The time on the clock of the loop that runs."""
    return asyncio.get_running_loop().time()
