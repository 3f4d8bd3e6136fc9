"""One run: every stream that is wanted, side by side, each landed as soon as it is through.

A stream that fails leaves the others alone. What concerns them all (the key, the disk, the
network at the first question) ends the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector import errors, outcomes, runs
from connector.budget import Budget
from connector.children import Children
from connector.client import Client
from connector.compaction import compact
from connector.context import Context
from connector.forecast import Expected, Forecast
from connector.identity import Identity, who_am_i
from connector.lake import Lake
from connector.ledger import Run, StreamOutcome
from connector.listing import Listing
from connector.memory import few_collections
from connector.named import named
from connector.parents import parents_first
from connector.progress import Progress, Silent
from connector.settings import Settings
from connector.walk import Window
from connector.warehouse import StreamState, Warehouse
from schemas import STREAMS, Endpoint


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
            named(stream)
        if self.since and self.until and self.since >= self.until:
            raise errors.ConfigurationError("--since must be before --until")
        if self.full and (self.since or self.until):
            raise errors.ConfigurationError("--full takes no --since and --until")

    @property
    def window(self) -> Window:
        """The window asked for, or none."""
        return Window(self.since, self.until)

    @property
    def is_ordinary(self) -> bool:
        """Is it for what is new, and neither for a window nor for everything?"""
        return not self.full and not self.window

    def window_of(self, endpoint: Endpoint, state: StreamState, overlap: timedelta) -> Window:
        """What to ask of a list: the window of the order, what is new, or, if need be, all."""
        if self.full or endpoint.asked == "whole" or state.stampless:
            return Window()
        if self.window:
            return self.window
        if state.closed_to is None:
            return Window()
        return Window(after=state.closed_to - overlap)

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
    publishing: Callable[[Warehouse], None] = lambda warehouse: warehouse.publish(),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Run:
    """Bring lake and warehouse up to date, and say what it took.

    A caller of several runs in a row may give the `identity` it has learned shortly before, and
    `publish` the warehouse once, after the last of them (`publish_if_behind`). `publishing` does
    it, also from time to time in a long run; it may refuse (`connector.guard`).
    Raises `KeyRefused`, `DataDirError`, or `Unreachable` where nothing could be asked at all;
    what concerns single streams is in their outcomes.
    """
    budget = Budget.of_key(
        settings.with_key().api_key, settings.base_url, patient=not order.is_ordinary, sleep=sleep
    )
    lake = Lake(settings.data_dir)
    begun = runs.begin(order.command)
    context = None
    try:
        watcher = progress or Silent()
        async with Client(settings, budget, sleep=sleep, tell=watcher.said) as client:
            try:
                known = identity or await who_am_i(client)
                lake.belong_to(known.workspace_id)
                context = Context(
                    run=begun.run,
                    settings=settings,
                    client=client,
                    lake=lake,
                    identity=known,
                    progress=watcher,
                    everything=order.full,
                    rotates=order.is_ordinary,
                    publish=publishing,
                )
                with few_collections():
                    return await _carry_out(context, order, begun, publish)
            except BaseException as fault:
                streams = runs.so_far(context, order.endpoints()) if context else []
                runs.leave(lake, runs.cut_short(runs.ended(begun, client, streams), fault))
                raise
    finally:
        budget.close()


async def _carry_out(context: Context, order: Order, begun: Run, publish: bool) -> Run:
    try:
        run = runs.ended(begun, context.client, await _all(context, order))
        put = context.publish if publish else None
        await context.with_warehouse(lambda warehouse: _finish(warehouse, run, order, put))
    finally:
        await context.turns.close()
    return run


def _finish(
    warehouse: Warehouse, run: Run, order: Order, put: Callable[[Warehouse], None] | None
) -> None:
    warehouse.commit(run)
    if order.full:
        compact(warehouse)
    if put:
        put(warehouse)


async def _all(context: Context, order: Order) -> list[StreamOutcome]:
    wanted = order.endpoints()
    readable = _sift(context, wanted)
    names = [endpoint.stream for endpoint in readable]

    def states(warehouse: Warehouse) -> None:
        context.states.update(warehouse.states())
        forecast = Forecast(warehouse.con, context.settings, context.identity.at)
        for endpoint in readable:
            if (pages := _known_pages(context, order, endpoint, forecast)) is not None:
                context.expect(endpoint.stream, pages)

    context.progress.began(names)
    await context.with_warehouse(states)
    try:
        async with asyncio.TaskGroup() as group:
            for endpoint, children in parents_first(readable):
                group.create_task(_family(context, order, endpoint, children))
    except BaseExceptionGroup as many:
        # One of them ended the run: the key or the disk. The first says it.
        raise many.exceptions[0] from None
    return [context.outcomes[endpoint.stream] for endpoint in wanted]


def _known_pages(
    context: Context, order: Order, endpoint: Endpoint, forecast: Forecast
) -> int | None:
    """The pages of what is known of a list; a first load will show how long it is."""
    state = context.states[endpoint.stream]
    if endpoint.parent or not state.landed:
        return None
    window = order.window_of(endpoint, state, context.settings.overlap)
    rows = forecast.rows(endpoint, window, ())
    return Expected.exactly(rows).pages(context.settings.page_size).about


def _sift(context: Context, wanted: list[Endpoint]) -> list[Endpoint]:
    """The streams that the key may read; the others are noted as skipped."""
    readable = []
    for endpoint in wanted:
        if lacking := context.identity.lacks(endpoint):
            error = errors.NotReadable(
                f"the key lacks the scope {', '.join(lacking)}",
                todo="Grant it to the key, or leave the stream out",
            )
            context.note(outcomes.refused(endpoint, error))
        else:
            readable.append(endpoint)
    return readable


async def _family(
    context: Context, order: Order, endpoint: Endpoint, children: list[Endpoint]
) -> None:
    """A list and then, side by side, what hangs under its rows."""
    await _one(context, order, endpoint)
    rest = [asyncio.create_task(_one(context, order, child)) for child in children]
    try:
        for task in rest:
            await task
    finally:
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)  # the first error has been told


async def _one(context: Context, order: Order, endpoint: Endpoint) -> None:
    try:
        if endpoint.parent:
            landings = await Children(context, endpoint).run()
        else:
            state = context.states[endpoint.stream]
            window = order.window_of(endpoint, state, context.settings.overlap)
            landings = await Listing(context, endpoint, window).run()
        outcome = outcomes.done(endpoint, landings)
    except (errors.KeyRefused, errors.ConfigurationError):
        raise
    except errors.ConnectorError as error:
        outcome = outcomes.refused(endpoint, error)
    except BaseExceptionGroup as many:
        outcome = outcomes.refused(endpoint, outcomes.first_error(many))
    outcome = replace(
        outcome,
        requests=context.client.traffic.by_stream[endpoint.stream],
        deleted=outcome.deleted + context.buried[endpoint.stream],
    )
    context.note(outcome)
