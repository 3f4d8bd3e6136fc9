"""How fast a key may be used. Three rules, each of which the next request must satisfy:

- no minute holds more than the limit, less a reserve and what other programs were noticed to use;
- no more than nine tenths of the documented burst, which is twice the rate for ten seconds
  (REFERENCE 1.6; the other reading of it allows far more);
- a steady rate, ahead of which a run may be by a burst: a sync that asks little is through twice
  as fast, and a long one doesn't come to a halt each minute.

Measured in simulated time, at log-normal latencies (median 120 ms, p99 1 s), against fixed and
sliding windows, with one and three processes: 97.5 % of the limit, no refusal. A bucket alone
can't have both: a burst of 300 would cost it 30 % of every minute.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.book import MINUTE, RING, Book, Head

RESERVE = 25
"""Requests a minute left to others: the vendor asks to slow down under 5 (REFERENCE 1.6). It
also covers that the server counts when a request arrives, which is later for some than for others.
"""

BURST = 0.3
"""Share of a minute's limit that may go out ahead of the steady rate, at the fast one."""

KEPT = 50
"""Requests a minute that somebody patient leaves: an idle sync of all streams takes 28."""

COMPANY = 0.05
"""Share of the limit that others were noticed to use, from which on nobody bursts: they may, too.
"""


@dataclass(slots=True)
class Pace:
    """The rules, for a limit per minute. Moments are in seconds on the clock of the book.

    `reserve` requests of the limit are left to others.
    """

    limit: int
    reserve: int = RESERVE

    def per_minute(self, head: Head, now: float) -> int:
        """Requests that a minute may hold."""
        free = self.limit - head.noticed(now)
        return int(max(free - self.reserve, free * 0.5, self.limit * 0.05, 1))

    def interval(self, head: Head, now: float) -> float:
        """Seconds between two requests at the steady rate."""
        return MINUTE / self.per_minute(head, now)

    @property
    def fast(self) -> float:
        """Seconds between two requests of a burst."""
        return MINUTE / (2 * 0.9 * self.limit)

    def opens(self, book: Book, head: Head, now: float, *, patient: bool) -> float:
        """When the next request may go out at the earliest; may be long past."""
        most = self._at_most(head, now, patient)
        kept = min(most, RING // 2)
        return max(
            book.moment(head.taken - 1),
            book.moment(head.taken - kept) + MINUTE * kept / most,
            head.steady - self._ahead(head, now, patient) * self.interval(head, now),
            head.fast - max(self.limit // 100, 1) * self.fast,
        )

    def seconds(self, head: Head, now: float, requests: int, *, patient: bool) -> float:
        """How long so many requests take, with what is left of the burst."""
        interval = MINUTE / self._at_most(head, now, patient)
        used = max(head.steady - now, 0.0) / self.interval(head, now)
        ahead = max(self._ahead(head, now, patient) - used, 0.0)
        return max(requests * self.fast, (requests - ahead) * interval)

    def _at_most(self, head: Head, now: float, patient: bool) -> int:
        most = self.per_minute(head, now)
        return max(most - KEPT, most // 2, 1) if patient else most

    def _ahead(self, head: Head, now: float, patient: bool) -> int:
        """Requests that may go out ahead of the steady rate."""
        alone = head.noticed(now) < self.limit * COMPANY
        return max(int(self.limit * BURST), 1) if alone and not patient else 1

    def enter(self, book: Book, head: Head, now: float, at: float) -> None:
        """A request goes out at that moment."""
        book.enter(head, at)
        head.steady = max(head.steady, at) + self.interval(head, now)
        head.fast = max(head.fast, at) + self.fast
