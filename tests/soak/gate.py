"""The tests' share of the soak: fixed seeds, a handful at a time; the gate plays more."""

from __future__ import annotations

from tests.soak.draws import of_seed
from tests.soak.play import Tally, play

HANDFUL = 5
APART = 5
"""Percent of works in processes of their own: one or two of a handful, where the soak has five."""


def findings(family: str, handful: int) -> list[str]:
    """What is wrong after the schedules of some seeds.

    One again: `python -m tests.soak --family FAMILY --apart 5 --replay SEED`.
    """
    total = Tally()
    for seed in range(handful * HANDFUL, (handful + 1) * HANDFUL):
        total.add(play(of_seed(seed, family, apart=APART)))
    return total.findings
