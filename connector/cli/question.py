"""Where a query comes from: an argument, a file, standard input, or the questions we know."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConfigurationError

if TYPE_CHECKING:
    from connector.questions import Question

STDIN = "-"
NAMED = "@"


def text_of(query: str | None, file: Path | None) -> str:
    """The SQL that is meant. Raises `ConfigurationError` if none, or more than one thing, is."""
    if file is not None:
        if query is not None:
            raise ConfigurationError("there is a query and a --file", todo="Give one of them")
        return _typed() if str(file) == STDIN else _read(file)
    if query is None:
        if sys.stdin.isatty():
            raise ConfigurationError(
                "there is no query",
                todo='Say `sql "FROM threads"`, `sql --file query.sql`, or `sql @` for a list',
            )
        return _typed()
    if query == STDIN:
        return _typed()
    return named(query.removeprefix(NAMED)).sql if query.startswith(NAMED) else _as_given(query)


def named(name: str) -> Question:
    """A question that we know. Raises `ConfigurationError` with the nearest names."""
    from difflib import get_close_matches

    from connector.questions import questions

    known = {question.name: question for question in questions()}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=3, cutoff=0.4)
    meant = f"Did you mean {' or '.join(f'@{one}' for one in near)}? " if near else ""
    raise ConfigurationError(
        f"there is no question @{name}", todo=f"{meant}`productlane-elt sql @` lists all of them"
    )


def _typed() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError("standard input is no text in UTF-8") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no text in UTF-8") from None
    except OSError as fault:
        raise ConfigurationError(f"{file} can't be read: {fault.strerror}") from None


def _as_given(query: str) -> str:
    """SQL; a file's name is none, and DuckDB's complaint about it would puzzle."""
    if query.endswith(".sql") and Path(query).is_file():
        raise ConfigurationError(f"{query} is a file", todo=f"Say --file {query}")
    return query
