"""One request and its answer, as values, before anything goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Request:
    """What somebody asked; `status` is 0 until it is answered, or if it never was."""

    method: str
    path: str
    query: dict[str, str]
    key_id: str | None
    status: int
    at: datetime
    request_id: str


@dataclass(slots=True)
class Answer:
    """A response: status, body, headers beside those that every response has."""

    status: int
    body: bytes
    media: str = "application/json; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
