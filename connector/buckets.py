"""Rows sorted by day in constant memory: first into buckets of neighbouring days, then each alone.

DuckDB would sort them too, but gives up when rows of long texts don't fit its memory ("failed to
pin block": 200,000 threads at a limit of 256 MB, version 2.0).
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

HELD = 10_000
"""Rows that are held at a time: 15 MB of threads."""

Day = str | None
DayRows = tuple[Day, Iterable[pa.RecordBatch]]


def by_day(
    batches: Iterable[pa.RecordBatch], days: Sequence[tuple[Day, int]], folder: Path
) -> Iterator[DayRows]:
    """The rows of each day in turn, without their last column, which says the day.

    `days` are the days that occur, ascending, with their numbers of rows. `folder` takes the
    buckets if there is more than one.
    """
    firsts = list(_firsts(days))
    if len(firsts) <= 1:
        yield from _sorted(pa.Table.from_batches(batches) if days else None)
        return
    paths = [folder / f"bucket-{number:05d}.arrow" for number in range(len(firsts))]
    _fill(batches, firsts, paths)
    sizes = dict(days)
    for first, path in zip(firsts, paths, strict=True):
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
            if sizes[first or None] > HELD:
                yield first or None, (_without_day(batch) for batch in reader)
            else:
                yield from _sorted(reader.read_all())
        path.unlink()


def _firsts(days: Sequence[tuple[Day, int]]) -> Iterator[str]:
    """The first day of each bucket; a day too large to be held has one to itself."""
    room = 0
    for day, count in days:
        if count > room:
            yield day or ""
            room = HELD
        room -= count
        if count > HELD:
            room = 0


def _fill(batches: Iterable[pa.RecordBatch], firsts: list[str], paths: list[Path]) -> None:
    """Each row into the bucket of its day."""
    with ExitStack() as stack:
        writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        for batch in batches:
            buckets = pa.array([_bucket(firsts, day) for day in batch["_day"].to_pylist()])
            for number in pc.unique(buckets).to_pylist():
                if number not in writers:
                    sink = stack.enter_context(pa.OSFile(str(paths[number]), "wb"))
                    made = pa.ipc.new_stream(sink, batch.schema)
                    writers[number] = stack.enter_context(made)
                writers[number].write_batch(batch.filter(pc.equal(buckets, number)))


def _bucket(firsts: list[str], day: Day) -> int:
    return bisect_right(firsts, day or "") - 1


def _sorted(table: pa.Table | None) -> Iterator[DayRows]:
    if table is not None:
        # In one piece: thousands of small chunks would make every file ten times as slow.
        for day, rows in _runs(table.combine_chunks().sort_by("_day").combine_chunks()):
            yield day, [_without_day(batch) for batch in rows.to_batches()]


def _runs(table: pa.Table) -> Iterator[tuple[Day, pa.Table]]:
    """A table that is sorted by day, cut where the day changes."""
    runs = pc.run_end_encode(table.column("_day").combine_chunks())
    ends = runs.run_ends.to_pylist()
    for day, start, end in zip(
        runs.values.to_pylist(), itertools.chain([0], ends), ends, strict=False
    ):
        yield day, table.slice(start, end - start)


def _without_day(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(batch.schema.names[:-1])
