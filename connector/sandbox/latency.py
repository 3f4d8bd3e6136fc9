"""How long answers take: the same for each, or drawn from a log-normal distribution.

Real latencies have no negative values and a long tail, which two figures pin down: a median, and
a 99th percentile some times as long.
"""

from __future__ import annotations

import math
import random

SIGMAS_TO_P99 = 2.3263
"""The 99th percentile of a normal distribution, in standard deviations."""


class Latency:
    """Draws the seconds that each answer takes.

    Half of the answers take longer than `median_ms`, one in a hundred longer than `p99_ms`;
    without that, all take the same. The same seed draws the same. ValueError where the
    99th percentile lies below the median, or where only it is given.
    """

    def __init__(self, median_ms: float = 0.0, p99_ms: float | None = None, seed: int = 7) -> None:
        p99_ms = median_ms if p99_ms is None else p99_ms
        if not 0 <= median_ms <= p99_ms or (p99_ms and not median_ms):
            raise ValueError(f"a latency of {median_ms} ms can't have {p99_ms} ms as its p99")
        self._median = median_ms / 1000
        self._sigma = math.log(p99_ms / median_ms) / SIGMAS_TO_P99 if median_ms else 0.0
        self._rng = random.Random(seed)

    def draw(self) -> float:
        """Seconds that the next answer takes."""
        return self._median * math.exp(self._sigma * self._rng.gauss(0, 1))
