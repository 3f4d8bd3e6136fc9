"""What a run tells whoever watches it: a terminal, plain lines, or Dagster's log."""

from __future__ import annotations

from typing import Protocol

from connector.ledger import StreamOutcome


class Progress(Protocol):
    """Told while a run goes on. Rows and requests are running totals of the stream."""

    def began(self, streams: list[str]) -> None:
        """The run asks for these."""

    def expects(self, stream: str, requests: int, pace: int) -> None:
        """So many requests the stream will take; `pace` are what all may take in a minute."""

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """A page was read, or a batch landed."""

    def ended(self, outcome: StreamOutcome) -> None:
        """A stream is through; what it brought is durable."""

    def said(self, text: str) -> None:
        """Something worth a line."""


class Silent:
    """Tells nobody."""

    def began(self, streams: list[str]) -> None:
        """See `Progress`."""

    def expects(self, stream: str, requests: int, pace: int) -> None:
        """See `Progress`."""

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """See `Progress`."""

    def ended(self, outcome: StreamOutcome) -> None:
        """See `Progress`."""

    def said(self, text: str) -> None:
        """See `Progress`."""
