"""`productlane-elt check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli import faults, output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.identity import Identity
    from connector.settings import Settings

HASTY = 0.3
"""Seconds between tries at most: whoever checks wants to know now."""


def check(as_json: AsJson = False) -> None:
    """Ask the API whose key this is and which streams it may read: one request, nothing stored.

    Run it before the first sync, or when a stream is skipped.
    """
    with faults.answering(as_json=as_json):
        import asyncio

        from connector.settings import Settings

        settings = Settings.load()
        with output.waiting(f"asking {settings.base_url} ..."):
            identity = asyncio.run(_ask(settings))
        found = _facts(identity, settings)
        if as_json:
            output.document(found)
        else:
            _show(found)


async def _ask(settings: Settings) -> Identity:
    import asyncio

    from connector.budget import Budget
    from connector.client import Client
    from connector.identity import who_am_i

    async def hastily(seconds: float) -> None:
        await asyncio.sleep(min(seconds, HASTY))

    budget = Budget.of_key(settings.with_key().api_key, settings.base_url)
    try:
        async with Client(settings, budget, sleep=hastily, timeout=10) as client:
            return await who_am_i(client)
    finally:
        budget.close()


def _facts(identity: Identity, settings: Settings) -> dict[str, Any]:
    from schemas import STREAMS

    return {
        "base_url": settings.base_url,
        "workspace_id": identity.workspace_id,
        "api_key_id": identity.api_key_id,
        "scopes": sorted(identity.scopes),
        "linear_team_ids": list(identity.team_ids),
        "streams": [
            {
                "stream": endpoint.stream,
                "readable": not (lacking := identity.lacks(endpoint)),
                "missing_scopes": lacking,
                "needs": endpoint.offered_with or None,
            }
            for endpoint in STREAMS.values()
        ],
    }


def _show(found: dict[str, Any]) -> None:
    console = output.out()
    console.print(f"The key is valid at {found['base_url']}.", markup=False, soft_wrap=True)
    console.print(f"Workspace {found['workspace_id']}, key {found['api_key_id']}", markup=False)
    console.print(f"Scopes: {', '.join(found['scopes']) or 'none'}", markup=False)
    streams = found["streams"]
    styles = ["" if one["readable"] else "yellow" for one in streams]
    show(console, COLUMNS, [_row(one) for one in streams], styles=styles)


COLUMNS = (Column("stream"), Column("readable"), Column("what is missing, or may be", least=20))


def _row(one: dict[str, Any]) -> list[str]:
    missing = ", ".join(one["missing_scopes"])
    note = f"scope {missing}" if missing else f"needs {one['needs']}" if one["needs"] else ""
    readable = "no" if missing else "if offered" if one["needs"] else "yes"
    return [one["stream"], readable, note]
