"""Errors of the engine as Dagster shows them: what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from connector.errors import ConnectorError
from connector.ledger import StreamOutcome


def failure(error: ConnectorError) -> dg.Failure:
    """An error that concerns more than one stream. Trying again at once would not help."""
    return dg.Failure(str(error), metadata=facts_of(error), allow_retries=False)


def failure_of(outcome: StreamOutcome) -> dg.Failure:
    """The error of one stream; its text has in words what its metadata are."""
    facts = facts_of(outcome) | {"requests": outcome.requests}
    return dg.Failure(outcome.error, metadata=facts, allow_retries=False)


def facts_of(one: ConnectorError | StreamOutcome) -> dict[str, Any]:
    """What went wrong where, and what to do: those of the facts that there are."""
    facts = {
        "stream": one.stream,
        "status": one.status,
        "code": one.code,
        "request_id": one.request_id,
        "what_to_do": one.todo,
        "exit_code": one.exit_code,
    }
    return {name: value for name, value in facts.items() if value}


@contextmanager
def explained() -> Iterator[None]:
    """Turn the engine's errors into Dagster's, without a traceback through the engine."""
    try:
        yield
    except ConnectorError as error:
        raise failure(error) from None
