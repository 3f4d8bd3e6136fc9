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
        self._expected: dict[str, int] = {}
        self._began: dict[str, tuple[float, int]] = {}

    def began(self, streams: list[str]) -> None:
        """Nothing: Dagster has said which step begins."""

    def expects(self, stream: str, requests: int, pace: int) -> None:
        """How much there is to do, for the lines that follow."""
        self._expected[stream] = requests
        if requests >= pace:
            self._log.info(f"{stream}: about {requests} requests, at {pace} a minute for all")

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """A line from time to time: how far, how fast, and how long it will take."""
        now = time.monotonic()
        self._began.setdefault(stream, (now, requests))
        if now - self._last >= EVERY:
            self._last = now
            more = f", {note}" if note else ""
            self._log.info(f"{stream}: {rows} rows, {self._pace(stream, requests, now)}{more}")

    def _pace(self, stream: str, requests: int, now: float) -> str:
        began, before = self._began[stream]
        rate = 60 * (requests - before) / max(now - began, 1.0)
        expected = self._expected.get(stream, 0)
        of = f" of about {expected}" if expected else ""
        left = (expected - requests) / rate if rate else 0.0
        soon = f", about {left:.0f} min left" if left > 0 else ""
        return f"{requests}{of} requests, {rate:.0f} a minute{soon}"

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
