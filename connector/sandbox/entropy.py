"""Chance with an address: the same seed, stream and number always draw the same.

Any row can be drawn again without drawing those before it, so a workspace of 1,000,000 threads
needs to keep no records, and two sandboxes of one seed agree. A hash is far cheaper to start
than a seeded `random.Random`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws that belongs to one address."""

    __slots__ = ("_address", "_at", "_pool", "_round")

    def __init__(self, seed: int, stream: str, *numbers: int | str) -> None:
        self._address = f"{seed}/{stream}/{'/'.join(map(str, numbers))}".encode()
        self._pool = blake2b(self._address).digest()
        self._at = 16  # the first 16 bytes are the row's id
        self._round = 0

    def id(self) -> str:
        """The UUID of this address, whatever was drawn before."""
        h = blake2b(self._address).hexdigest() if self._round else self._pool[:16].hex()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"

    def bits(self) -> int:
        """A number below 65,536."""
        at = self._at
        if at > 62:
            self._round += 1
            self._pool = blake2b(self._address + b"#%d" % self._round).digest()
            at = 0
        self._at = at + 2
        return self._pool[at] << 8 | self._pool[at + 1]

    def unit(self) -> float:
        """A number from 0 up to, not including, 1; 2**32 steps."""
        return (self.bits() << 16 | self.bits()) / 4294967296

    def chance(self, share: float) -> bool:
        """True in this share of all cases."""
        return self.bits() < share * 65536

    def below(self, count: int) -> int:
        """A whole number from 0 up to, not including, `count`."""
        return self.bits() * count >> 16 if count < 4096 else int(self.unit() * count)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.below(len(choices))]
