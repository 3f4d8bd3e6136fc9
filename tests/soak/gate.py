"""The gate's share of the soak: fixed seeds, a handful at a time."""

from __future__ import annotations

from tests.soak.draws import of_seed
from tests.soak.play import Tally, play

HANDFUL = 10


def findings(family: str, handful: int) -> list[str]:
    """What is wrong after the schedules of some seeds; each can be replayed (`--family`).

    Fewer processes than in the soak: one dies in every few schedules.
    """
    total = Tally()
    for seed in range(handful * HANDFUL, (handful + 1) * HANDFUL):
        total.add(play(of_seed(seed, family, apart=APART)))
    return total.findings


APART = 5
