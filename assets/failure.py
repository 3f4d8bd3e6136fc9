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
    facts = {
        "stream": error.stream,
        "status": error.status,
        "code": error.code,
        "request_id": error.request_id,
        "what_to_do": error.todo,
        "exit_code": error.exit_code,
    }
    known: dict[str, Any] = {name: value for name, value in facts.items() if value}
    return dg.Failure(str(error), metadata=known, allow_retries=False)


def failure_of(outcome: StreamOutcome) -> dg.Failure:
    """The error of one stream; its text names stream, status, code and request_id."""
    facts: dict[str, Any] = {
        "stream": outcome.stream,
        "requests": outcome.requests,
        "exit_code": outcome.exit_code,
    }
    return dg.Failure(outcome.error, metadata=facts, allow_retries=False)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the engine's errors into Dagster's, without a traceback through the engine."""
    try:
        yield
    except ConnectorError as error:
        raise failure(error) from None
