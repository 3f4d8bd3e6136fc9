"""Work that is waited for to its end, also by those who are told to stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def unbroken(work: asyncio.Future[T]) -> T:
    """What comes of it. Told to stop meanwhile, however often, stop when it is through.

    Whoever waits holds locks that the work relies on: they may not go before it.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # nobody is left to be told
        raise
