"""From bytes to records, changing nothing on the way.

The fast parser is believed only where it can prove itself: if writing what it read gives the very
bytes that came, then no key stood twice, no number was rounded and no text was bent. An API that
answers with `JSON.stringify` always passes. Anything else goes to the slow parser, which looks at
every object, and marks what JSON lets through but no table can hold.

Dead ends, measured on pages of 200 threads with all that comes after (16 us a record): msgspec with
a typed record that leaves nested values raw parses one in 1.7 us, but proof and digest need those
values parsed, each different one once: 14 us. pyarrow.json keeps no text of nested values, and
DuckDB's JSON doesn't notice a key that stands twice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import orjson

from connector.errors import BrokenAnswer

Record = dict[str, Any]


class Doubled(dict[str, Any]):
    """An object in which a key stood twice: which value counts is anybody's guess.

    `disputed` are the keys that stood for different values.
    """

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.disputed = {name for name, value in pairs if self[name] != value}


class NotANumber(float):
    """`NaN`, `Infinity`, or a number beyond what a double holds."""


DIGITS = 4000
"""Python reads no whole number of more than 4,300 digits, and none means anything."""


def parse(body: bytes) -> tuple[Any, bool]:
    """The JSON value of an answer, and whether it is proven to be exactly what was sent.

    Raises `BrokenAnswer` if it is no JSON.

    >>> parse(b'{"id":"a","size":10}')
    ({'id': 'a', 'size': 10}, True)
    >>> parse(b'{"id": "a", "size": 10}')
    ({'id': 'a', 'size': 10}, False)
    """
    try:
        value = orjson.loads(body)
        if orjson.dumps(value) == body:
            return value, True
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # the slow parser will say what is wrong
    return _parse_slowly(body), False


def _parse_slowly(body: bytes) -> Any:
    # A byte that is no UTF-8 becomes a lone surrogate, and so spoils its own row only.
    text = body.decode("utf-8", errors="surrogateescape")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=lambda text: int(text) if len(text) <= DIGITS else NotANumber(text),
            parse_constant=NotANumber,
        )
    except (ValueError, RecursionError):
        raise BrokenAnswer("the answer is not JSON", todo="Try again later") from None


def _object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    return record if len(record) == len(pairs) else Doubled(pairs)


def _float(text: str) -> float:
    number = float(text)
    return NotANumber(number) if math.isinf(number) else number


def dump(value: Any) -> str:
    """JSON text of a value without fault: compact, integers of any size kept."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def texts(values: Sequence[Any]) -> list[bytes | str | None]:
    """JSON text of each value without fault; null stays null."""
    try:
        return [None if value is None else orjson.dumps(value) for value in values]
    except orjson.JSONEncodeError:
        return [None if value is None else dump(value) for value in values]


def digest_forms(found: Sequence[Record]) -> list[bytes]:
    """The bytes that tell contents apart: keys sorted, since their order is no change."""
    try:
        return [orjson.dumps(record, option=orjson.OPT_SORT_KEYS) for record in found]
    except orjson.JSONEncodeError:
        return [_digest_form(record) for record in found]


def _digest_form(record: Record) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return text.encode()


def readable(value: Any) -> str:
    """JSON text of anything at all, for a person: what can't be kept is written as escapes."""
    return json.dumps(value, separators=(",", ":"))


def fault_of(value: Any) -> str:
    """Why a value of the slow parser can't be kept as it came, or '' if it can.

    >>> fault_of(parse(b'{"a": {"b": 1, "b": 2}}')[0])
    'a key stands twice in an object'
    """
    left = [value]  # and not by recursion: values are nested deeper than Python's stack is high
    while left:
        one = left.pop()
        if fault := _own_fault(one):
            return fault
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
    return ""


def _own_fault(value: Any) -> str:
    """The same without what is in it."""
    if isinstance(value, Doubled):
        return "a key stands twice in an object"
    if isinstance(value, NotANumber):
        return "a number is not finite"
    if isinstance(value, str) and not _is_unicode(value):
        return "text that is not Unicode"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
