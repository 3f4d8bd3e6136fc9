"""Tables of the lake's files, made by DuckDB alone: what the machine gives to `rebuild`.

    python copied.py DATA_DIR FOLDER STREAM...

It has all the memory that it wants, and checks no file, compares no key and derives nothing.
"""

from __future__ import annotations

import sys

import duckdb


def main(data_dir: str, folder: str, *streams: str) -> None:
    """Copy, down to the disk."""
    with duckdb.connect(f"{folder}/copied.duckdb") as con:
        for stream in streams:
            files = f"{data_dir}/lake/{stream}/*/*.parquet"
            con.execute(f"CREATE TABLE {stream} AS FROM read_parquet('{files}')")
        con.execute("CHECKPOINT")


if __name__ == "__main__":
    main(*sys.argv[1:])
