"""What the API showed of rows that a push wrote or looked at, landed like what any walk saw.

It closes no window, and says nothing of rows that it doesn't hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connector import errors, records, staging
from connector.absence import Verdict
from connector.answer import Answer
from connector.decode import Decoded, Source, decode
from connector.landing import Walked, land
from connector.ledger import Landing
from connector.locks import WalkLock
from connector.push.values import Value
from connector.staging import Mark
from connector.walk import Window
from connector.warehouse import Warehouse
from schemas import Endpoint, Writable


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as one answer showed it."""

    record: dict[str, Any]
    exact: bool
    answer: Answer

    def values(self, writable: Writable) -> dict[str, Value]:
        """The fields that can be written."""
        return {name: self.record.get(name) for name in writable.written}


def read_row(key: str, answer: Answer) -> Seen:
    """The row in an answer to a question for it, or to a write. Raises `BrokenAnswer`."""
    value, exact = records.parse(answer.body)
    if not isinstance(value, dict) or value.get("id") != key:
        raise errors.BrokenAnswer("the answer doesn't show the row that was asked for")
    return Seen(value, exact, answer)


@dataclass(slots=True)
class Batch:
    """Rows that were seen and have not landed."""

    run: str
    endpoint: Endpoint
    rows: list[Seen] = field(default_factory=list)

    def land(self, warehouse: Warehouse, lock: WalkLock) -> Landing | None:
        """Land them, under the id of a walk that begins now.

        The server's clock tells seconds: of two readings in the same one, that of the walk that
        began later counts, which is this one's in all but the rarest cases. In those the next sync
        mends it, since it asks again for the last minutes.
        """
        if not self.rows:
            return None
        seen, self.rows = self.rows, []
        walk = warehouse.lake.next_walk()
        root = warehouse.lake.root / "_staging"
        staged = staging.begin(root, walk, {"stream": self.endpoint.stream, "push": walk})
        try:
            times = [t for one in seen for t in (one.answer.asked_at, one.answer.answered_at)]
            mark = Mark(0, f"{walk}.0001", None, False)
            staged.add(self._decoded(seen, mark.chain), mark, min(times), max(times))
            walked = Walked(self.run, self.endpoint, staged, "push", Window(), len(seen))
            return land(warehouse, walked, Verdict([], []), lock)
        except BaseException:
            self.rows = seen
            raise
        finally:
            staged.drop()

    def _decoded(self, seen: list[Seen], chain: str) -> Decoded:
        found = [
            decode(
                self.endpoint,
                [one.record],
                Source(chain, one.answer.request_id, one.answer.answered_at),
                exact=one.exact,
            )
            for one in seen
        ]
        rows = pa.Table.from_batches([one.rows for one in found], schema=self.endpoint.schema)
        return Decoded(
            rows.combine_chunks().to_batches()[0] if rows.num_rows else found[0].rows,
            [rejected for one in found for rejected in one.rejected],
            {name: kind for one in found for name, kind in one.unknown.items()},
        )
