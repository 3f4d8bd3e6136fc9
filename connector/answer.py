"""What a response says: its body and when, how much of the budget is left, how long to wait."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from connector import errors
from connector.refusal import refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """A response with status 200.

    `asked_at` and `answered_at` bracket the moment at which the API looked, by its own clock:
    the `Date` header has whole seconds, so `asked_at` is rounded down and never too late.
    """

    body: bytes
    request_id: str
    asked_at: datetime
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """What is said of the requests a minute: the limit, what remains, when it is over (Unix)."""

    limit: int | None
    remaining: int | None
    reset: int | None

    def seconds_left(self, now: datetime | None) -> float:
        """Seconds until it is over; 0 where it isn't said."""
        return self.reset - now.timestamp() if now and self.reset else 0.0


def answer_of(
    response: httpx.Response, elapsed: timedelta, params: Mapping[str, Any], stream: str
) -> Answer:
    """The answer; a response with another status is raised as what it says (`refusal`)."""
    if response.status_code != 200:
        raise refusal(response, params, stream)
    answered = said_at(response)
    if answered is None:
        raise errors.BrokenAnswer(
            "the answer has no Date header, by which windows are closed", stream=stream
        )
    return Answer(
        body=response.content,
        request_id=response.headers.get("X-Request-Id", ""),
        asked_at=(answered - elapsed).replace(microsecond=0),
        answered_at=answered,
    )


def said_at(response: httpx.Response) -> datetime | None:
    """The server's clock when it answered, if it says so."""
    with suppress(KeyError, ValueError):
        return _date(response.headers["Date"])
    return None


def _date(text: str) -> datetime:
    """A date of HTTP, in UTC; `-0000` says that it is, and Python that it isn't known."""
    date = parsedate_to_datetime(text)
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def limits_of(response: httpx.Response) -> Limits:
    """What the X-RateLimit headers say (REFERENCE 1.6)."""
    return Limits(*(_count(response, name) for name in ("Limit", "Remaining", "Reset")))


def _count(response: httpx.Response, name: str) -> int | None:
    """A number of the X-RateLimit headers; none where it is missing or absurd."""
    told = response.headers.get(f"X-RateLimit-{name}", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None


def retry_after(response: httpx.Response) -> float:
    """Seconds to wait, literally as told (REFERENCE 1.6); one second at the least."""
    told = response.headers.get("Retry-After", "")
    reset = response.headers.get("X-RateLimit-Reset", "")
    try:
        if told.strip().isdigit():
            return max(float(told), 1.0)
        date = _date(response.headers["Date"])
        until = _date(told) if told else datetime.fromtimestamp(float(reset), UTC)
        return max((until - date).total_seconds(), 1.0)
    except (KeyError, ValueError, OverflowError):
        return 10.0
