"""Words that must not get out: planted where customers write, and looked for where nobody may.

The key belongs in no file at all. Customers' text belongs where the data are: in the Parquet files
and staged pages of the streams, in their tables, and in `meta.rejected_rows.record`, since a record
that no table can hold is data all the same.
"""

from __future__ import annotations

import json
import sqlite3
import traceback
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from connector.ledger import StreamOutcome
from connector.sandbox import Workspace
from schemas import STREAMS, Column

KEY = "pl_v2_canary5518"
TEXT = "canary7391"
WORDS = (KEY.removeprefix("pl_v2_"), TEXT)

STREAMS_OF_CUSTOMERS = ("threads", "thread_messages", "thread_comments", "contacts", "companies",
                "contact_portals")  # fmt: skip
"""The streams in which customers' text is planted."""

_UNFIT: dict[str, Any] = {
    "text": {"not a text": TEXT}, "number": TEXT, "flag": TEXT, "stamp": TEXT, "texts": [TEXT, 1],
    "json": TEXT, "ref": [TEXT], "ids": TEXT, "ids_by_system": [TEXT],
}  # fmt: skip
"""For each kind of column a value that it can't hold, or that its tables don't expect."""


def plant(space: Workspace) -> None:
    """Put customers' text where they write it, and where none belongs."""
    thread, spoilt, doubled, keyless, odd, plain = space.ids("threads")[:6]
    space.update("threads", thread, title=f"Title {TEXT}", text=f"<p>{TEXT}</p>")
    space.add_message(thread, text=TEXT, subject=TEXT, **{"from": f"{TEXT}@mail.example"})
    space.add_comment(thread, content=TEXT)
    contact, unfit = space.ids("contacts")[:2]
    space.update("contacts", contact, email=f"{TEXT}@mail.example", name=TEXT)
    space.update("companies", space.ids("companies")[0], name=TEXT, domains=[TEXT])
    for stream in ("threads", "contacts", "companies", "thread_messages"):
        space.schema_change(stream, add={"mood": {"said": TEXT}})
    space.put_raw("threads", spoilt, _unfit("threads", spoilt))
    space.put_raw("contacts", unfit, _unfit("contacts", unfit))
    space.put_raw("threads", doubled, f'{{"id": "{doubled}", "title": 1, "title": "{TEXT}"}}')
    space.put_raw("threads", keyless, f'{{"title": "{TEXT}"}}')
    space.put_raw("threads", odd, f'"{TEXT}"')
    space.put_raw("threads", plain, f'{{"id": "{plain}", "title": "\\ud800 {TEXT}"}}')


def _unfit(stream: str, key: str) -> str:
    def value(column: Column) -> Any:
        return key if column.name == "id" else _UNFIT[column.kind]

    return json.dumps({column.name: value(column) for column in STREAMS[stream].columns})


def told(error: BaseException) -> str:
    """All that an error says, to whoever shows it: with its traceback, causes and fields."""
    shown = "".join(traceback.format_exception(error))
    chain: list[BaseException] = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) and below not in chain:
        chain.append(below)
    ours = [f"{one!r} {vars(one)}" for one in chain if not _is_silenced(one, chain)]
    return "\n".join([shown, *ours])


def _is_silenced(error: BaseException, chain: list[BaseException]) -> bool:
    """Only the context of an error that was raised `from None`: nobody shows it."""
    return any(
        one.__context__ is error and one.__cause__ is not error and one.__suppress_context__
        for one in chain
    )


class Heard:
    """A `Progress` that keeps all that it is told."""

    def __init__(self) -> None:
        self.text = ""

    def began(self, streams: list[str]) -> None:
        self.text += f"{streams}\n"

    def expects(self, stream: str, requests: int, pace: int) -> None:
        self.text += f"{stream} {requests} {pace}\n"

    def went_on(self, stream: str, rows: int, requests: int, note: str) -> None:
        self.text += f"{stream} {rows} {requests} {note}\n"

    def ended(self, outcome: StreamOutcome) -> None:
        self.text += f"{outcome}\n"

    def said(self, text: str) -> None:
        self.text += f"{text}\n"


def in_text(text: str) -> list[str]:
    """The words found in a text, each with what stands around it."""
    return [
        f"{word}: ...{text[max(at - 80, 0) : at + 40]}..."
        for word in WORDS
        if (at := text.lower().find(word)) >= 0
    ]


def in_traces(data_dir: Path) -> list[str]:
    """The words in what a data directory keeps beside the data: records, locks, notes, `meta`."""
    beside = [path for path in _files(data_dir) if path.suffix not in DATA]
    found = [f"{path}: {word}" for path in beside for word in in_text(_text(path))]
    for path in (path for path in _files(data_dir) if path.suffix == ".duckdb"):
        found += [f"{path}: {word}" for row in _meta(path) for word in in_text(row)]
    return found


def in_files(folder: Path) -> list[str]:
    """The words in any file of a folder that holds no data."""
    return [f"{path}: {word}" for path in _files(folder) for word in in_text(_text(path))]


def key_in_data(data_dir: Path) -> list[Path]:
    """Files with the key in them, as they are or as they are read."""
    return [path for path in _files(data_dir) if WORDS[0] in f"{_text(path)}{_read(path)}".lower()]


DATA = (".parquet", ".arrow", ".duckdb")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _text(path: Path) -> str:
    """A file as it is, and a database of SQLite as it is read, too: pages cut texts in two."""
    raw = path.read_bytes()
    text = raw.decode("utf-8", errors="replace")
    if raw.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(path)) as con:
            text += "\n".join(con.iterdump())
    return text


def _read(path: Path) -> str:
    """What a file of data holds, where compression hides it."""
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            return "\n".join(_rows(con, _tables(con, "true")))
    return ""


def _meta(path: Path) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        for table in _tables(con, "schema_name = 'meta'"):
            own = "SELECT * EXCLUDE (record)" if "rejected_rows" in table else "SELECT *"
            yield from _rows(con, [f"({own} FROM {table})"])


def _tables(con: duckdb.DuckDBPyConnection, which: str) -> list[str]:
    found = con.execute(
        f"SELECT schema_name, table_name FROM duckdb_tables() WHERE {which}"
    ).fetchall()
    return [f'"{schema}"."{table}"' for schema, table in found]


def _rows(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> Iterator[str]:
    for table in tables:
        for row in con.execute(f"FROM {table}").fetchall():
            yield str(row)
