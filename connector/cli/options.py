"""Options that more than one command takes, and how their values are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from connector.errors import ConfigurationError

if TYPE_CHECKING:
    from connector.sync import Order

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)

AsJson = Annotated[
    bool,
    typer.Option("--json", help="One JSON document on standard output; all else goes to stderr."),
]


Streams = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STREAM...",
        help="Only these; without, all that don't cost a request per contact.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None, typer.Option(metavar="DATE", help="Ask again for rows updated since then.")
]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="... and before then.")]
Full = Annotated[
    bool, typer.Option("--full", help="Walk everything; this is what finds deletions.")
]
Report = Annotated[
    bool,
    typer.Option("--report", help="Tell the Dagster instance in DAGSTER_HOME what was brought."),
]


def order_of(streams: list[str] | None, since: str | None, until: str | None, full: bool) -> Order:
    """What a sync is to do, as its options say."""
    from connector.sync import Order

    return Order(
        streams=tuple(streams or ()),
        since=date_of("--since", since),
        until=date_of("--until", until),
        full=full,
    )


def date_of(option: str, text: str | None) -> datetime | None:
    """The moment that an option names: a day, or an ISO date-time; in UTC unless it says else.

    What is earlier or later than anything is taken a little closer: Python's dates end at the years
    1 and 9999, before 1000 they are written without zeros, and around one there must be room.

    >>> date_of("--since", "2026-01-31").isoformat()
    '2026-01-31T00:00:00+00:00'
    """
    from connector.stamps import parse_stamp

    if text is None:
        return None
    stamp = parse_stamp(text.strip())
    if stamp is None:
        raise ConfigurationError(
            f"{option} is not a date: {text!r}",
            todo="Write it like 2026-01-31 or 2026-01-31T12:00:00Z",
        )
    return min(max(stamp, EARLIEST), LATEST)
