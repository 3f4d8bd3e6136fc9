"""A column that is declared later, or whose kind is corrected: the lake keeps the past."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from connector.compaction import Compacted, compact
from connector.durable import reveal
from connector.lake import Lake
from connector.lakefile import mark_of, write_hidden
from connector.ledger import LakeFile, Landing, Position
from connector.warehouse import opened, rebuild
from schemas import STREAMS
from schemas.endpoint import Kind
from tests.bench import Bench
from tests.engine.catalogues import VALUES, catalogue_with, having
from tests.engine.export import export
from tests.few import few

Make = Callable[..., Bench]

CHANGES: list[tuple[Kind | None, Kind | None]] = [
    (None, "number"),
    ("text", "json"),
    ("number", "text"),
    (None, "ref"),
    ("number", None),
    ("text", "stamp"),
    ("json", "text"),
    ("json", "ref"),
    ("json", "ids_by_system"),
    ("ref", "flag"),
    ("ids_by_system", None),
    ("texts", "json"),
]


FIELDS = ("one", "two", "three")


def read_odd_values(at: Bench, kind: Kind | None) -> None:
    """Sync tags that hold all the odd values, with a catalogue that declares their columns so."""
    rows = iter(VALUES[1:])
    for row in at.box.workspace.ids("tags"):
        record = {"id": row} | dict(zip(FIELDS, rows, strict=False))
        at.box.workspace.put_raw("tags", row, json.dumps(record))
    assert not list(rows)
    with catalogue_of(kind):
        at.sync("tags")


def catalogue_of(kind: Kind | None) -> AbstractContextManager[None]:
    return catalogue_with(having(**dict.fromkeys(FIELDS, kind)))


def tags(at: Bench) -> list[tuple[Any, ...]]:
    own = "_walk, _request_id, _synced_at, _valid_from"
    return at.query(f"SELECT * EXCLUDE ({own}) FROM main.tags ORDER BY id")


def afresh(at: Bench, folder: Path) -> Bench:
    """The same workspace, read by today's catalogue alone."""
    other = Bench(at.box, replace(at.settings, data_dir=folder))
    other.sync("tags")
    return other


def as_of_the_first_release(at: Bench) -> None:
    """Let no file note its kinds, and the ledger mark all of them alike."""
    lake = Lake(at.settings.data_dir)
    for path in (lake.root / "_walks").glob("*.jsonl"):
        entries = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        for entry in entries:
            if "files" in entry:
                entry["files"] = [_rewritten(lake, LakeFile(**one)) for one in entry["files"]]
        path.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in entries))
    shutil.rmtree(at.settings.data_dir / "_work")


def _rewritten(lake: Lake, file: LakeFile) -> dict[str, Any]:
    path = Path(lake.path(file))
    table = pq.ParquetFile(path).read()
    path.unlink()
    written = write_hidden(path, table.schema.remove_metadata(), [table])
    reveal([path])
    return asdict(LakeFile(file.path, file.kind, file.stream, *written, "00000000"))


def rebuilt(at: Bench) -> list[tuple[Any, ...]]:
    rebuild(Lake(at.settings.data_dir))
    export(at)
    return tags(at)


@pytest.mark.parametrize(("old", "new"), few(CHANGES, 3))
def test_a_rebuild_gives_what_the_new_catalogue_would_have_read(
    at_bench: Bench, tmp_path: Path, old: Kind | None, new: Kind | None
) -> None:
    read_odd_values(at_bench, old)
    with catalogue_of(new):
        assert rebuilt(at_bench) == tags(afresh(at_bench, tmp_path / "afresh"))


TOLD = [one for one in CHANGES if one != ("json", "text")]


@pytest.mark.parametrize(("old", "new"), few([("json", "json"), ("ref", "ref"), *TOLD], 3))
def test_a_lake_of_the_first_release_is_read_by_what_its_files_tell(
    at_bench: Bench, tmp_path: Path, old: Kind | None, new: Kind | None
) -> None:
    """Whether a text is one or JSON they don't tell, and no value is lost by that."""
    read_odd_values(at_bench, old)
    as_of_the_first_release(at_bench)
    with catalogue_of(new):
        found, decoded = rebuilt(at_bench), tags(afresh(at_bench, tmp_path / "afresh"))
    if old == "text":
        found, decoded = ([[v is None for v in row] for row in rows] for rows in (found, decoded))
    assert found == decoded


def test_json_of_the_first_release_is_text_where_the_catalogue_says_so(at_bench: Bench) -> None:
    read_odd_values(at_bench, "json")
    before = at_bench.query("SELECT one::VARCHAR, two::VARCHAR FROM tags ORDER BY id")
    as_of_the_first_release(at_bench)
    with catalogue_of("text"):
        rebuilt(at_bench)
        assert at_bench.query("SELECT one, two FROM tags ORDER BY id") == before


def test_files_of_two_catalogues_are_read_together(at_bench: Bench, tmp_path: Path) -> None:
    """Rows that are read once and again, and such as are gone since."""
    at = at_bench
    rows = at.box.workspace.ids("tags")
    read_odd_values(at, "number")
    at.pass_time()
    at.box.workspace.delete("tags", rows[0])
    with catalogue_of("number"):
        at.sync("tags", full=True)
    at.pass_time()
    for row in rows[3:6]:
        at.box.workspace.put_raw("tags", row, json.dumps({"id": row, "one": "news"}))
    with catalogue_of("text"):
        at.sync("tags")
        assert rebuilt(at) == tags(afresh(at, tmp_path / "afresh"))
        gone = at.query(f"""SELECT _deleted, one, _extra FROM history.tags
            WHERE id = '{rows[0]}' ORDER BY _valid_from""")
        assert gone == [(x, None, '{"one":true,"two":false}') for x in (False, True)]
        assert at.query("SELECT count(*) FROM history.tags WHERE one = 'news'") == [(3,)]


def test_what_todays_catalogue_wrote_is_known_by_its_mark_alone(at_bench: Bench) -> None:
    """Then no file has to be opened to see whether it has the columns of today."""
    at = at_bench
    at.sync("tags", "threads")
    for stream in ("tags", "threads"):
        at.box.workspace.delete(stream, at.box.workspace.ids(stream)[0])
    at.pass_time()
    at.sync("tags", "threads", full=True)
    entries = [entry for entry, _ in Lake(at.settings.data_dir).ledger.since(Position())]
    files = [file for entry in entries if isinstance(entry, Landing) for file in entry.files]
    own = [file for file in files if file.kind in ("rows", "deletions")]
    assert {file.kind for file in own} == {"rows", "deletions"}
    for file in own:
        endpoint = STREAMS[file.stream]
        schema = endpoint.schema if file.kind == "rows" else endpoint.deletions
        assert file.columns == mark_of(schema)


@pytest.mark.parametrize("early", few([True, False], 1))
def test_a_compaction_merges_no_files_of_two_catalogues(at_bench: Bench, early: bool) -> None:
    at, row = at_bench, at_bench.box.workspace.ids("tags")[0]
    for kind in ("number", "text"):
        for number in range(8):
            at.box.workspace.put_raw("tags", row, json.dumps({"id": row, "one": number}))
            with catalogue_of(kind):  # type: ignore[arg-type]
                at.sync("tags")
            at.pass_time(1)
    if early:
        as_of_the_first_release(at)
    with catalogue_of("text"):
        before = export(at)
        with opened(Lake(at.settings.data_dir)) as warehouse:
            assert compact(warehouse) == Compacted(16, 2)
        rebuild(Lake(at.settings.data_dir))
        assert export(at) == before
