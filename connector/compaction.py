"""Compaction: the small files of a folder become one, and every observation stays.

A sync every quarter of an hour leaves a file for each day that moved, and another for what it
asked under parents; a year of that is a hundred thousand files. The ledger's line is the commit
point, as with a landing: before it the old files count, after it the new ones, and whoever takes
the lake's lock next clears away what a crash has left of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from connector.lake import Lake
from connector.ledger import Compaction, LakeFile, Position, Run, Write
from connector.warehouse import Warehouse

MANY = 8
"""Fewer small files than this in a folder are left alone."""

SMALL = 8 << 20
"""Bytes: files from this size on are left alone."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """How many files have become how many."""

    before: int
    after: int


def compact(warehouse: Warehouse) -> Compacted:
    """Merge small files, in an open warehouse with the lake's lock held.

    Raises `DataDirError` where one of them is not what the ledger says it is; then all stay.
    """
    lake = warehouse.lake
    groups = list(_groups(lake))
    old = [file for group in groups for file in group]
    if not old:
        return Compacted(0, 0)
    walk, replaced = lake.next_walk(), tuple(file.path for file in old)
    lake.begin(walk, replaced)
    new = tuple(_merge(lake, walk, number, group) for number, group in enumerate(groups))
    warehouse.commit(Compaction(walk, datetime.now(UTC), new, replaced))
    return Compacted(len(old), len(new))


def _groups(lake: Lake) -> Iterator[list[LakeFile]]:
    """Small files that lie in one folder and have the same columns, where there are many.

    A file is not merged with one of another catalogue: only by its own columns is it seen what a
    value was, and that one may stand in `_extra` (`promotion`).
    """
    near: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
    for file in _living(lake):
        if file.bytes < SMALL:
            near[file.path.rpartition("/")[0], file.columns].append(file)
    alike = (same for group in near.values() if len(group) >= MANY for same in _alike(lake, group))
    yield from (group for group in alike if len(group) >= MANY)


def _alike(lake: Lake, group: list[LakeFile]) -> Iterator[list[LakeFile]]:
    """Files whose columns are of the same types, too: the mark of early ones tells names only.

    Raises `DataDirError` where one of them is not what the ledger says it is.
    """
    found: dict[pa.Schema, list[LakeFile]] = defaultdict(list)
    for file in group:
        lake.verify(file)
        found[pq.read_schema(lake.path(file))].append(file)
    yield from found.values()


def _living(lake: Lake) -> Iterator[LakeFile]:
    """The files that count, in the order in which they were written."""
    files: dict[str, LakeFile] = {}
    for entry, _ in lake.ledger.since(Position()):
        if isinstance(entry, Run | Write):
            continue
        files.update((file.path, file) for file in entry.files)
        for path in entry.replaced if isinstance(entry, Compaction) else ():
            del files[path]
    yield from files.values()


def _merge(lake: Lake, walk: str, number: int, group: list[LakeFile]) -> LakeFile:
    """One file with the rows of all. Groups of one folder need names of their own."""
    schema = pq.read_schema(lake.path(group[0]))
    return lake.write_again(group[0], f"{walk}-{number:06d}", schema, _rows(lake, group, schema))


def _rows(lake: Lake, group: list[LakeFile], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for file in group:
        with pq.ParquetFile(lake.path(file)) as source:
            for batch in source.iter_batches(batch_size=4096):
                yield batch.select(schema.names).cast(schema)
