"""A careful client, no more than the tests of the sandbox need."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import orjson

from connector.sandbox import Sandbox
from schemas import STREAMS, Endpoint

Rows = list[Any]
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the certificates takes 20 ms per client


class Asker:
    """Asks a sandbox with one key."""

    def __init__(self, box: Sandbox, key: str | None = None) -> None:
        self.box = box
        headers = {"Authorization": f"Bearer {key or box.key}"}
        self.http = httpx.Client(base_url=box.url, headers=headers, timeout=10, verify=NO_TLS)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params={k: str(v) for k, v in query.items()})

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(method, path, json=body)

    def rows(self, path: str, **query: Any) -> Rows:
        """One page, which must be there."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return rows_of(response.json())

    def walk(self, path: str, **query: Any) -> Rows:
        """All pages, with the same filters on each."""
        found, seen = [], set()
        while True:
            response = self.get(path, **query)
            assert response.status_code == 200, response.text
            page = response.json()
            found += page["data"]
            if not page["page"]["has_more"]:
                assert page["page"]["cursor"] is None
                return found
            query["cursor"] = page["page"]["cursor"]
            assert query["cursor"] not in seen
            seen.add(query["cursor"])

    def everything(self, stream: str, **query: Any) -> Rows:
        """All rows of a stream as the catalogue says to ask for them, with their parent's id."""
        endpoint = STREAMS[stream]
        if endpoint.parent is None:
            return self._parts(endpoint, endpoint.path, {}, query)
        found = []
        for above in self.everything(endpoint.parent.stream):
            column = endpoint.parent.column
            more = {}
            if endpoint.parent.query is not None:
                parameter, source = endpoint.parent.query
                more = {parameter: above[source]}
            path = endpoint.path.format(**{column: above["id"]})
            rows = self._parts(endpoint, path, more, query)
            found += [{column: above["id"], **row} for row in rows]
        return found

    def _parts(self, endpoint: Endpoint, path: str, more: dict[str, str], query: Any) -> Rows:
        if endpoint.each_team:
            teams = self.get("/me").json()["linear_team_ids"]
            asked = ((team, self._plain(path, team_id=team)) for team in teams)
            return [{"team_id": team, **row} for team, rows in asked for row in rows]
        if endpoint.shape == "document":
            document = self._document(path, more)
            return [] if document is None else [document]
        if not endpoint.paged:
            return self._plain(path)
        if self.get(path).status_code in (403, 404) and endpoint.offered_with:
            return []
        if not isinstance(self.get(path).json(), dict) or "page" not in self.get(path).json():
            return self._plain(path)
        return [row for part in endpoint.parts for row in self.walk(path, **dict(part), **query)]

    def _plain(self, path: str, **query: Any) -> Rows:
        response = self.get(path, **query)
        return rows_of(response.json()) if response.status_code == 200 else []

    def _document(self, path: str, query: dict[str, str]) -> Any:
        response = self.get(path, **query)
        return response.json() if response.status_code == 200 else None

    def close(self) -> None:
        self.http.close()


def rows_of(answer: Any) -> Rows:
    """The rows in any of the envelopes."""
    if answer is None:
        return []
    found: Rows = answer["data"] if isinstance(answer, dict) else answer
    return found


def same(left: Rows, right: Rows) -> bool:
    """The same rows, in whatever order."""
    return bag(left) == bag(right)


def bag(rows: Rows) -> list[bytes]:
    return sorted(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows)
