"""A round: parents that are asked under side by side, and what came of them, to be landed at once.

What was asked under which parent, and what the parent looked like then, goes to the lake beside
the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from connector import staging
from connector.context import Context
from connector.decode import Decoded, Source, decode
from connector.parents import Due
from connector.staging import Mark, Staged
from connector.walk import Question, walk
from schemas import Endpoint
from schemas.arrow import STAMP

Kind = Literal["children", "rotation"]
"""Why the parents are asked under: their signals call for it, or it is their turn."""


@dataclass(slots=True)
class Answered:
    """What was found under one parent, by a walk that was complete; `times` of all its pages."""

    due: Due
    found: list[Decoded] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows were found."""
        return sum(one.rows.num_rows for one in self.found)


@dataclass(slots=True)
class Round:
    """Parents that are waiting, have answered, were not there, or could not be read."""

    walk: str
    kind: Kind
    waiting: list[Due]
    answered: list[Answered] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Requests that it took, without those that had to be sent again."""
        return sum(len(one.found) for one in self.answered) + len(self.gone) + len(self.failed)

    def tried(self, began: datetime) -> list[str]:
        """Parents that would be due again in this run, which began then by the server's clock.

        A replica whose clock is behind dates its answers before that.
        """
        early = [one.due.parent_id for one in self.answered if one.times[0] < began]
        return self.gone + self.failed + early

    def staged(self, root: Path, endpoint: Endpoint, began: datetime) -> Staged:
        """The rows that were found, in a folder below `root`; `began` stands for no answer."""
        staged = staging.begin(root, self.walk, {"stream": endpoint.stream, "round": self.walk})
        found = [one for answered in self.answered for one in answered.found]
        times = [time for one in self.answered for time in one.times]
        mark = Mark(0, f"{self.walk}.0001", None, False)
        staged.add(
            _joined(endpoint, found), mark, min(times, default=began), max(times, default=began)
        )
        return staged

    def checked(self, endpoint: Endpoint) -> pa.Table:
        """The parents that were walked: one row each, as the lake keeps them."""
        return pa.table(
            {
                "stream": self._texts(endpoint.stream for _ in self.answered),
                "parent_id": self._texts(one.due.parent_id for one in self.answered),
                "signal": self._texts(one.due.signal for one in self.answered),
                "checked_at": pa.array([one.times[0] for one in self.answered], STAMP),
                "rows": pa.array([one.rows for one in self.answered], pa.int64()),
                "walk": self._texts(self.walk for _ in self.answered),
            }
        )

    @staticmethod
    def _texts(values: Iterable[str]) -> pa.Array:
        return pa.array(list(values), pa.string())


async def ask_under(context: Context, endpoint: Endpoint, due: Due, walk_id: str) -> Answered:
    """Walk the list under a parent to its end. Raises what `walk` raises."""
    parent = endpoint.parent
    assert parent
    given = ((parent.column, due.parent_id),)
    filters = endpoint.filters
    if parent.query:
        filters = (*filters, (parent.query[0], due.query or ""))
    page_size = context.settings.page_size
    answered = Answered(due)
    question = Question(endpoint, filters, given=given, page_size=page_size)
    async for page in walk(context.client, question):
        answer = page.answer
        source = Source(f"{walk_id}.0001", answer.request_id, answer.answered_at, given)
        if page.restarted:  # the new chain shows again what the old one has shown
            answered.found.clear()
        answered.found.append(decode(endpoint, page.records, source, exact=page.exact))
        answered.times += [answer.asked_at, answer.answered_at]
    return answered


def _joined(endpoint: Endpoint, found: list[Decoded]) -> Decoded:
    rows = pa.Table.from_batches([one.rows for one in found], schema=endpoint.schema)
    batches = rows.combine_chunks().to_batches()
    return Decoded(
        batches[0] if batches else pa.RecordBatch.from_pylist([], schema=endpoint.schema),
        [rejected for one in found for rejected in one.rejected],
        {name: kind for one in found for name, kind in one.unknown.items()},
    )
