"""Progress of the engine in the log of a Dagster run."""

from __future__ import annotations

import time

import dagster as dg

from connector.ledger import StreamOutcome

EVERY = 10.0
"""Seconds between lines: each is a row in Dagster's storage. Schedules rely on there being some
(`assets.schedules`)."""


class RunLog:
    """A `connector.progress.Progress` that writes lines for people."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._log = context.log
        self._last = time.monotonic()

    def began(self, streams: list[str]) -> None:
        """Nothing: Dagster has said which step begins."""

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """A line from time to time."""
        if time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            more = f", {note}" if note else ""
            self._log.info(f"{stream}: {rows} rows, {requests} requests{more}")

    def ended(self, outcome: StreamOutcome) -> None:
        """What came of the stream; errors are told by the step itself."""
        if outcome.outcome == "done":
            self._log.info(
                f"{outcome.stream}: {outcome.rows} rows read, {outcome.new} new, "
                f"{outcome.changed} changed, {outcome.deleted} deleted"
            )

    def said(self, text: str) -> None:
        """Something worth a line."""
        self._log.info(text)
