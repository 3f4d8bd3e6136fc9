"""One file of the lake: Parquet, and how it is written."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from connector.durable import hidden_name
from schemas.arrow import KINDS

BUFFER = 1 << 18
"""Bytes that go to a file at once: column by column, each of them a few hundred, take 0.4 ms."""

Rows = Iterable[pa.Table | pa.RecordBatch]


def mark_of(schema: pa.Schema) -> str:
    """What tells files with the same columns from others, by name and by what they hold."""
    told = ",".join(schema.names).encode() + (schema.metadata or {}).get(KINDS, b"")
    return f"{zlib.crc32(told):08x}"


def write_hidden(path: Path, schema: pa.Schema, rows: Rows) -> tuple[int, int, int]:
    """Write a file that is not seen yet (`durable.reveal`); returns its rows, bytes and CRC-32."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with hidden_name(path).open("wb") as file:
        counted = _Counted(file)
        return _fill(counted, schema, rows), counted.bytes, counted.crc32


def crc32_of(path: Path) -> int:
    """What a file's `crc32` must be."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


class _Counted(io.RawIOBase):
    """What goes to a file, counted and summed on its way: nothing has to be read back."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.bytes = self.crc32 = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.crc32 = zlib.crc32(piece, self.crc32)
        self.bytes += len(piece)
        return self._file.write(piece)


def _fill(sink: _Counted, schema: pa.Schema, tables: Rows) -> int:
    rows = 0
    with (
        pa.output_stream(sink, buffer_size=BUFFER) as buffered,
        pq.ParquetWriter(buffered, schema, **_format(schema)) as writer,
    ):
        if schema.metadata:
            writer.add_key_value_metadata(schema.metadata)
        for table in tables:
            writer.write(table)
            rows += table.num_rows
    return rows


def _format(schema: pa.Schema) -> dict[str, Any]:
    """How a file is written: most hold one day's few rows, and what is said of them weighs most.

    Statistics of long texts, dictionaries of a dozen values and Arrow's own schema make such a
    file three times as large and twice as slow to write; dates and ids are what readers prune by.
    zstd takes two thirds of the space of snappy, but a millisecond to set up for so many columns.
    """
    pruned_by = {"id", "updated_at", "created_at", "_observed_at"}
    return {
        "compression": "snappy",
        "use_dictionary": False,
        "store_schema": False,
        "write_statistics": [name for name in schema.names if name in pruned_by],
    }
