"""One change carried out: the row is read, compared, written, and the outcome made certain.

A write is never repeated blindly. Where no answer came that can be trusted, the row is read: if it
is as asked, the write is done; if it is as before, it is tried again; if it is neither, somebody
else has changed it since, and nobody can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from connector import errors
from connector.client import Client
from connector.ledger import Write
from connector.push.audit import Audit
from connector.push.observed import Batch, Seen, read_row
from connector.push.plan import Change
from connector.push.values import Value, same
from connector.unbroken import unbroken
from schemas import Writable

T = TypeVar("T")

ATTEMPTS = 3
"""Writes of one change whose answers are lost and that turn out not to have taken effect."""

PATIENCE = 30
"""Writes of one change that are refused for the rate limit; each time it was waited as told."""

STALE = 5.0
"""Seconds waited for a place in the budget, after which the row is read again before it is written.
"""

Outcome = Literal["written", "already", "conflict", "gone", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a change. `why` and `error` quote no customer; `details`, the API's words, may.

    `written`: the row is as asked, by this run. `already`: it was so before. `conflict`: a field
    is not as the diff showed it, so nothing was written. `failed`: the write did not take effect,
    or nobody can tell.
    """

    change: Change
    outcome: Outcome
    why: str = ""
    details: str = ""
    answer_lost: bool = False


@dataclass(slots=True)
class Writing:
    """Carries out changes of one stream; `reader` and `writer` have a budget each."""

    writable: Writable
    path: str
    reader: Client
    writer: Client
    audit: Audit
    batch: Batch
    stopped: bool = False
    """The run was told to stop while a write was under way; that one was seen to its end."""

    async def carry_out(self, change: Change) -> Result:
        """Bring one row to what is asked of it. Raises what concerns all rows."""
        async with self.audit.alone():
            try:
                return await self._bring(change)
            except errors.NotFound:
                return Result(change, "gone", "it is not there any more")
            except errors.NotOffered as refusal:
                return Result(
                    change, "gone", f"the API forbids to read it, or it is gone: {refusal}"
                )

    async def settle(self, write: Write, fault: errors.ConnectorError | None = None) -> Write:
        """Find out what came of a write that has no answer, and note it.

        Raises `Unreachable` where the row can't be read: then it is tried by the next push.
        """
        told = {"status": fault.status, "request_id": fault.request_id} if fault else {}
        lost = partial(self.audit.end, write, answer_lost=True, **told)
        try:
            seen = await self._see(write.key)
        except (errors.NotFound, errors.NotOffered):
            return await lost(outcome="unclear")
        except errors.Unreachable:
            await lost(outcome="unknown")
            raise
        now = {name: seen.values(self.writable)[name] for name in write.asked}
        if _differing(now, write.asked) == []:
            return await lost(outcome="done", after=now)
        as_before = _differing(now, write.before) == []
        return await lost(outcome="not_done" if as_before else "unclear", after=now)

    async def _bring(self, change: Change) -> Result:
        lost = limited = 0
        while lost < ATTEMPTS and limited < PATIENCE:
            now = (await self._see(change.key)).values(self.writable)
            names = _differing(now, change.new)
            if not names:
                return Result(change, "already")
            if moved := [name for name in names if not same(name, now[name], change.old[name])]:
                return Result(change, "conflict", f"{', '.join(moved)} changed since the last sync")
            if await self._waited_long():
                continue
            before, asked = ({name: of[name] for name in names} for of in (now, change.new))
            attempt = self._attempt(change.key, lost + limited + 1, before, asked)
            ended = await self._through(attempt)
            if ended.outcome != "not_done":
                return _result(change, ended)
            limited, lost = (limited + 1, lost) if ended.status == 429 else (limited, lost + 1)
        why = "the API kept refusing it for its rate limit" if limited else "the API kept failing"
        return Result(change, "failed", f"{why}; it was not changed")

    async def _through(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it to its end, also if the run is told to stop meanwhile."""
        task = asyncio.create_task(work)
        try:
            return await unbroken(task)
        except asyncio.CancelledError:
            self.stopped = True
            return task.result()

    async def _waited_long(self) -> bool:
        """Wait for a place in the budget, before anything is noted: this may be broken off."""
        budget = self.writer.budget
        before = budget.waited
        await budget.take()
        return budget.waited - before > STALE

    async def _attempt(
        self, key: str, number: int, before: dict[str, Value], asked: dict[str, Value]
    ) -> Write:
        """Note it, send it, note what came of it."""
        write = await self.audit.begin(key, number, before, asked)
        try:
            seen = await self.writer.change(
                self._path(key), asked, partial(read_row, key), stream=self.writable.stream
            )
        except errors.Unreachable as fault:
            if fault.status == 429:
                return await self._ended(write, fault, outcome="not_done")
            return await self.settle(write, fault)
        except errors.ConnectorError as refusal:
            ended = await self._ended(write, refusal, outcome="refused")
            if isinstance(refusal, errors.WriteRefused | errors.NotFound | errors.NotOffered):
                return ended
            raise
        self.batch.rows.append(seen)
        after = {name: seen.values(self.writable)[name] for name in asked}
        request_id = seen.answer.request_id
        return await self.audit.end(
            write, outcome="done", after=after, status=200, request_id=request_id
        )

    async def _ended(self, write: Write, fault: errors.ConnectorError, outcome: str) -> Write:
        return await self.audit.end(
            write,
            outcome=outcome,
            status=fault.status,
            code=fault.code,
            request_id=fault.request_id,
            details=getattr(fault, "details", ""),
        )

    async def _see(self, key: str) -> Seen:
        """The row as the API has it now."""
        seen = await self.reader.ask(
            self._path(key), {}, partial(read_row, key), stream=self.writable.stream
        )
        self.batch.rows.append(seen)
        return seen

    def _path(self, key: str) -> str:
        return self.path.format(id=quote(key, safe=""))


def _differing(now: dict[str, Value], asked: dict[str, Any]) -> list[str]:
    return [name for name in asked if not same(name, now[name], asked[name])]


def _result(change: Change, ended: Write) -> Result:
    if ended.outcome == "done":
        other = _differing(ended.after or {}, ended.asked)
        why = f"the API keeps {', '.join(other)} in another form than asked" if other else ""
        return Result(change, "written", why, answer_lost=ended.answer_lost)
    if ended.outcome == "unclear":
        why = "no answer came, and somebody else has changed it since: see meta.writes"
        return Result(change, "failed", why, answer_lost=True)
    if ended.status == 404:
        return Result(change, "refused", "not found: it is gone, or what it shall be linked to is")
    where = f"HTTP {ended.status}, {ended.code}, request_id {ended.request_id}"
    return Result(change, "refused", f"the API refuses it ({where})", ended.details)
