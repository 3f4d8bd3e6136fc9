"""Catalogues of other days: a stream that has columns of other kinds, and values to read by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from schemas import STREAMS, Column, Endpoint
from schemas.endpoint import Kind

TEXTS = ["", "x", "5", "true", "null", '{"id": "a"}', "[1", "2026-05-12T10:23:45.123Z"]
NO_STAMPS = ["infinity", "epoch", "2026-5-1", "10000-01-01", "9999-12-31T23:59:59-01:00"]
NUMBERS = [0, -5, 2.5, 1e300, 2**53, 2**53 + 1, 2**60, 2**70 + 1, 10**400]
LISTS: list[Any] = [[], ["a"], ["a", None], [1, {"a": 2}], [["a"]]]
OBJECTS = [{"id": "a"}, {"id": 5}, {"hubspot": "7", "front": None, "zendesk": 7}, {"x": {"y": []}}]
VALUES: list[Any] = [None, True, False, *TEXTS, *NO_STAMPS, *NUMBERS, *LISTS, *OBJECTS]


def having(**kinds: Kind | None) -> Endpoint:
    """Tags with further columns of some kinds; those of none are not declared."""
    tags = STREAMS["tags"]
    own = [column for column in tags.columns if column.name not in kinds]
    added = [Column(name, kind, "What it is") for name, kind in kinds.items() if kind]
    return replace(tags, columns=(*own[:2], *added, *own[2:]))


@contextmanager
def catalogue_with(endpoint: Endpoint) -> Iterator[None]:
    """The catalogue as it is when the stream is declared like this."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setitem(STREAMS, endpoint.stream, endpoint)
        yield
