"""The tables are a function of the set of observations: B12, every landing order."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector import tables
from connector.bookkeeping import create_bookkeeping
from connector.history import create_history
from connector.versions import apply, parquet
from schemas import STREAMS
from schemas.arrow import STAMP
from tests.few import few

TAGS = STREAMS["tags"]
T0 = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """One observation of a tag: when, by which walk, with which stamp and content, or gone."""

    at: int
    walk: int
    stamp: int | None
    content: str
    gone: bool = False
    row: str = "a"


def write(path: Path, seen: list[Seen]) -> str:
    schema = TAGS.schema
    if seen[0].gone:
        schema = schema.append(pa.field("_last_seen_at", STAMP)).append(
            pa.field("_noticed_at", STAMP)
        )
    rows = [
        {
            "id": one.row,
            "name": one.content,
            "updated_at": None if one.stamp is None else T0 + timedelta(seconds=one.stamp),
            "_hash": one.content,
            "_observed_at": T0 + timedelta(seconds=one.at),
            "_walk": f"{one.walk:04d}",
        }
        for one in seen
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return str(path)


def land(folder: Path, landings: list[list[Seen]]) -> tuple[list[object], list[object]]:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute("CREATE SCHEMA past; CREATE SCHEMA history; CREATE SCHEMA meta")
    for statement in create_bookkeeping():
        con.execute(statement)
    for statement in [*tables.create_tables(TAGS), *create_history(TAGS)]:
        con.execute(statement)
    for number, landing in enumerate(landings):
        alive = [one for one in landing if not one.gone]
        gone = [one for one in landing if one.gone]
        rows = [parquet([write(folder / f"{number}.parquet", alive)])] if alive else []
        deletions = [parquet([write(folder / f"{number}d.parquet", gone)])] if gone else []
        apply(
            con,
            TAGS,
            rows.__iter__,
            deletions.__iter__,
        )
    main = con.sql("SELECT id, name, _synced_at, _valid_from FROM main.tags ORDER BY ALL")
    history = con.sql("""SELECT id, name, _deleted, _valid_from, _valid_to, _observed_at
        FROM history.tags ORDER BY ALL""")
    return main.fetchall(), history.fetchall()


def model(landings: list[list[Seen]]) -> list[tuple[str, str]]:
    """Ten lines that say which content counts: the newest observation, unless it says gone."""
    newest: dict[str, Seen] = {}
    for one in itertools.chain.from_iterable(landings):
        known = newest.get(one.row)
        if known is None or order(one) > order(known):
            newest[one.row] = one
    return sorted((row, one.content) for row, one in newest.items() if not one.gone)


def order(one: Seen) -> tuple[int, int, int, str]:
    return (one.at, one.walk, -1 if one.stamp is None else one.stamp, one.content)


CASES = {
    "a stamp that moves back is believed": [
        [Seen(1, 1, 10, "x")],
        [Seen(2, 2, 20, "y")],
        [Seen(3, 3, 5, "z")],
    ],
    "a silent change and back": [
        [Seen(1, 1, 10, "x")],
        [Seen(2, 2, 10, "y")],
        [Seen(3, 3, 10, "x")],
    ],
    "deleted and back": [
        [Seen(1, 1, 10, "x")],
        [Seen(5, 2, 10, "x", gone=True)],
        [Seen(9, 3, 10, "x")],
    ],
    "deleted in a walk that began before the row was read again": [
        [Seen(1, 1, 10, "x")],
        [Seen(5, 2, 10, "x", gone=True)],
        [Seen(6, 3, 10, "x")],
    ],
    "the same second, told apart by the walk": [
        [Seen(1, 1, 10, "x")],
        [Seen(1, 2, 5, "y")],
        [Seen(1, 3, 7, "z")],
    ],
    "no stamps at all": [[Seen(1, 1, None, "x")], [Seen(2, 2, None, "y")], [Seen(3, 3, None, "y")]],
    "two contents of one row in one landing": [
        [Seen(1, 1, 10, "x"), Seen(2, 2, 20, "y")],
        [Seen(3, 3, 20, "y")],
        [Seen(4, 4, 4, "w")],
    ],
}


@pytest.mark.parametrize("case", few(CASES, 4))
def test_b12_every_landing_order_gives_the_same_tables(tmp_path: Path, case: str) -> None:
    landings = CASES[case]
    results = [land(tmp_path, list(some)) for some in itertools.permutations(landings)]
    assert all(result == results[0] for result in results)
    assert [(row[0], row[1]) for row in results[0][0]] == model(landings)  # type: ignore[index]
    together = land(tmp_path, [[o for one in landings for o in one if not o.gone]])
    if not any(o.gone for one in landings for o in one):
        assert together == results[0]


@pytest.mark.parametrize("seed", few(range(8)))
def test_b12_random_observations_in_random_order_give_what_the_model_gives(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    landings = []
    for walk in range(1, 9):
        at = rng.randrange(1, 12)
        gone = rng.random() < 0.25
        landings.append(
            [
                Seen(at, walk, rng.choice([None, 1, 5, at]), rng.choice("xyz"), gone, row)
                for row in rng.sample("abcd", k=rng.randrange(1, 4))
            ]
        )
    first = land(tmp_path, landings)
    assert [(row[0], row[1]) for row in first[0]] == model(landings)  # type: ignore[index]
    for _ in range(3):
        rng.shuffle(landings)
        assert land(tmp_path, landings) == first


def test_versions_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    _, history = land(tmp_path, CASES["deleted in a walk that began before the row was read again"])
    spans = [(row[3], row[4]) for row in sorted(history, key=lambda r: r[5])]  # type: ignore[index]
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert spans[-1][1] is None
