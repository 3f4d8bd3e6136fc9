"""The proof: tables and lake hold what the API lists, row by row and field by field.

Three claims, each on its own legs: `main` equals what the workspace lists; the derived tables
follow from it; and the Parquet files alone, read without the warehouse, say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb

from connector.demo import expected
from connector.demo.expected import Key, Row
from schemas import STREAMS, Endpoint

SHOWN = 5
"""Differences told per claim: the first few show what is wrong."""


class Oracle(Protocol):
    """Whoever knows what the API lists now; the sandbox's workspace does."""

    def live(self, stream: str) -> list[Any]:
        """All records of a stream."""


@dataclass(slots=True)
class Proof:
    """What was compared, and what differs: nothing, if all is well.

    `tables`, `rows` and `values` are those of the streams; what is derived of them comes on top.
    """

    tables: int = 0
    rows: int = 0
    values: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Is everything equal?"""
        return not self.differences

    def differ(self, found: Iterable[str]) -> None:
        """Note the first few differences."""
        self.differences += list(found)[:SHOWN]


def prove(
    oracle: Oracle, con: duckdb.DuckDBPyConnection, lake: Path, streams: Iterable[str] = STREAMS
) -> Proof:
    """Compare the published warehouse and the lake with what the API lists."""
    proof = Proof()
    for stream in streams:
        should = expected.rows_of(stream, oracle.live(stream))
        _prove_table(proof, con, stream, should)
        _prove_derived(proof, con, stream, should)
        _prove_lake(proof, con, lake, STREAMS[stream])
    return proof


def _prove_table(
    proof: Proof, con: duckdb.DuckDBPyConnection, stream: str, should: dict[Key, Row]
) -> None:
    found = _table(con, stream)
    have = {tuple(row[name] for name in STREAMS[stream].key): row for row in found}
    proof.tables += 1
    proof.rows += len(should)
    proof.values += sum(map(len, should.values()))
    if len(found) != len(have):
        proof.differ([f"main.{stream} has {len(found) - len(have)} rows twice"])
    proof.differ(f"main.{stream} lacks {key}" for key in should.keys() - have.keys())
    proof.differ(f"main.{stream} has {key} too many" for key in have.keys() - should.keys())
    proof.differ(
        f"main.{stream} {key}: {name} is {have[key][name]!r}, should be {value!r}"
        for key in should.keys() & have.keys()
        for name, value in should[key].items()
        if have[key][name] != value
    )


def _table(con: duckdb.DuckDBPyConnection, stream: str) -> list[Row]:
    names = [name for name, _, _ in STREAMS[stream].stored()] + ["_extra"]
    columns = ", ".join(f'"{name}"' for name in names)
    rows = con.execute(f"SELECT {columns} FROM main.{stream}").fetchall()
    as_json = expected.json_columns(stream)
    return [expected.parsed(dict(zip(names, row, strict=True)), as_json) for row in rows]


def _prove_derived(
    proof: Proof, con: duckdb.DuckDBPyConnection, stream: str, should: dict[Key, Row]
) -> None:
    rows = list(should.values())
    if stream in expected.ENTITY:
        wanted = set(expected.external_ids(stream, rows))
        query = f"FROM main.external_ids WHERE entity_type = '{expected.ENTITY[stream]}'"
        _prove_set(proof, con, query, wanted)
    if stream == "threads":
        _prove_set(proof, con, "FROM main.thread_tags", set(expected.thread_tags(rows)))


def _prove_set(
    proof: Proof, con: duckdb.DuckDBPyConnection, query: str, wanted: set[tuple[Any, ...]]
) -> None:
    found = con.execute(query).fetchall()
    if sorted(found, key=repr) != sorted(wanted, key=repr):
        proof.differ([f"{query}: {sorted(set(found) ^ wanted, key=repr)[:SHOWN]} differ"])


def _prove_lake(
    proof: Proof, con: duckdb.DuckDBPyConnection, lake: Path, endpoint: Endpoint
) -> None:
    key = ", ".join(f'"{name}"' for name in endpoint.key)
    table = con.execute(f"SELECT {key}, _hash FROM main.{endpoint.stream}").fetchall()
    versions = latest_in_lake(lake, endpoint)
    if sorted(table, key=repr) != sorted(versions, key=repr):
        apart = sorted(set(table) ^ set(versions), key=repr)[:SHOWN]
        proof.differ([f"lake/{endpoint.stream} and main.{endpoint.stream} differ in {apart}"])


def latest_in_lake(lake: Path, endpoint: Endpoint) -> list[tuple[Any, ...]]:
    """Key and hash of each row's version that counts, from the Parquet files alone."""
    key = ", ".join(f'"{name}"' for name in endpoint.key)
    stamp = "updated_at" if endpoint.asked == "window" else "NULL::TIMESTAMPTZ"
    sources = " UNION ALL ".join(
        f"SELECT {key}, _hash, _observed_at, _walk, {stamp} AS stamp, {gone} AS gone "
        f"FROM read_parquet({files!r}, hive_partitioning = false)"
        for gone, folder in (("false", endpoint.stream), ("true", f"_deletions/{endpoint.stream}"))
        if (files := sorted(map(str, (lake / folder).rglob("*.parquet"))))
    )
    if not sources:
        return []
    with duckdb.connect() as files_only:
        return files_only.execute(f"""
            SELECT {key}, _hash FROM (
                FROM ({sources}) QUALIFY row_number() OVER (
                    PARTITION BY {key}
                    ORDER BY _observed_at DESC, _walk DESC, stamp DESC NULLS LAST, _hash DESC) = 1)
            WHERE NOT gone""").fetchall()
