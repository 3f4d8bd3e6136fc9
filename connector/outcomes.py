"""How the streams of a run fared, and the exit code that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from connector import errors
from connector.ledger import Landing, StreamOutcome
from schemas import Endpoint


def done(endpoint: Endpoint, landings: Iterable[Landing]) -> StreamOutcome:
    """A stream that is through, with what its landings brought."""
    landings = list(landings)
    return StreamOutcome(
        stream=endpoint.stream,
        outcome="done",
        rows=sum(one.rows for one in landings if one.kind != "early"),
        new=sum(one.new for one in landings),
        changed=sum(one.changed for one in landings),
        deleted=sum(one.deleted for one in landings),
        rejected=sum(f.rows for one in landings for f in one.files if f.kind == "rejected"),
        late=sum(one.late for one in landings),
        drifted=sum(one.drifted for one in landings),
    )


def refused(endpoint: Endpoint, error: errors.ConnectorError) -> StreamOutcome:
    """A stream that is left out or has failed, while the others go on."""
    error.stream = error.stream or endpoint.stream
    skipped = isinstance(error, errors.NotReadable)
    return StreamOutcome(
        stream=endpoint.stream,
        outcome="skipped" if skipped else "failed",
        error=str(error),
        exit_code=error.exit_code,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
        todo=error.todo,
    )


def first_error(many: BaseExceptionGroup[BaseException]) -> errors.ConnectorError:
    """What went wrong first under one of many parents; what ends the run is raised as such."""
    for error in many.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return first_error(error)
        if not isinstance(error, errors.ConnectorError):
            raise error
        if isinstance(error, errors.KeyRefused | errors.ConfigurationError):
            raise error
    first = many.exceptions[0]
    assert isinstance(first, errors.ConnectorError)
    return first


class Fared(Protocol):
    """A stream that was, or will be, `skipped`, `failed`, or anything better."""

    @property
    def outcome(self) -> str:
        """In a word."""

    @property
    def exit_code(self) -> int:
        """The exit code of what went wrong, if anything."""


def exit_code(streams: Sequence[Fared], *, by_name: bool) -> int:
    """The exit code of a command whose streams fared so (CONTRACT)."""
    failed = [one for one in streams if one.outcome == "failed"]
    if by_name and any(one.outcome == "skipped" for one in streams):
        return 4
    if not failed:
        return 0
    if any(one.outcome not in ("failed", "skipped") for one in streams):
        return 6
    return max(one.exit_code for one in failed)
