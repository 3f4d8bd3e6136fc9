"""The warehouse as its readers open it: the published file, read-only, whole and never changing.

For whoever only reads. It imports nothing of the engine, so that looking is quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from connector.errors import ConfigurationError, DataDirError

PUBLISHED = "productlane.duckdb"
"""The file in the data directory; `connector.warehouse` puts it there."""


class NotYet(ConfigurationError):
    """Nothing has been published so far."""


@contextmanager
def reading(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, with times in UTC. A sync may publish meanwhile: this copy stays.

    Raises `NotYet` where there is none, `DataDirError` where it is damaged.
    """
    path = data_dir / PUBLISHED
    if not path.exists():
        raise NotYet(f"there is no warehouse in {data_dir} yet", todo="`productlane-elt sync`")
    try:
        con = duckdb.connect(str(path), read_only=True)
        con.execute("SET TimeZone = 'UTC'; FROM meta.ledger_position")
    except duckdb.Error as fault:
        raise DataDirError(
            f"{path} can't be read: {str(fault).splitlines()[0]}",
            todo="`productlane-elt rebuild` makes it again from the lake",
        ) from None
    try:
        yield con
    finally:
        con.close()
