"""What the warehouse lets expect of a sync: how many rows there are, have come lately, are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import duckdb

from connector.parents import Count, count_due
from connector.rotation import Rotation
from connector.settings import Settings
from connector.walk import Window
from schemas import Endpoint

LATELY = 20
"""Walks by which is judged how much the next one brings."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A number that is not known yet: at least, about, and at most if nothing unusual happens."""

    least: int = 0
    about: int = 0
    most: int = 0

    @classmethod
    def exactly(cls, number: int) -> Expected:
        """A number that is known."""
        return cls(number, number, number)

    def __add__(self, other: Expected) -> Expected:
        return Expected(self.least + other.least, self.about + other.about, self.most + other.most)

    def less(self, number: int) -> Expected:
        """As much less, and never less than nothing."""
        return Expected(*(max(0, n - number) for n in (self.least, self.about, self.most)))

    def pages(self, page_size: int) -> Expected:
        """The pages of so many rows.

        >>> Expected(0, 200, 201).pages(200)
        Expected(least=1, about=1, most=2)
        """
        rows = (self.least, self.about, self.most)
        return Expected(*(max(1, ceil(number / page_size)) for number in rows))


@dataclass(frozen=True, slots=True)
class Forecast:
    """Reads the published warehouse; `at` is the server's clock."""

    con: duckdb.DuckDBPyConnection
    settings: Settings
    at: datetime

    def rows(self, endpoint: Endpoint, window: Window, filters: tuple[tuple[str, str], ...]) -> int:
        """Known rows that a question would bring, if nothing had changed."""
        margin = timedelta(seconds=1)  # a question asks a second wider (`Window.params`)
        bounds = [("updated_at >= ?", window.after and window.after - margin)]
        bounds += [("updated_at <= ?", window.before and window.before + margin)]
        given = [(condition, bound) for condition, bound in bounds if bound]
        flags = [f'"{name}" = {value}' for name, value in filters if name in endpoint.flags]
        where = " AND ".join(["true", *flags, *(condition for condition, _ in given)])
        found = self.con.execute(
            f"SELECT count(*) FROM main.{endpoint.stream} WHERE {where}", [b for _, b in given]
        )
        return int(found.fetchall()[0][0])

    def changes(self, endpoint: Endpoint) -> Expected:
        """Rows that are new or have changed since the last walk, as far as the past tells."""
        came, seconds, busiest, last = self.con.execute(
            """
            WITH walks AS (
                SELECT asked_at, new + changed AS came,
                    lag(asked_at) OVER (ORDER BY asked_at) AS before
                FROM meta.walks
                WHERE stream = ? AND kind IN ('window', 'full') AND asked_before IS NULL
            ), lately AS (
                FROM walks WHERE before IS NOT NULL ORDER BY asked_at DESC LIMIT ?)
            SELECT sum(came), sum(epoch(asked_at - before)), max(came),
                (SELECT max(asked_at) FROM walks) FROM lately""",
            [endpoint.stream, LATELY],
        ).fetchall()[0]
        if last is None:
            return Expected()
        if not seconds:
            came, seconds, busiest = self._last_week(endpoint, last)
        about = came / seconds * max((self.at - last).total_seconds(), 0)
        return Expected(0, round(about), max(busiest, ceil(2 * about)))

    def _last_week(self, endpoint: Endpoint, last: datetime) -> tuple[int, float, int]:
        """After the first walk, stamps tell what a week brought."""
        week = timedelta(days=7)
        came = (
            self.rows(endpoint, Window(after=last - week), ()) if endpoint.asked == "window" else 0
        )
        return came, week.total_seconds(), 0

    def due(self, child: Endpoint, *, everything: bool) -> Count:
        """Parents whose signals call for it, or all."""
        settings = self.settings
        return count_due(
            self.con, child, self.at, settings.lag, settings.page_size, everything=everything
        )

    def rotated(self, child: Endpoint) -> Count:
        """Parents whose turn it is."""
        rotation = Rotation.of(self.settings)
        allowance = rotation.allowance(self.con, child.stream, self.at)
        return rotation.count_oldest(self.con, child, self.at, allowance, self.settings.lag)
