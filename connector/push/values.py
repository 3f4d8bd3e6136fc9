"""Values of the input, judged one by one against what is declared of their field."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from schemas import Field, Link

Value = str | bool | None
"""What a field of the API holds, as far as fields can be written."""

EMAIL = re.compile(r"[^@\s<>(),;:\\\"\[\]]+@[^@\s<>(),;:\\\"\[\]]+\.[^@\s.<>(),;:\\\"\[\]]+")
"""An e-mail address as people have them. What the API makes of rarer forms is not known."""


class Unfit(ValueError):
    """A value that can't be sent; the text says why, without the value."""


def read(field: Field, cell: Any) -> str | bool:
    """The value that a cell holds. Raises `Unfit`.

    >>> from schemas import WRITABLE
    >>> email, name, flag = WRITABLE["contacts"].fields
    >>> read(flag, "True"), read(name, "Ada")
    (True, 'Ada')
    """
    if field.kind == "flag":
        return _flag(cell)
    text = read_text(cell, field.longest)
    if field.kind == "email" and not EMAIL.fullmatch(text):
        raise Unfit("is no e-mail address")
    return text


def read_selector(link: Link, cell: Any) -> str:
    """The text by which a cell names another row. Raises `Unfit`."""
    return read_text(cell, link.longest)


def read_text(cell: Any, longest: int) -> str:
    """A text of 1 to so many characters. Raises `Unfit`.

    Characters are counted as JavaScript does, in units of UTF-16: an emoji is two. The API's
    limits are probably counted so; where they aren't, this is the stricter way.
    """
    if not isinstance(cell, str):
        raise Unfit(f"is not a text but of Python's type {type(cell).__name__}: cast it to VARCHAR")
    if not cell.strip():
        raise Unfit("is an empty text; NULL or an empty cell leaves the field alone")
    if (length := len(cell.encode("utf-16-le", "surrogatepass")) // 2) > longest:
        raise Unfit(f"is {length} characters long, and may be {longest}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in cell):
        raise Unfit("has a control character in it")
    return cell


def _flag(cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    found = {"true": True, "false": False}.get(cell.lower()) if isinstance(cell, str) else None
    if found is None:
        raise Unfit("must be true or false")
    return found


def same(field: str, one: Value, other: Value) -> bool:
    """Would writing one in the place of the other change anything?

    An address in another case is the same address (REFERENCE, open question 19): an API that
    keeps it in lower case would be written to again with each push.

    >>> same("email", "Ada@a.example", "ada@a.example"), same("name", "Ada", "ada")
    (True, False)
    """
    if field == "email" and isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one == other
