"""Rows sorted by day in constant memory: first into buckets of neighbouring days, then each alone.

DuckDB would sort them too, but gives up when rows of long texts don't fit its memory ("failed to
pin block": 200,000 threads at a limit of 256 MB, version 2.0).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from connector.lakefile import Rows

HELD = 2000
"""Rows that are held at a time: 3.5 MB of threads."""

MOST = 200
"""Buckets: each is an open file, of which a process may have 1024. Larger loads fill them more."""

T = TypeVar("T")
Day = date | None
Days = Iterator[tuple[Day, Rows]]
"""The rows of each day in turn, made as they are asked for."""


def by_day(
    tables: Iterable[pa.Table], stamp: str, days: Sequence[tuple[Day, int]], folder: Path
) -> Days:
    """The rows of each UTC day of column `stamp`; those of one day before the next is asked for.

    `days` are the days that occur, ascending from None, with their numbers of rows. `folder`
    takes the buckets if there is more than one. A single day, of whatever size, streams through.
    """
    if len(days) == 1:
        yield days[0][0], tables
        return
    firsts = list(_firsts(days))
    if len(firsts) == 1:
        yield from _days(pa.concat_tables(tables), stamp)
        return
    paths = [folder / f"bucket-{number:05d}.arrow" for number in range(len(firsts))]
    _fill(tables, stamp, firsts, paths)
    sizes = dict(days)
    for first, path in zip(firsts, paths, strict=True):
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            if sizes[first] > HELD:
                yield first, reader
            else:
                yield from _days(reader.read_all(), stamp)
        path.unlink()


def _days(table: pa.Table, stamp: str) -> Days:
    for day, rows in _runs(table, stamp, lambda day: day):
        yield day, rows.to_batches()


def _firsts(days: Sequence[tuple[Day, int]]) -> Iterator[Day]:
    """The first day of each bucket; a day too large to be held has one to itself."""
    size = max(HELD, sum(count for _, count in days) // MOST)
    room = 0
    for day, count in days:
        if count > room:
            yield day
            room = size
        room -= count
        if count > HELD:
            room = 0


def _fill(
    tables: Iterable[pa.Table], stamp: str, firsts: Sequence[Day], paths: Sequence[Path]
) -> None:
    """Each row into the bucket of its day."""
    ranks = [_rank(first) for first in firsts]

    def bucket(day: Day) -> int:
        return bisect_right(ranks, _rank(day)) - 1

    with ExitStack() as stack:
        writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        for table in tables:
            for number, rows in _runs(table, stamp, bucket):
                if number not in writers:
                    sink = stack.enter_context(pa.OSFile(str(paths[number]), "wb"))
                    made = pa.ipc.new_stream(sink, table.schema)
                    writers[number] = stack.enter_context(made)
                writers[number].write_table(rows)


def _runs(table: pa.Table, stamp: str, of_day: Callable[[Day], T]) -> Iterator[tuple[T, pa.Table]]:
    """A table in the order of its days, cut where what comes of a day changes."""
    days = table[stamp].cast(pa.date32()).combine_chunks()
    order = pc.array_sort_indices(days, null_placement="at_start")
    runs = pc.run_end_encode(days.take(order))
    table, start = table.take(order), 0
    ends = zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True)
    for found, run in groupby(ends, lambda end: of_day(end[0])):
        *_, (_, end) = run
        yield found, table.slice(start, end - start)
        start = end


def _rank(day: Day) -> tuple[bool, date]:
    return day is not None, day or date.min
