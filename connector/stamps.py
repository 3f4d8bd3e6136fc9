"""Dates of any ISO 8601 form, to microseconds in UTC.

A date without an offset is taken as UTC; digits beyond microseconds are cut (REFERENCE, open
question 17).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow import STAMP

FIRST, LAST = "0001-01-02", "9999-12-31"
"""Between these days no offset leads out of the years 1 to 9999, where Python's dates end."""


def parse_stamp(text: object) -> datetime | None:
    """One date, or None if it is none that a table can hold.

    >>> parse_stamp("2026-05-12T10:23:45.123456789+02:00").isoformat()
    '2026-05-12T08:23:45.123456+00:00'
    >>> parse_stamp("2026-05-12").isoformat()
    '2026-05-12T00:00:00+00:00'
    >>> parse_stamp("soon")
    """
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text)
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def stamps(values: Sequence[str | None]) -> pa.Array | None:
    """A column of dates at once, or None if one of them needs a closer look.

    Arrow reads the usual forms twenty times faster. What it refuses (no offset, nine digits, a
    bare date) is left to `parse_stamp`; where both read a form, they agree (tested).
    """
    try:
        found = pa.array(values, pa.string()).cast(STAMP)
    except pa.ArrowInvalid:
        return None
    given = [value for value in values if value is not None]
    # Arrow goes further, and clients in Python couldn't follow. Told from the texts, since each
    # call to Arrow costs 70 us where threads wait for each other; the forms all begin with a day.
    inside = not given or (min(given) >= FIRST and max(given) < LAST)
    return found if inside else None


def span(values: Sequence[object]) -> tuple[datetime, datetime] | tuple[None, None]:
    """The first and the last of some dates; what is no date doesn't count.

    >>> [stamp.day for stamp in span(["2026-05-12", None, "soon", "2026-05-09T10:00:00Z"])]
    [9, 12]
    """
    texts = [value for value in values if isinstance(value, str)]
    with suppress(UnicodeEncodeError):
        if (found := stamps(texts)) is not None:
            first, last = pc.min_max(found).as_py().values()
            return first, last
    known = [stamp for stamp in map(parse_stamp, texts) if stamp is not None]
    return (min(known), max(known)) if known else (None, None)


def wire(stamp: datetime) -> str:
    """A date as the API is asked with: milliseconds and `Z`.

    >>> wire(datetime(2026, 5, 12, 10, 23, 45, 123999, UTC))
    '2026-05-12T10:23:45.123Z'
    """
    return (
        stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03d}Z"
    )
