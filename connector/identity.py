"""Whose key is it, and what may it read (REFERENCE 14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector import errors, records
from connector.answer import Answer
from connector.client import Client
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer of `GET /me`; `at` is the server's clock when it was asked, and never later."""

    workspace_id: str
    api_key_id: str
    scopes: frozenset[str]
    team_ids: tuple[str, ...]
    at: datetime

    def lacks(self, endpoint: Endpoint) -> list[str]:
        """The scopes that a stream needs and the key has not."""
        return [scope for scope in endpoint.scopes if scope not in self.scopes]


async def who_am_i(client: Client) -> Identity:
    """Ask `GET /me`: needs no scope, so a refusal is about the key itself."""
    try:
        return await client.ask("/me", {}, _read)
    except errors.NotFound as refusal:
        raise errors.ConfigurationError(
            "what answers there is not Productlane's API: it has no /me",
            todo="Check PRODUCTLANE_BASE_URL",
            status=refusal.status,
            request_id=refusal.request_id,
        ) from refusal


def _read(answer: Answer) -> Identity:
    value, _ = records.parse(answer.body)
    if not isinstance(value, dict) or not isinstance(value.get("scopes"), list):
        raise errors.BrokenAnswer("GET /me doesn't say who this is", request_id=answer.request_id)
    teams = value.get("linear_team_ids")
    return Identity(
        workspace_id=str(value.get("workspace_id", "")),
        api_key_id=str(value.get("api_key_id", "")),
        scopes=frozenset(map(str, value["scopes"])),
        team_ids=tuple(map(str, teams)) if isinstance(teams, list) else (),
        at=answer.asked_at,
    )
