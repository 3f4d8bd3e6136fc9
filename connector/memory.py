"""How a process that syncs uses its memory."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

# Arrow's own allocator keeps a hundred megabytes that it has no use for any more (measured).
pa.set_memory_pool(pa.system_memory_pool())

_C = ctypes.CDLL(None)
_trim = getattr(_C, "malloc_trim", None)

ARENAS = 2
"""Heaps that threads share. With one for each, what one of them freed lies about while another asks
for more: 20 MB of a first load of a million. A single one is a tenth slower."""

LARGE = 1 << 20
"""Bytes from which on memory goes back as soon as it is free. Left alone, glibc raises this to the
largest that was ever freed, and days of rows that were sorted leave 15 MB of holes."""

if _set := getattr(_C, "mallopt", None):
    # M_ARENA_MAX, M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of glibc's malloc.h; other systems have
    # no such function, or don't know the numbers and leave everything as it is.
    for _parameter, _value in ((-8, ARENAS), (-3, LARGE), (-1, 4 * LARGE)):
        _set(_parameter, _value)


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for cycles of garbage less often.

    Records are trees that go when nobody needs them; to look for cycles among a page's two thousand
    objects every 700 of them takes 7 % of a first load (measured).
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


MANY = 10_000
"""Rows that leave something behind."""


def give_back(rows: int) -> None:
    """Return to the system what was freed by handling so many rows; it lies about in pieces.

    Of a million, 60 MB. To look takes 10 ms: nothing for them, but much for a sync of 24 streams
    that find nothing new.
    """
    if rows >= MANY and _trim is not None:
        _trim(0)
