"""A query, checked, and its answer, batch by batch: no more of it is held than one batch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

T = TypeVar("T")
Row = tuple[Any, ...]

ROWS = 10_000
"""Rows that are fetched at once."""

ARROW_ROWS = 100_000
"""The same as Arrow: each batch becomes a row group of a Parquet file."""


class Query:
    """What is asked. Statements before the last may prepare it: SET, CREATE TEMP TABLE.

    Files and extensions are out of reach: a query that was pasted from somewhere can't write.
    Raises `ConfigurationError` with DuckDB's own words where the query is at fault. To be closed:
    a file that anything holds open can't be opened by the same process again, which would wait.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, text: str) -> None:
        self._con, self._text = con, text
        self._open = ExitStack()
        self.aside = self._open.enter_context(closing(con.cursor()))
        """A second connection, for what is asked while rows of the answer are still waiting."""
        self.aside.execute("SET TimeZone = 'UTC'; SET explain_output = 'all'")
        con.execute("SET enable_external_access = false; SET lock_configuration = true")
        with ExitStack() as failed, blaming():
            failed.callback(self.close)
            *self._before, self._last = _only_one(con.extract_statements(text))
            failed.pop_all()

    def close(self) -> None:
        """Let go of what is open."""
        self._open.close()

    def answer(self) -> Answer:
        """The rows as Python values."""
        with blaming():
            stoppable(self._con, self._ask)
        return Answer(self._con)

    def _ask(self) -> None:
        from duckdb import StatementType

        from connector.cli.wording import in_words

        for statement in self._before:
            self._con.execute(statement)
        asks = self._last.type == StatementType.SELECT
        self._con.execute(in_words(self._con, self._last.query) if asks else self._last)

    def arrow(self) -> Arrow:
        """The rows as Arrow."""
        with blaming():
            relation = stoppable(self._con, lambda: self._con.sql(self._text))
            reader = stoppable(self._con, lambda: relation.to_arrow_reader(ARROW_ROWS))
        return Arrow(self._con, self._open.enter_context(reader))

    def tables(self) -> set[str]:
        """The tables that the last statement reads, also through views and macros; bare names.

        None where a statement before it prepares it: here, that was never carried out.
        """
        import duckdb
        import orjson

        try:
            plans = self.aside.execute(f"EXPLAIN (FORMAT json) {self._last.query}").fetchall()
        except duckdb.Error:
            return set()
        return set(_scanned(orjson.loads(plans[0][1]))) if plans else set()


def _scanned(plan: list[dict[str, Any]]) -> Iterator[str]:
    for node in plan:
        if table := node["extra_info"].get("Table"):
            yield table.rsplit(".", 1)[-1]
        yield from _scanned(node["children"])


class Answer:
    """The rows of an answer as Python values; `columns` are (name, DuckDB type)."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.columns = [(column[0], str(column[1])) for column in con.description or []]
        self.names = [name for name, _ in self.columns]

    def fetch(self, rows: int) -> list[Row]:
        """So many rows more; none at the end."""
        with blaming():
            return stoppable(self._con, lambda: self._con.fetchmany(rows)) if self.columns else []

    def __iter__(self) -> Iterator[Row]:
        while batch := self.fetch(ROWS):
            yield from batch


class Arrow:
    """The rows of an answer as Arrow batches, and the schema that they have in common."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader) -> None:
        self._con, self._reader = con, reader
        self.schema: pa.Schema = reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._next()) is not None:
            yield batch

    def _next(self) -> pa.RecordBatch | None:
        with blaming():
            return stoppable(self._con, lambda: next(self._reader, None))


def stoppable(con: duckdb.DuckDBPyConnection, act: Callable[[], T]) -> T:
    """Do what may take long, so that Ctrl-C ends it.

    DuckDB 2.0 looks for signals itself, but not in every phase of a query: three of eight queries
    that would have run for hours went on (measured). So a thread asks, and is told to end, again
    and again, since it may not have begun. A handler rather than `KeyboardInterrupt`: that could
    come between any two lines here. Outside the main thread no signal arrives; in the background
    Ctrl-C is ignored, and under a debugger somebody else decides.
    """
    if threading.current_thread() is not threading.main_thread():
        return act()
    if signal.getsignal(signal.SIGINT) != signal.default_int_handler:
        return act()
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(act)
            while not wait([done], timeout=0.05).done:
                if stopped.is_set():
                    con.interrupt()
    finally:
        signal.signal(signal.SIGINT, before)
    if stopped.is_set():
        raise KeyboardInterrupt
    return done.result()


def _only_one(statements: list[duckdb.Statement]) -> list[duckdb.Statement]:
    """One question has one answer: of several, all but the last would go unheard."""
    from duckdb import StatementType

    from connector.errors import ConfigurationError

    if not statements:
        raise ConfigurationError("the query is empty", todo='Ask something, like "FROM threads"')
    if any(one.type == StatementType.SELECT for one in statements[:-1]):
        raise ConfigurationError("there is more than one query", todo="Ask one at a time")
    return statements


@contextmanager
def blaming() -> Iterator[None]:
    """Say DuckDB's own words where a query fails, before its first row or after a million."""
    import duckdb

    from connector.errors import ConfigurationError

    try:
        yield
    except duckdb.Error as fault:
        raise ConfigurationError("the query can't be answered", todo=str(fault)) from None
    except OSError as fault:  # how Arrow passes on what DuckDB says
        raise ConfigurationError("the query can't be answered", todo=str(fault)) from None
