"""`productlane-elt sandbox`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output
from connector.errors import ConfigurationError

if TYPE_CHECKING:
    from connector.sandbox import Readings


def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where to listen on loopback; 0 is any.")
    ] = 8765,
    threads: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Size of the workspace.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same workspace.")] = 7,
    limit: Annotated[int, typer.Option(min=1, help="GET requests a minute and key.")] = 1000,
    latency_ms: Annotated[float, typer.Option(min=0, help="Each answer takes so long.")] = 0.0,
    latency_p99_ms: Annotated[
        float | None,
        typer.Option(min=0, help="One in a hundred takes longer than this, half --latency-ms."),
    ] = None,
    churn: Annotated[float, typer.Option(min=0, help="Changes a minute.")] = 0.0,
    key: Annotated[str | None, typer.Option(help="A key of your choice.")] = None,
    reading: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Answer an open question of the API another way; repeatable. "
            "`--reading list` lists them.",
        ),
    ] = None,
) -> None:
    """Run a Productlane of your own on this machine: invented data, the API's real manners.

    For developing dashboards, checks and endpoints without a key. Ctrl-C ends it.
    """
    with faults.answering():
        from connector.sandbox import serve

        if reading == ["list"]:
            _list_readings()
            return
        readings = _readings(reading or [])
        if latency_p99_ms is not None and not 0 < latency_ms <= latency_p99_ms:
            raise ConfigurationError(
                f"--latency-p99-ms {latency_p99_ms:g} needs a --latency-ms above 0 and no longer",
                todo="For example --latency-ms 120 --latency-p99-ms 1000",
            )
        try:
            serve(
                port=port,
                threads=threads,
                seed=seed,
                readings=readings,
                limit=limit,
                key=key,
                churn_per_minute=churn,
                latency_ms=latency_ms,
                latency_p99_ms=latency_p99_ms,
                on_ready=_tell,
            )
        except OSError as fault:
            raise ConfigurationError(
                f"port {port} can't be used: {os.strerror(fault.errno or 0)}",
                todo="Choose another by --port",
            ) from None


def _readings(pairs: list[str]) -> Readings:
    from connector.sandbox import Readings

    choices = Readings.choices()
    given = dict(pair.partition("=")[::2] for pair in pairs)
    for name, value in given.items():
        if value not in choices.get(name, ()):
            known = (
                f"its values are {', '.join(choices[name])}"
                if name in choices
                else (f"the names are {', '.join(choices)}")
            )
            raise ConfigurationError(f"--reading {name}={value} is not known: {known}")
    return Readings(**given)


def _list_readings() -> None:
    from connector.sandbox import Readings

    for name, values in Readings.choices().items():
        typer.echo(f"{name}={'|'.join(values)}")


def _tell(url: str, key: str) -> None:
    from connector.cli.invoked import as_called

    console = output.out()
    console.print("The sandbox answers. In another terminal:", style="bold")
    for line in (
        f"export PRODUCTLANE_BASE_URL={url}",
        f"export PRODUCTLANE_API_KEY={key}",
        "export PRODUCTLANE_DATA_DIR=sandbox-data",
        f"{as_called()} sync",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print("The folder is of its own: a lake holds one workspace. Ctrl-C ends this.")
