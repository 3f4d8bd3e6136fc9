"""A stream by the name that somebody typed."""

from __future__ import annotations

from difflib import get_close_matches

from connector.errors import ConfigurationError
from schemas import STREAMS, Endpoint


def named(stream: str) -> Endpoint:
    """The stream of this name. Raises `ConfigurationError`, which says the nearest one."""
    if stream in STREAMS:
        return STREAMS[stream]
    near = get_close_matches(stream, STREAMS, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise ConfigurationError(
        f"there is no stream {stream!r}", todo=f"{meant}`productlane-elt streams` lists them"
    )
