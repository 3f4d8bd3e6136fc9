"""What a mutation is: a guard of ours, taken out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A guard by its name, the file it is in, the code with it and without it, and its tests."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
