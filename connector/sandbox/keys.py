"""API keys and their scopes (REFERENCE 1.1)."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from connector.sandbox.refusal import Refusal

SCOPES = (
    "threads:read", "threads:write", "messages:write", "comments:write", "contacts:read",
    "contacts:write", "companies:read", "companies:write", "changelogs:read", "changelogs:write",
    "docs:read", "docs:write", "portal:read", "projects:read", "projects:write", "issues:read",
    "issues:write", "tags:read", "tags:write", "snippets:read", "snippets:write", "files:write",
    "admin",
)  # fmt: skip


@dataclass(frozen=True)
class Key:
    """What the server knows of a key: never the secret itself beyond its look-up."""

    id: str
    scopes: tuple[str, ...]
    user: str | None = None

    def require(self, scopes: Iterable[str]) -> None:
        """Refuse with 403 `scope_required` unless the key has all of these."""
        required = list(scopes)
        if missing := [scope for scope in required if scope not in self.scopes]:
            details = {"required": required, "granted": list(self.scopes)}
            message = f"This API key lacks the scope {', '.join(missing)}."
            raise Refusal(403, "scope_required", message, details)


class Keys:
    """The keys of the workspace; the first one has every scope."""

    def __init__(self, seed: int, first: str | None = None) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self._issued = 0
        self._keys: dict[str, Key] = {}
        self.first = self.issue(SCOPES, secret=first)

    def issue(
        self, scopes: Iterable[str], user: str | None = None, secret: str | None = None
    ) -> str:
        """A new key with these scopes; the secret follows from the seed, so that runs repeat."""
        with self._lock:
            self._issued += 1
            token = blake2b(f"{self._seed}/key/{self._issued}".encode(), digest_size=20).hexdigest()
            secret = secret or f"pl_v2_{token}"
            self._keys[secret] = Key(f"key_{self._issued:04d}", tuple(scopes), user)
        return secret

    def revoke(self, secret: str) -> None:
        """From now on this key is unknown."""
        with self._lock:
            self._keys.pop(secret, None)

    def known(self, authorization: str) -> Key:
        """The key of an `Authorization` header, or the refusal that fits."""
        word, _, secret = authorization.partition(" ")
        if word.lower() == "bearer" and secret.startswith("pl_v1_"):
            message = "v1 keys are no longer supported. Create a v2 key."
            raise Refusal(410, "unsupported_key_version", message)
        key = self._keys.get(secret) if word.lower() == "bearer" else None
        if key is None:
            raise Refusal(401, "unauthenticated", "The API key is missing or invalid.")
        return key
