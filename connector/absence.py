"""Is a row gone? Absence from a complete walk counts, once it is not too good to be believed.

Where the API shows single rows, each absent one is asked for: 404, or 403 for a deleted resource,
is the certificate (REFERENCE, open question 7). Where it doesn't, the walk itself is; but if it
lacks a large share of the rows, they are held until a second walk lacks them too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connector import errors, records
from connector.client import Client
from connector.gone import Absence, Key, as_text
from schemas import Endpoint

FEW = 5
"""So few rows may vanish at once from a list without being held."""

LIARS = 3
"""So many absent rows found alive show that the list was wrong, when it lost a large share."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which absent rows are gone, and which are held to be live for now.

    `at`: when the last one was asked for; None if the walk alone decided.
    """

    gone: list[Key]
    held: list[Key]
    at: datetime | None = None


async def judge(
    client: Client,
    endpoint: Endpoint,
    absent: Absence,
    held_before: frozenset[str],
    brake: float,
) -> Verdict:
    """Decide about rows that a complete walk did not show."""
    if endpoint.detail:
        return await _ask_each(client, endpoint, absent.keys, _is_sudden(absent, brake))
    return by_certificate(absent, held_before, brake)


def by_certificate(absent: Absence, held_before: frozenset[str], brake: float) -> Verdict:
    """Decide where no row can be asked for by itself: the walk proves it, or it is held."""
    held = absent.doubtful
    if _is_sudden(absent, brake):
        held |= {key for key in absent.keys if as_text(key) not in held_before}
    return Verdict(
        [key for key in absent.keys if key not in held], [key for key in absent.keys if key in held]
    )


def _is_sudden(absent: Absence, brake: float) -> bool:
    return len(absent.keys) > FEW and len(absent.keys) > brake * absent.total


async def _ask_each(
    client: Client, endpoint: Endpoint, absent: Sequence[Key], sudden: bool
) -> Verdict:
    gone: list[Key] = []
    held: list[Key] = []
    # In batches, so that a list that lost everything by mistake is found out early.
    for start in range(0, len(absent), 16):
        batch = absent[start : start + 16]
        found = await asyncio.gather(*(is_gone(client, endpoint, key) for key in batch))
        for key, one_is_gone in zip(batch, found, strict=True):
            (gone if one_is_gone else held).append(key)
        if sudden and len(held) >= LIARS:
            return Verdict(gone, [*held, *absent[start + 16 :]], client.heard_at)
    return Verdict(gone, held, client.heard_at)


async def is_gone(client: Client, endpoint: Endpoint, key: Key) -> bool:
    """Ask for one row: 404, or 403 for a deleted one, says that it is gone."""
    named = dict(zip(endpoint.key, key, strict=True))
    path = str(endpoint.detail).format(id=quote(named.pop("id") or "", safe=""))
    params = {name: value for name, value in named.items() if value}
    try:
        row = await client.ask(
            path, params, lambda answer: records.parse(answer.body)[0], stream=endpoint.stream
        )
    except errors.NotFound:
        return True
    except errors.NotReadable as refusal:
        if isinstance(refusal, errors.NotOffered):
            return True
        raise
    return _is_another(endpoint, key, row)


def _is_another(endpoint: Endpoint, key: Key, row: Any) -> bool:
    """A translation that is gone is answered with its base, a company with whom absorbed it."""
    row = row.get("data", row) if isinstance(row, dict) else {}
    named = dict(zip(endpoint.key, key, strict=True))
    return isinstance(row, dict) and any(
        name in row and row[name] != value for name, value in named.items()
    )
