"""The record of writes: an attempt is on the disk before its request, its outcome after it.

The lines stand in the lake's ledger, of which `meta.writes` is made. They hold the values, on
purpose: what was there before a write is nowhere else to be found once the source has changed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pwd
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from connector.lake import Lake
from connector.ledger import Write
from connector.locks import flock
from connector.push.values import Value
from connector.warehouse import Warehouse

OPEN = ("begun", "unknown")
"""Outcomes that say that nobody has found out yet."""


def os_user() -> str:
    """Who runs this, as the machine knows it: not by a variable that anybody may set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container has users without names
        return f"uid {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Audit:
    """Notes the writes of one run."""

    lake: Lake
    run: str
    api_key_id: str
    stream: str

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be the only one, over all processes, who writes to what this lake is a copy of.

        Held from reading a row to the outcome of writing it. So of two pushes the second sees what
        the first has done, and an attempt without an outcome is one of a process that died.
        """
        given_up = threading.Event()
        with ExitStack() as held:

            def wait() -> None:
                path = self.lake.root / "_locks" / "writes"
                held.enter_context(flock(path, fcntl.LOCK_EX, lambda _: given_up.is_set()))
                if given_up.is_set():
                    held.close()

            try:
                await asyncio.to_thread(wait)
                yield
            finally:
                given_up.set()

    async def begin(
        self, key: str, attempt: int, before: dict[str, Value], asked: dict[str, Value]
    ) -> Write:
        """Note an attempt. It survives a crash when this returns."""
        write = Write(
            uuid.uuid4().hex[:12], self.run, self.stream, key, attempt, datetime.now(UTC),
            os_user(), self.api_key_id, before, asked,
        )  # fmt: skip
        await self._note(write)
        return write

    async def end(self, write: Write, **outcome: Any) -> Write:
        """Note what came of an attempt."""
        ended = replace(write, noted_at=datetime.now(UTC), **outcome)
        await self._note(ended)
        return ended

    async def _note(self, write: Write) -> None:
        def note() -> None:
            with self.lake.locked():
                self.lake.commit(write)

        await asyncio.to_thread(note)

    def left_open(self, warehouse: Warehouse) -> list[Write]:
        """The attempts of which nobody knows what came, the oldest first. Ask for it `alone`."""
        found = warehouse.con.execute(
            """SELECT write, run, key, attempt, began_at, os_user, api_key_id, before, asked
            FROM meta.writes WHERE stream = ? AND outcome IN (SELECT unnest(?::VARCHAR[]))
            ORDER BY began_at""",
            [self.stream, list(OPEN)],
        ).fetchall()
        return [
            Write(
                write, run, self.stream, key, attempt, began_at, user, api_key,
                orjson.loads(before), orjson.loads(asked),
            )
            for write, run, key, attempt, began_at, user, api_key, before, asked in found
        ]  # fmt: skip
