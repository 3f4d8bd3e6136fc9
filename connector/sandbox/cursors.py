"""Cursors: the sort key of the last row, opaque to the client (REFERENCE 1.2)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import orjson

from connector.sandbox.refusal import Refusal
from connector.sandbox.rows import Place


@dataclass(frozen=True)
class Cursor:
    """A place in a list, and the filters of the walk where the server remembers them."""

    path: str
    place: Place
    filters: dict[str, str]
    salt: int = 0  # makes another text of the same place

    def encode(self) -> str:
        """The text that the client sends back."""
        created, key = self.place
        content: dict[str, Any] = {"id": key, "createdAt": created, "list": self.path}
        content["where"] = self.filters
        if self.salt:
            content["salt"] = self.salt
        return urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, path: str) -> Cursor:
        """Read a cursor of this list, or refuse it with 422."""
        try:
            content: Any = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            place = (int(content["createdAt"]), str(content["id"]))
            cursor = cls(str(content["list"]), place, dict(content["where"]))
        except (ValueError, KeyError, TypeError) as error:
            raise refused() from error
        if cursor.path != path:
            raise refused()
        return cursor


def refused() -> Refusal:
    """422 `unprocessable`, as for a malformed cursor."""
    return Refusal(422, "unprocessable", "The cursor is malformed or has expired.")
