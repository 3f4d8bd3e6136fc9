"""Tables that are made one after the other, as DuckDB reads them: without holding them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Streamed:
    """Each reader gets them from the first on. What makes them may not use its connection."""

    schema: pa.Schema
    tables: Callable[[], Iterator[pa.Table]]

    def __arrow_c_stream__(self, schema: object = None) -> object:
        """A new stream (Arrow's PyCapsule interface)."""
        batches = (batch for table in self.tables() for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(self.schema, batches).__arrow_c_stream__(schema)
