"""Turns at the warehouse: whoever of a run needs it waits here, and one opening serves many.

To open, catch up and close costs 50 ms; a run of 24 streams that find nothing new would spend
most of its time on it. The warehouse is closed as soon as nobody waits, so other processes get
their turn between.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Callable
from typing import Any, TypeVar

from connector.lake import Lake
from connector.locks import Busy, soon
from connector.unbroken import unbroken
from connector.warehouse import Warehouse, opened

T = TypeVar("T")

PUBLISH_EVERY = 30.0
"""Seconds between publications while a run goes on: what has landed is soon to be queried."""

LINGER = 0.15
"""Seconds the open warehouse waits for one more: about as long as the API takes for an answer."""

LONGEST = 2.0
"""Seconds after which it is closed all the same, so that another process gets its turn."""

_Job = tuple[Callable[[Warehouse], Any], "asyncio.Future[Any]"] | None
"""What to do, and whom to tell; None says that nobody will come any more."""


class Turns:
    """The queue before the warehouse, for one event loop; made by the task that is the run."""

    def __init__(self, lake: Lake, publish: Callable[[Warehouse], None]) -> None:
        self._lake = lake
        self._publish = publish
        self._run = asyncio.current_task()
        self._waiting: queue.Queue[_Job] = queue.Queue()
        self._server: asyncio.Task[None] | None = None
        self._published = time.monotonic()

    async def take(self, act: Callable[[Warehouse], T]) -> T:
        """Do something in the open warehouse, in a thread; raises what it raises."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put((act, done))
        if self._server is None or self._server.done():
            self._server = asyncio.create_task(self._serve_all())
        return await unbroken(done)

    async def close(self) -> None:
        """Wait until everything that was begun is through."""
        if self._server and not self._server.done():
            self._waiting.put(None)
            await unbroken(self._server)

    async def _serve_all(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._waiting.empty():
            await asyncio.to_thread(self._serve, loop)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open once and serve until nobody waits.

        A turn that fails ends the opening: whoever opens next clears away what it left.
        """
        job: _Job | None = None
        try:
            with opened(self._lake, self._gives_up) as warehouse:
                until = time.monotonic() + LONGEST
                while time.monotonic() < until and (job := self._next()):
                    result = warehouse.with_room(job[0])
                    self._publish_at_times(warehouse)
                    _settle(loop, job[1], result=result)
        except Busy as fault:
            while not self._waiting.empty():
                self._fail(loop, self._waiting.get_nowait(), fault)
        except BaseException as fault:
            self._fail(loop, job or self._waiting.get_nowait(), fault)

    @staticmethod
    def _fail(loop: asyncio.AbstractEventLoop, job: _Job, fault: BaseException) -> None:
        if job:
            _settle(loop, job[1], fault=fault)

    def _gives_up(self, waited: float) -> bool:
        """A run that is told to stop waits no longer for another process."""
        return bool(self._run and self._run.cancelling()) and soon(waited)

    def _next(self) -> _Job | None:
        try:
            return self._waiting.get(timeout=LINGER)
        except queue.Empty:
            return None

    def _publish_at_times(self, warehouse: Warehouse) -> None:
        if time.monotonic() - self._published > PUBLISH_EVERY:
            self._publish(warehouse)
            self._published = time.monotonic()


def _settle(
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[Any],
    *,
    result: Any = None,
    fault: BaseException | None = None,
) -> None:
    def settle() -> None:
        if done.done():
            return
        if fault:
            done.set_exception(fault)
        else:
            done.set_result(result)

    loop.call_soon_threadsafe(settle)
