"""What goes wrong, told in one line on standard error and as an exit code; and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from connector import errors
from connector.cli import output

DEBUG = False
"""Set by `--debug`: tracebacks are shown as well."""

INTERRUPTED = 130
GO_ON = "Stopped. What was read is kept: run the same command again to go on."


@contextmanager
def answering(*, as_json: bool = False, stopped: str = "Stopped.") -> Iterator[dict[str, object]]:
    """Run a command's work. What goes wrong is said once; with `--json` as a document, too.

    What the command puts into the dictionary, that document has as well: what was done before.
    """
    done: dict[str, object] = {}
    try:
        yield done
    except BrokenPipeError:
        raise  # nobody reads on: no fault, and nobody to tell
    except (errors.ConnectorError, OSError) as fault:
        error = _explained(fault)
        _tell(str(error), error.exit_code, done if as_json else None, error)
        raise typer.Exit(error.exit_code) from None
    except (KeyboardInterrupt, Exception) as fault:
        if not is_stop(fault):
            raise
        _tell(stopped, INTERRUPTED, done if as_json else None)
        raise typer.Exit(INTERRUPTED) from None


def is_stop(fault: BaseException) -> bool:
    """Is it Ctrl-C, or what DuckDB makes of it? It looks for signals as well, and has two words."""
    word = str(fault).rpartition(": ")[2]
    return isinstance(fault, KeyboardInterrupt) or word in ("Query interrupted", "Interrupted!")


def _explained(fault: errors.ConnectorError | OSError) -> errors.ConnectorError:
    if isinstance(fault, errors.ConnectorError):
        return fault
    what = fault.filename or "the data directory, or standard output,"  # a write names neither
    return errors.DataDirError(
        f"{what} can't be used: {fault.strerror or fault}",
        todo="See to the disk and its permissions",
    )


def _tell(
    text: str,
    code: int,
    done: dict[str, object] | None,
    error: errors.ConnectorError | None = None,
) -> None:
    if DEBUG:
        traceback.print_exc()
    output.say(f"Error: {text}" if error else text, "red" if error else "yellow")
    if done is not None:
        with suppress(OSError):  # perhaps that is what went wrong
            output.document(done | {"error": _facts(error) | {"message": text}, "exit_code": code})


def _facts(error: errors.ConnectorError | None) -> dict[str, object]:
    names = ("stream", "status", "code", "request_id")
    found = {name: getattr(error, name, None) for name in names}
    return {"kind": type(error).__name__ if error else "Stopped"} | {
        name: value for name, value in found.items() if value
    }


@contextmanager
def unforeseen() -> Iterator[None]:
    """What nobody thought of is a bug: say where it is and how to see more.

    Its own text stays out of logs: a library's error may well quote the value that it met.
    """
    try:
        yield
    except Exception as bug:
        if DEBUG:
            raise
        at = traceback.extract_tb(bug.__traceback__)[-1]
        place = f"{Path(at.filename).name}:{at.lineno}"
        what = f"a bug in productlane-elt: {type(bug).__name__} at {place}"
        more = "`productlane-elt --debug ...` shows more for a report, perhaps words of your data"
        output.say(f"{what}. {more}.", "red")
        sys.exit(1)


def stop_as_by_ctrl_c() -> None:
    """Let SIGTERM, by which service managers stop a process, do what Ctrl-C does.

    A process in the background ignores Ctrl-C, and must still be stoppable.
    """
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
