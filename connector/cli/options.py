"""Options that more than one command takes, and how their values are read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from connector.errors import ConfigurationError

AsJson = Annotated[
    bool,
    typer.Option("--json", help="One JSON document on standard output; all else goes to stderr."),
]


def date_of(option: str, text: str | None) -> datetime | None:
    """The moment that an option names: a day, or an ISO date-time; in UTC unless it says else.

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
    return stamp
