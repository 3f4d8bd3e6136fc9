"""Dates on the wire: how responses write them and how requests may (REFERENCE 1.3, 1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from connector.sandbox.clock import from_micros, to_micros

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_ELSEWHERE = timezone(timedelta(hours=2))


def parse(text: str) -> int | None:
    """Microseconds of an RFC 3339 date-time, or None if it is not one.

    >>> parse("1970-01-01T00:00:01.5Z"), parse("1970-01-01"), parse("1970-02-30T00:00:00Z")
    (1500000, None, None)
    """
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        return to_micros(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        return None


def _iso(micros: int, digits: str) -> str:
    return from_micros(micros).replace(tzinfo=None).isoformat(timespec=digits)


def _offset(micros: int) -> str:
    return from_micros(micros).astimezone(_ELSEWHERE).isoformat(timespec="milliseconds")


FORMS: dict[str, Callable[[int], str]] = {
    "millis": lambda micros: _iso(micros, "milliseconds") + "Z",
    "seconds": lambda micros: _iso(micros, "seconds") + "Z",
    "micros": lambda micros: _iso(micros, "microseconds") + "Z",
    "nanos": lambda micros: _iso(micros, "microseconds") + "000Z",
    "offset": _offset,
    "naive": lambda micros: _iso(micros, "milliseconds"),
}
"""How a stamp is written, by the reading `date_form`."""


def as_micros(value: object) -> object:
    """A moment given by a caller as the microseconds that rows keep; anything else unchanged."""
    if isinstance(value, datetime):
        return to_micros(value if value.tzinfo else value.replace(tzinfo=UTC))
    return value
