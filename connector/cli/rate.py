"""How fast something goes, measured over the last minute."""

from __future__ import annotations

from collections import deque

MINUTE = 60.0


class Rate:
    """How fast requests went in the last minute."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, int]] = deque()

    def note(self, requests: int, now: float) -> None:
        """So many there are by now. Noted once a second at most."""
        if not self._noted or now - self._noted[-1][0] >= 1:
            self._noted.append((now, requests))
        while len(self._noted) > 2 and self._noted[1][0] <= now - MINUTE:
            self._noted.popleft()

    def per_minute(self, now: float) -> int | None:
        """None in the first minute, in which the first burst would weigh too much."""
        if not self._noted or now - self._noted[0][0] < MINUTE:
            return None
        (since, before), (at, requests) = self._noted[0], self._noted[-1]
        return round(MINUTE * (requests - before) / max(at - since, 1.0))
