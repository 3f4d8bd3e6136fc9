"""Whoever waits for work that relies on their locks waits for its end."""

from __future__ import annotations

import asyncio

import pytest

from connector.unbroken import unbroken


def test_told_to_stop_again_and_again_it_stops_when_the_work_is_through() -> None:
    async def go() -> None:
        work: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waits = asyncio.create_task(unbroken(work))
        for _ in range(3):
            await asyncio.sleep(0)
            waits.cancel()
        await asyncio.sleep(0)
        assert not waits.done()
        work.set_result("through")
        with pytest.raises(asyncio.CancelledError):
            await waits

    asyncio.run(go())


def test_an_error_of_work_that_nobody_waits_for_any_more_is_not_called_lost() -> None:
    async def go() -> None:
        lost: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, of: lost.append(of["message"]))
        work: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waits = asyncio.create_task(unbroken(work))
        await asyncio.sleep(0)
        waits.cancel()
        work.set_exception(OSError("the disk"))
        with pytest.raises((asyncio.CancelledError, OSError)):
            await waits
        del work, waits
        assert lost == []

    asyncio.run(go())


def test_what_comes_of_it_is_given() -> None:
    async def go() -> str:
        return await unbroken(asyncio.ensure_future(asyncio.sleep(0, "done")))

    assert asyncio.run(go()) == "done"
