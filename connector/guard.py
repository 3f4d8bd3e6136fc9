"""What stands between the work file and its readers: blocking checks, before a copy is published.

Where readers have all that the ledger has (`whole_copy`), the copy itself is looked at: to open the
work file takes its lock, and twice as long.

The command line publishes as it always did: on a million rows, to look at every key takes as long
as all the rest of a sync. Dagster has it looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass, replace

import duckdb

from connector import analytics, blank
from connector.checks import Finding, look
from connector.errors import ConfigurationError, DataDirError
from connector.lake import Lake
from connector.locks import GivesUp, never
from connector.published import reading
from connector.warehouse import Warehouse, is_behind, opened
from schemas import STREAMS, Endpoint


class Unsound(DataDirError):
    """A table is not as it must be; what readers see stays as it was."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What the checks of a stream found, and what became of the publication.

    `unsound` says why nothing was published, if a table, this one or another, isn't as it must be.
    """

    findings: tuple[Finding, ...]
    published: bool = False
    unsound: Unsound | None = None


def examine_and_publish(lake: Lake, endpoint: Endpoint, gives_up: GivesUp = never) -> Examined:
    """Ask all checks of a stream, and publish what readers lack, if all tables are sound."""
    with opened(lake, gives_up) as warehouse:
        examined = warehouse.with_room(lambda work: examine(work.con, endpoint))
        if examined.unsound or not is_behind(warehouse):
            return examined
        try:
            publish_if_sound(warehouse)
        except Unsound as error:
            return replace(examined, unsound=error)
    return replace(examined, published=True)


def examine(con: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> Examined:
    """Ask all checks of a stream, of the work file or of a copy that lacks nothing."""
    findings = tuple(look(con, endpoint))
    try:
        _refuse(endpoint, findings)
    except Unsound as error:
        return Examined(findings, unsound=error)
    return Examined(findings)


def let_readers_see(lake: Lake, gives_up: GivesUp = never) -> bool:
    """Publish what readers lack. Raises `Unsound` where a table isn't as it must be."""
    with opened(lake, gives_up) as warehouse:
        if not is_behind(warehouse):
            return False
        publish_if_sound(warehouse)
        return True


@contextmanager
def whole_copy(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """What is published, if nothing is lacking there: neither lines of the ledger nor views.

    While it is open, to open it again takes next to no time, as DuckDB knows it by its path. For
    that reason one that lacks something is closed here: it would be taken for its successor.
    """
    wanted = (*astuple(lake.ledger.end()), blank.fingerprint(), analytics.fingerprint())
    with ExitStack() as stack:
        copy = None
        with suppress(ConfigurationError):  # none, or a damaged one: it is replaced
            copy = stack.enter_context(reading(lake.root.parent))
        if copy and copy.execute("FROM meta.ledger_position").fetchall() != [wanted]:
            stack.close()
            copy = None
        yield copy


def publish_if_sound(warehouse: Warehouse) -> None:
    """Publish, if no blocking check finds an error in any table; else raise `Unsound`."""
    warehouse.with_room(_refuse_all)
    warehouse.publish()


def _refuse_all(warehouse: Warehouse) -> None:
    for endpoint in STREAMS.values():
        _refuse(endpoint, tuple(look(warehouse.con, endpoint, blocking=True)))


def _refuse(endpoint: Endpoint, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if finding.error:
            raise Unsound(
                f"{finding.check} found an error, and nothing is published",
                todo="`productlane-elt rebuild` makes the tables again from the lake; if it comes "
                "back, report it",
                stream=endpoint.stream,
            )
