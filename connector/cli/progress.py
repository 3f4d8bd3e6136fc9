"""A run as it is watched: a live board on a terminal, a line now and then elsewhere.

Elsewhere is a dumb terminal too (Emacs has one), where a board would not be seen at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.cli import output
from connector.cli.output import count, counted
from connector.cli.rate import Rate

if TYPE_CHECKING:
    from rich.console import RenderableType

    from connector.ledger import StreamOutcome
    from connector.progress import Progress

SELDOM = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def watching(address: str) -> Iterator[Progress]:
    """Show a run's progress on standard error, in the form that fits what reads it."""
    console = output.err()
    board = Board(address)
    if not console.is_interactive:
        yield Lines(board)
        return
    from rich.live import Live

    with Live(get_renderable=board.render, console=console, refresh_per_second=8, transient=True):
        yield board


@dataclass(slots=True)
class Board:
    """How far every stream is; written by the run, drawn by another thread.

    `_now` holds rows, requests and note of each stream under way, `_past` the sums of the others,
    `_expected` the requests that a stream takes in all, where that is known.
    """

    address: str
    began_at: float = field(default_factory=time.monotonic)
    _streams: int = 0
    _ended: int = 0
    _now: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    _past: tuple[int, int] = (0, 0)
    _expected: dict[str, int] = field(default_factory=dict)
    _pace: int = 0
    _rate: Rate = field(default_factory=Rate)

    def began(self, streams: list[str]) -> None:
        """See `Progress`."""
        self._streams = len(streams)

    def expects(self, stream: str, requests: int, pace: int) -> None:
        """See `Progress`."""
        self._expected[stream], self._pace = requests, pace

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """See `Progress`."""
        self._now[stream] = (rows, requests, note)
        self._rate.note(self._requests(), time.monotonic())

    def ended(self, outcome: StreamOutcome) -> None:
        """See `Progress`."""
        if not self._streams:
            return  # skipped before anything was asked; it isn't among those to read
        self._now.pop(outcome.stream, None)
        self._ended += 1
        self._past = (self._past[0] + outcome.rows, self._past[1] + outcome.requests)

    def said(self, text: str) -> None:
        """See `Progress`."""
        output.say(text)

    def line(self) -> str:
        """All streams in one line."""
        rows = self._past[0] + sum(r for r, _, _ in list(self._now.values()))
        seconds = time.monotonic() - self.began_at
        if not self._streams:
            return f"{seconds:.0f} s · asking {self.address} whose key this is"
        parts = [
            f"{seconds:.0f} s",
            f"{self._ended} of {self._streams} streams done",
            counted(rows, "row"),
            counted(self._requests(), "request") + self._speed(),
            self._left(),
        ]
        return " · ".join(part for part in parts if part)

    def _requests(self) -> int:
        return self._past[1] + sum(r for _, r, _ in list(self._now.values()))

    def _speed(self) -> str:
        """Requests in the last minute, against what the key may have."""
        found = self._rate.per_minute(time.monotonic())
        of = f" of {count(self._pace)}" if self._pace else ""
        return "" if found is None else f" ({count(found)}{of} a minute)"

    def _left(self) -> str:
        """How long the streams under way take at the least, if that is known of all of them."""
        now = list(self._now.items())
        if not now or not self._pace or any(stream not in self._expected for stream, _ in now):
            return ""
        left = sum(max(self._expected[stream] - asked, 0) for stream, (_, asked, _) in now)
        minutes = left / self._pace
        return f"{minutes:.0f} min to go" if minutes >= 1 else ""

    def busy(self) -> list[tuple[str, int, int, str]]:
        """The streams under way, the one with most requests first."""
        found = [(stream, *numbers) for stream, numbers in list(self._now.items())]
        return sorted(found, key=lambda one: -one[2])

    def render(self) -> RenderableType:
        """The board as it stands."""
        from rich.console import Group
        from rich.spinner import Spinner
        from rich.text import Text

        made = output.table(["stream", "rows", "requests", ""], numbers=["rows", "requests"])
        for stream, rows, requests, note in self.busy()[:12]:
            made.add_row(stream, count(rows), count(requests), note)
        spinner = Spinner("dots", Text(self.line()))
        return Group(made, spinner) if self._now else spinner


class Lines:
    """The same board, one line at a time and not too often."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._told = time.monotonic()

    def began(self, streams: list[str]) -> None:
        """See `Progress`."""
        self._board.began(streams)
        self.said(f"streams to read from {self._board.address}: {len(streams)}")

    def expects(self, stream: str, requests: int, pace: int) -> None:
        """See `Progress`."""
        self._board.expects(stream, requests, pace)

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        """See `Progress`."""
        self._board.went_on(stream, rows, requests, note)
        if time.monotonic() - self._told >= SELDOM:
            self._told = time.monotonic()
            busiest = self._board.busy()[0]
            self.said(f"{self._board.line()} · now {busiest[0]}: {counted(busiest[1], 'row')}")

    def ended(self, outcome: StreamOutcome) -> None:
        """See `Progress`."""
        self._board.ended(outcome)

    def said(self, text: str) -> None:
        """See `Progress`."""
        output.say(text)
