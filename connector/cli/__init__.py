"""The command line: `productlane-elt`. One module per command, and what they share.

A command reads its options, lets the engine work, and prints. What it needs is imported when it
runs, so that `--help` and `status` are quick. Nothing else imports this package.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point: runs a command and ends the process with its exit code."""
    try:
        _run()
    except KeyboardInterrupt:  # at start-up: later, the command says more
        sys.exit(130)


def _run() -> None:
    from connector.cli import output

    output.make_ready()
    from connector.cli.app import app
    from connector.cli.faults import stop_as_by_ctrl_c, unforeseen

    stop_as_by_ctrl_c()
    with unforeseen():
        app()
