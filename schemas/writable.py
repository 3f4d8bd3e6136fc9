"""The words in which is declared what may be written back: fields, links, addresses, scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """A field that may be set: a `text` or an `email` of 1 to `longest` characters, or a `flag`.

    None can be cleared, as far as the reference says. `consent`: it is a person's own word, so to
    set it to true again takes a word of the user's.
    """

    name: str
    kind: Literal["text", "email", "flag"]
    longest: int = 255
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A field that holds the id of a row of another stream.

    `selectors` are the columns by which the input may name that row, of which a line has at most
    one, and how: (`company_name`, `name`). `longest`: characters that a selector may have.
    """

    name: str
    stream: str
    selectors: tuple[tuple[str, Literal["id", "name", "external_id"]], ...]
    longest: int = 255


@dataclass(frozen=True, slots=True)
class Writable:
    """What may be changed of the rows of a stream by `PATCH` on their `detail` path.

    A row is addressed by its `id` or by `address`, a field of its own that no two rows share.
    `scopes` are those of reading a row before and of writing it.
    """

    stream: str
    scopes: tuple[str, ...]
    address: str
    fields: tuple[Field, ...]
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        if self.address not in [field.name for field in self.fields]:
            raise ValueError(f"writable {self.stream}: the address must be a field")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"writable {self.stream}: a column is declared twice")

    @property
    def columns(self) -> list[str]:
        """What a line of input may have, the row's id first.

        >>> from schemas import WRITABLE
        >>> WRITABLE["contacts"].columns[:3]
        ['id', 'email', 'name']
        """
        return ["id", *(field.name for field in self.fields), *self._selectors()]

    @property
    def written(self) -> list[str]:
        """The fields that are compared and sent."""
        return [*(field.name for field in self.fields), *(link.name for link in self.links)]

    def _selectors(self) -> Iterator[str]:
        for link in self.links:
            yield from (name for name, _ in link.selectors)
