"""One run: every stream that is wanted, side by side, each landed as soon as it is through.

A stream that fails leaves the others alone. What concerns them all (the key, the disk, the
network at the first question) ends the run.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa

from connector import errors
from connector.budget import Budget
from connector.children import Children, parents_first
from connector.client import Client
from connector.compaction import compact
from connector.context import Context
from connector.identity import Identity, who_am_i
from connector.lake import Lake
from connector.ledger import Landing, Run, StreamOutcome
from connector.listing import Listing
from connector.progress import Progress, Silent
from connector.settings import Settings
from connector.walk import Window
from connector.warehouse import Warehouse
from schemas import STREAMS, Endpoint

# Arrow's own allocator keeps a hundred megabytes that it has no use for any more (measured).
pa.set_memory_pool(pa.system_memory_pool())


@dataclass(frozen=True, slots=True)
class Order:
    """What to bring up to date.

    `streams`: by name; empty means all that don't cost a request per contact. `since` and `until`
    ask for a window of `updated_at` again; `full` walks everything and finds deletions.
    """

    streams: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    full: bool = False
    command: str = "sync"

    def __post_init__(self) -> None:
        for stream in self.streams:
            if stream not in STREAMS:
                raise errors.ConfigurationError(
                    f"there is no stream {stream!r}", todo="`productlane-elt streams` lists them"
                )
        if self.since and self.until and self.since >= self.until:
            raise errors.ConfigurationError("--since must be before --until")
        if self.full and (self.since or self.until):
            raise errors.ConfigurationError("--full takes no --since and --until")

    @property
    def window(self) -> Window:
        """The window asked for, or none."""
        return Window(self.since, self.until)

    def endpoints(self) -> list[Endpoint]:
        """The streams wanted: those with a window, if one is asked for and none is named."""
        if self.streams:
            return [STREAMS[name] for name in dict.fromkeys(self.streams)]
        return [
            endpoint
            for endpoint in STREAMS.values()
            if not endpoint.by_name
            and (not self.window or endpoint.asked == "window" or endpoint.parent)
        ]


async def sync(
    settings: Settings,
    order: Order,
    *,
    progress: Progress | None = None,
    identity: Identity | None = None,
    publish: bool = True,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Run:
    """Bring lake and warehouse up to date, and say what it took.

    A caller of several runs in a row may give the `identity` it has learned shortly before, and
    `publish` the warehouse once, after the last of them (`publish_if_behind`).
    Raises `KeyRefused`, `DataDirError`, or `Unreachable` where nothing could be asked at all;
    what concerns single streams is in their outcomes.
    """
    budget = Budget.of_key(settings.with_key().api_key, settings.base_url, sleep=sleep)
    lake = Lake(settings.data_dir)
    started = datetime.now(UTC)
    try:
        async with Client(settings, budget, sleep=sleep) as client:
            known = identity or await who_am_i(client)
            lake.belong_to(known.workspace_id)
            context = Context(
                run=uuid.uuid4().hex[:12],
                settings=settings,
                client=client,
                lake=lake,
                identity=known,
                progress=progress or Silent(),
                everything=order.full,
            )
            try:
                outcomes = await _all(context, order)
                run = _run(context, order, started, outcomes)
                await context.with_warehouse(
                    lambda warehouse: _finish(warehouse, run, order, publish)
                )
            finally:
                await context.turns.close()
    finally:
        budget.close()
    return run


def _finish(warehouse: Warehouse, run: Run, order: Order, publish: bool) -> None:
    warehouse.commit(run)
    if order.full:
        compact(warehouse)
    if publish:
        warehouse.publish()


def _run(context: Context, order: Order, started: datetime, outcomes: list[StreamOutcome]) -> Run:
    traffic = context.client.traffic
    return Run(
        run=context.run,
        command=order.command,
        started_at=started,
        ended_at=datetime.now(UTC),
        requests=traffic.requests,
        refused=traffic.refused,
        waited=round(context.client.budget.waited, 3),
        bytes=traffic.bytes,
        streams=tuple(outcomes),
    )


async def _all(context: Context, order: Order) -> list[StreamOutcome]:
    wanted = order.endpoints()
    readable, outcomes = _sift(wanted, context.identity, context.progress)
    names = [endpoint.stream for endpoint in readable]

    def states(warehouse: Warehouse) -> None:
        context.states.update({name: warehouse.state(name) for name in names})

    context.progress.began(names)
    await context.with_warehouse(states)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_family(context, order, endpoint, children))
                for endpoint, children in parents_first(readable)
            ]
    except BaseExceptionGroup as many:
        # One of them ended the run: the key or the disk. The first says it.
        raise many.exceptions[0] from None
    found = {one.stream: one for task in tasks for one in task.result()}
    found |= {one.stream: one for one in outcomes}
    return [found[endpoint.stream] for endpoint in wanted]


def _sift(
    wanted: list[Endpoint], identity: Identity, progress: Progress
) -> tuple[list[Endpoint], list[StreamOutcome]]:
    """The streams that the key may read, and an outcome for each of the others."""
    readable, outcomes = [], []
    for endpoint in wanted:
        if lacking := identity.lacks(endpoint):
            error = errors.NotReadable(
                f"the key lacks the scope {', '.join(lacking)}",
                todo="Grant it to the key, or leave the stream out",
                stream=endpoint.stream,
            )
            outcomes.append(_refused(endpoint, error))
            progress.ended(outcomes[-1])
        else:
            readable.append(endpoint)
    return readable, outcomes


async def _family(
    context: Context, order: Order, endpoint: Endpoint, children: list[Endpoint]
) -> list[StreamOutcome]:
    """A list and then, side by side, what hangs under its rows."""
    outcomes = [await _one(context, order, endpoint)]
    rest = [asyncio.create_task(_one(context, order, child)) for child in children]
    try:
        return [*outcomes, *[await task for task in rest]]
    finally:
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)  # the first error has been told


async def _one(context: Context, order: Order, endpoint: Endpoint) -> StreamOutcome:
    try:
        if endpoint.parent:
            landings = await Children(context, endpoint).run()
        else:
            window = _window(context, order, endpoint)
            landings = [await Listing(context, endpoint, window).run()]
        outcome = _done(context, endpoint, landings)
    except (errors.KeyRefused, errors.ConfigurationError):
        raise
    except errors.ConnectorError as error:
        outcome = _refused(endpoint, error)
    except BaseExceptionGroup as many:
        outcome = _refused(endpoint, _first_error(many))
    outcome = replace(
        outcome,
        requests=context.client.traffic.by_stream[endpoint.stream],
        deleted=outcome.deleted + context.buried[endpoint.stream],
    )
    context.progress.ended(outcome)
    return outcome


def _first_error(many: BaseExceptionGroup[BaseException]) -> errors.ConnectorError:
    """What went wrong first under one of many parents; what ends the run is raised as such."""
    for error in many.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return _first_error(error)
        if not isinstance(error, errors.ConnectorError):
            raise error
        if isinstance(error, errors.KeyRefused | errors.ConfigurationError):
            raise error
    first = many.exceptions[0]
    assert isinstance(first, errors.ConnectorError)
    return first


def _window(context: Context, order: Order, endpoint: Endpoint) -> Window:
    """What to ask of a list: the window of the order, what is new, or, if need be, all."""
    state = context.states[endpoint.stream]
    if order.full or endpoint.asked == "whole" or state.stampless:
        return Window()
    if order.window:
        return order.window
    if state.closed_to is None:
        return Window()
    return Window(after=state.closed_to - context.settings.overlap)


def _done(context: Context, endpoint: Endpoint, landings: list[Landing]) -> StreamOutcome:
    return StreamOutcome(
        stream=endpoint.stream,
        outcome="done",
        rows=sum(one.rows for one in landings),
        new=sum(one.new for one in landings),
        changed=sum(one.changed for one in landings),
        deleted=sum(one.deleted for one in landings),
        rejected=sum(f.rows for one in landings for f in one.files if f.kind == "rejected"),
    )


def _refused(endpoint: Endpoint, error: errors.ConnectorError) -> StreamOutcome:
    error.stream = error.stream or endpoint.stream
    skipped = isinstance(error, errors.NotReadable)
    return StreamOutcome(
        stream=endpoint.stream,
        outcome="skipped" if skipped else "failed",
        error=str(error),
        exit_code=error.exit_code,
    )


def exit_code(run: Run, order: Order) -> int:
    """The exit code of a command that ended with this run (CONTRACT)."""
    failed = [one for one in run.streams if one.outcome == "failed"]
    if order.streams and any(one.outcome == "skipped" for one in run.streams):
        return 4
    if not failed:
        return 0
    if any(one.outcome == "done" for one in run.streams):
        return 6
    return max(one.exit_code for one in failed)
