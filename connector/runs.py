"""A run's own line in the ledger, also when it is cut short."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from connector.client import Client
from connector.context import Context
from connector.errors import ConnectorError
from connector.lake import Lake
from connector.ledger import Run, StreamOutcome
from connector.locks import soon
from schemas import Endpoint


def begin(command: str) -> Run:
    """A run that begins now."""
    now = datetime.now(UTC)
    return Run(uuid.uuid4().hex[:12], command, now, now, 0, 0, 0.0, 0, ())


def ended(begun: Run, client: Client, streams: Iterable[StreamOutcome]) -> Run:
    """The run, ended now, with what it took."""
    traffic = client.traffic
    return replace(
        begun,
        ended_at=datetime.now(UTC),
        requests=traffic.requests,
        refused=traffic.refused,
        waited=round(client.budget.waited, 3),
        bytes=traffic.bytes,
        streams=tuple(streams),
    )


def cut_short(run: Run, fault: BaseException) -> Run:
    """The run, ended by this: it was stopped from outside, or failed.

    Of an error that nobody foresaw, only its kind: a library may quote the value that it met.
    """
    if not isinstance(fault, Exception):
        return replace(run, ended="stopped")
    told = str(fault) if isinstance(fault, ConnectorError) else type(fault).__name__
    return replace(run, ended="failed", error=told)


def so_far(context: Context, wanted: Iterable[Endpoint]) -> list[StreamOutcome]:
    """How every stream had fared when the run was cut short."""
    return [
        context.outcomes.get(endpoint.stream)
        or StreamOutcome(
            endpoint.stream,
            "stopped",
            rows=context.rows[endpoint.stream],
            requests=context.client.traffic.by_stream[endpoint.stream],
        )
        for endpoint in wanted
    ]


def leave(lake: Lake, run: Run) -> None:
    """Write the line of a run that was cut short, if that is soon done.

    What cut it short is what is to be told, not what hinders this. A lake that belongs to no
    workspace yet stays blank: with a wrong key, nothing has begun.
    """
    if lake.is_taken:
        with suppress(Exception), lake.locked(soon):
            lake.commit(run)
