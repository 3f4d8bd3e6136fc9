"""Everything that can go wrong, named by what to do about it.

    ConnectorError
    ├── ConfigurationError      fix a setting                              exit 2
    │   └── DataDirError        fix the disk, or rebuild                   exit 2
    ├── KeyRefused              another key (401, 410)                     exit 3
    ├── NotReadable             grant the scope (403 scope_required)       exit 4
    │   └── NotOffered          plan, Linear, or not in this API version   exit 4
    ├── NotFound                nothing: the row is gone (404)
    ├── ParentUnread            read the parent as well                    exit 2
    ├── CursorRefused           start the walk again (422)
    ├── BadQuestion             report it: the API refuses what we ask (400)  exit 5
    │   └── WriteRefused        correct the input (400, 409, 422 on a write)  exit 6
    └── Unreachable             try again later (transport, 5xx, 429)      exit 5
        └── BrokenAnswer        report it: the answer breaks the API's rules

A message says what happened and what to do; stream, status, code and `request_id` are added to
it here, so that no message lacks them. The key is in no message, because no message has a header.
"""

from __future__ import annotations

from collections.abc import Iterator


class ConnectorError(Exception):
    """An error with a way out, and the exit code of the command that meets it."""

    exit_code = 5

    def __init__(
        self,
        what: str,
        *,
        todo: str = "",
        stream: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        self.what = what
        self.todo = todo
        self.stream = stream
        self.status = status
        self.code = code
        self.request_id = request_id
        super().__init__(what)

    def __str__(self) -> str:
        where = ", ".join(self._where())
        text = f"{self.stream}: {self.what}" if self.stream else self.what
        text = f"{text} ({where})" if where else text
        return f"{text}. {_ended(self.todo)}" if self.todo else f"{text}."

    def _where(self) -> Iterator[str]:
        if self.status is not None:
            yield f"HTTP {self.status}"
        if self.code:
            yield self.code
        if self.request_id:
            yield f"request_id {self.request_id}"


def _ended(text: str) -> str:
    """Our own sentences get their full stop; what DuckDB says may end in anything."""
    return f"{text}." if text[-1].isalnum() or text[-1] == "`" else text


class ConfigurationError(ConnectorError):
    """A setting or an option is wrong."""

    exit_code = 2


class DataDirError(ConfigurationError):
    """The data directory can't be used: not writable, full, or a file in it is damaged."""


class KeyRefused(ConnectorError):
    """The key is missing, unknown, revoked, or of another API version."""

    exit_code = 3


class NotReadable(ConnectorError):
    """The key lacks the scope for a stream; the other streams are not concerned."""

    exit_code = 4


class NotOffered(NotReadable):
    """The workspace doesn't have this list: its plan, its Linear, or this API version."""


class NotFound(ConnectorError):
    """The row, or the row under which a list was asked for, is not there any more."""


class ParentUnread(ConnectorError):
    """Nothing is known of the list under whose rows a stream is asked for."""

    exit_code = 2


class Unreachable(ConnectorError):
    """The API could not be reached, or kept failing."""


class BrokenAnswer(Unreachable):
    """The API answered something that its own rules don't allow."""


class FilterIgnored(BrokenAnswer):
    """A list doesn't keep to the `created_before` that a slice of a walk asks for."""


class CursorRefused(ConnectorError):
    """The API doesn't know a cursor any more: the walk has to start again (REFERENCE 1.5)."""


class BadQuestion(ConnectorError):
    """The API refuses the question itself: its rules are not what the reference says."""


class WriteRefused(BadQuestion):
    """The API refuses a write. Nothing was changed, and the other writes are not concerned.

    `details` are the API's own words. They may quote a customer, so they are for the terminal of
    whoever asked for the write and for `meta.writes`, and stand in no text of this error.
    """

    exit_code = 6
    details: str = ""
