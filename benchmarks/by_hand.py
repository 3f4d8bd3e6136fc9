"""The same rows loaded by hand, by a program that proves and keeps nothing: a measure for ours.

    python by_hand.py URL FOLDER STREAM...     (the key in PRODUCTLANE_API_KEY)

A thread walks each list, all of it is parsed and written to one Parquet file as text, and DuckDB
makes a table of each file that has every `id` once. No types but the stamp's, no deletions, no
history, no days, nothing that a crash would leave behind. Prints the rows of each table as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import httpx
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

PAGES = 25
"""Pages a row group."""


def walk(client: httpx.Client, path: str) -> Iterator[list[dict[str, Any]]]:
    """The records of each page."""
    asked: dict[str, Any] = {"limit": 200}
    page = {"has_more": True}
    while page["has_more"]:
        answer = orjson.loads(client.get(path, params=asked).raise_for_status().content)
        yield answer["data"]
        page = answer["page"]
        asked["cursor"] = page["cursor"]


def as_table(records: list[dict[str, Any]], names: list[str]) -> pa.Table:
    """Texts as they are, everything else as JSON."""
    columns = [[as_text(record.get(name)) for record in records] for name in names]
    return pa.table([pa.array(column, pa.string()) for column in columns], names)


def as_text(value: object) -> str | None:
    """A value that fits a column of texts."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def fetch(client: httpx.Client, folder: Path, stream: str) -> None:
    """A list into a file; the first page says which columns there are."""
    pages = walk(client, f"/{stream}")
    records = next(pages)
    names = sorted({name for record in records for name in record})
    schema = pa.schema([(name, pa.string()) for name in names])
    with pq.ParquetWriter(folder / f"{stream}.parquet", schema) as writer:
        for number, page in enumerate(pages, 2):
            if number % PAGES == 0:
                writer.write_table(as_table(records, names))
                records = []
            records += page
        writer.write_table(as_table(records, names))


def load(con: duckdb.DuckDBPyConnection, folder: Path, stream: str) -> int:
    """A file into a table; returns its rows."""
    con.execute(
        f"CREATE TABLE {stream} AS "
        "SELECT * REPLACE (CAST(updated_at AS TIMESTAMPTZ) AS updated_at) "
        f"FROM '{folder}/{stream}.parquet' "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC) = 1"
    )
    return int(con.execute(f"SELECT count(*) FROM {stream}").fetchall()[0][0])


def main(url: str, target: str, *streams: str) -> None:
    """Load, and say how many rows there are."""
    folder = Path(target)
    key = {"Authorization": f"Bearer {os.environ['PRODUCTLANE_API_KEY']}"}
    with httpx.Client(base_url=url, headers=key) as client, ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda stream: fetch(client, folder, stream), streams):
            pass  # an error is raised here
    with duckdb.connect(str(folder / "by_hand.duckdb")) as con:
        rows = {stream: load(con, folder, stream) for stream in streams}
    sys.stdout.write(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
