"""An empty warehouse, as the statements that make it.

The views of `analytics` are not among them: see there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from connector import bookkeeping, evidence, history, tables
from schemas import STREAMS, Endpoint


def create_all() -> Iterator[str]:
    """Every statement, in order."""
    yield "CREATE SCHEMA past; CREATE SCHEMA history; CREATE SCHEMA meta"
    yield from bookkeeping.create_bookkeeping()
    for endpoint in STREAMS.values():
        yield from tables.create_tables(endpoint)
        yield from history.create_history(endpoint)
    yield from history.create_derived_history()
    yield from evidence.create_evidence()


def fingerprint() -> str:
    """Tells one shape of the warehouse from another; comments and all."""
    return _fingerprint(tuple(STREAMS.values()))


@lru_cache(maxsize=1)
def _fingerprint(_: tuple[Endpoint, ...]) -> str:
    return hashlib.sha256("\n".join(create_all()).encode()).hexdigest()[:16]
