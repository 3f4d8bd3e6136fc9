"""Ctrl-C in a command that asks the API: it is answered at once, and obeyed in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from connector.cli import output

T = TypeVar("T")

FINISHING = "Stopping: what is being written is finished first."
STILL = "Still finishing what is being written; were the process killed, nothing would be lost."


def run(work: Coroutine[Any, Any, T]) -> T:
    """What comes of the work. Raises `KeyboardInterrupt` where Ctrl-C has ended it."""
    if signal.getsignal(signal.SIGINT) != signal.default_int_handler:
        return asyncio.run(work)  # in the background, or under a debugger, somebody else decides
    try:
        return asyncio.run(_heard(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _heard(work: Coroutine[Any, Any, T]) -> T:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task

    def stop() -> None:
        output.say(STILL if task.cancelling() else FINISHING, "yellow")
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        return await work
    finally:
        loop.remove_signal_handler(signal.SIGINT)
