"""What a user can set, from the environment or a `.env` file in the working directory."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from dotenv import dotenv_values

from connector.errors import ConfigurationError

DEFAULT_BASE_URL = "https://productlane.com/api/v2"
DEFAULT_START = date(2022, 1, 1)

LONG = 10_000_000
"""Seconds, some months: a margin beyond it is a slip, and one of millennia leads out of time."""

Grain = Literal["day", "week", "month"]

OURS = "PRODUCTLANE_"
NAMES = (
    "PRODUCTLANE_API_KEY",
    "PRODUCTLANE_BASE_URL",
    "PRODUCTLANE_DATA_DIR",
    "PRODUCTLANE_START_DATE",
    "PRODUCTLANE_PARTITION_GRAIN",
    "PRODUCTLANE_STALE_HOURS",
    "PRODUCTLANE_OWNERS",
    "PRODUCTLANE_PREVIEW_ROWS",
    "PRODUCTLANE_LAG_SECONDS",
    "PRODUCTLANE_OVERLAP_SECONDS",
    "PRODUCTLANE_PAGE_SIZE",
    "PRODUCTLANE_LOSS_BRAKE",
    "PRODUCTLANE_AUDIT_SHARE",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to read, where to write, and the two margins of time.

    `lag`: how late a change may become visible in a list after its stamp; a window closes no
    later than the server's clock minus this. `overlap`: how far before the last closed moment
    the next walk asks; it covers filters with or without their bound, and clocks that differ
    between the API's servers (REFERENCE, open question 1: at least five minutes).
    `loss_brake`: the share of a stream's rows that may vanish in one walk and be believed.
    `audit_share`: the share of the budget for asking again under parents that did not move.
    `start_date`: the first partition in Dagster; None for the first day that the lake has, if that
    is before the default.
    `grain`: how long a partition is. `stale_after`: how old published rows may be before Dagster
    calls them stale. `owners`: who is answerable for the assets. `preview`: how many rows of a
    table Dagster shows to everybody who can open its pages.
    """

    api_key: str = field(default="", repr=False)
    base_url: str = DEFAULT_BASE_URL
    data_dir: Path = Path("data")
    start_date: date | None = DEFAULT_START
    grain: Grain = "day"
    stale_after: timedelta = timedelta(hours=6)
    owners: tuple[str, ...] = ()
    preview: int = 0
    lag: timedelta = timedelta(seconds=60)
    overlap: timedelta = timedelta(minutes=5)
    page_size: int = 200
    loss_brake: float = 0.25
    audit_share: float = 0.05

    def __post_init__(self) -> None:
        if not _is_web_address(self.base_url):
            raise ConfigurationError(
                "PRODUCTLANE_BASE_URL is not a web address",  # it may be the key, set by mistake
                todo=f"Leave it out for {DEFAULT_BASE_URL}",
            )
        if not 1 <= self.page_size <= 200:
            raise ConfigurationError("PRODUCTLANE_PAGE_SIZE must be from 1 to 200")
        if self.data_dir.exists() and not self.data_dir.is_dir():
            raise ConfigurationError(
                f"PRODUCTLANE_DATA_DIR is no folder: {self.data_dir}", todo="Name another one"
            )

    def with_key(self) -> Settings:
        """These settings, once it is sure that there is a key to ask with."""
        if not self.api_key:
            raise ConfigurationError(
                "PRODUCTLANE_API_KEY is not set",
                todo="Export it, or write it into .env; `productlane-elt demo` needs no key",
            )
        if not re.fullmatch("[!-~]+", self.api_key):
            # httpx would put the whole key into its error.
            raise ConfigurationError(
                "PRODUCTLANE_API_KEY has a character in it that no key has", todo="Copy it again"
            )
        return self

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from the environment; what it lacks, from `.env`; what that lacks, defaults."""
        values = _values(environ)
        _warn_of_slips(values)
        return cls(
            api_key=values.get("PRODUCTLANE_API_KEY", "").strip(),
            base_url=(values.get("PRODUCTLANE_BASE_URL") or DEFAULT_BASE_URL).rstrip("/"),
            data_dir=_folder(values, "PRODUCTLANE_DATA_DIR"),
            start_date=_start(values, "PRODUCTLANE_START_DATE"),
            grain=_grain(values, "PRODUCTLANE_PARTITION_GRAIN"),
            stale_after=timedelta(
                hours=_number(values, "PRODUCTLANE_STALE_HOURS", 6, most=100_000)
            ),
            owners=_owners(values, "PRODUCTLANE_OWNERS"),
            preview=int(_number(values, "PRODUCTLANE_PREVIEW_ROWS", 0, most=100)),
            lag=timedelta(seconds=_number(values, "PRODUCTLANE_LAG_SECONDS", 60, most=LONG)),
            overlap=timedelta(
                seconds=_number(values, "PRODUCTLANE_OVERLAP_SECONDS", 300, most=LONG)
            ),
            page_size=int(_number(values, "PRODUCTLANE_PAGE_SIZE", 200)),
            loss_brake=_number(values, "PRODUCTLANE_LOSS_BRAKE", 0.25, most=1),
            audit_share=_number(values, "PRODUCTLANE_AUDIT_SHARE", 0.05, most=1),
        )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:  # a port that is none, half an address of IPv6
        return False
    return known and bool(parts.hostname) and text.isprintable()


def _values(environ: Mapping[str, str] | None) -> dict[str, str]:
    if environ is not None:
        return dict(environ)
    try:
        from_file = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    except UnicodeDecodeError:
        raise ConfigurationError(".env is no text in UTF-8", todo="Save it as UTF-8") from None
    return from_file | dict(os.environ)


def _warn_of_slips(values: Mapping[str, str]) -> None:
    """Say so where a setting's name is nearly right: its value would be left out without a word.

    A name that is like none of ours is another program's. Values may be secrets, and aren't said.
    """
    others = [name for name in values if name.startswith(OURS) and name not in NAMES]
    for name in others:
        endings = {known.removeprefix(OURS): known for known in NAMES}
        if near := get_close_matches(name.removeprefix(OURS), endings, 1, cutoff=0.7):
            said = "%s is no setting, and is left out; is %s meant?"
            logging.getLogger(__name__).warning(said, name, endings[near[0]])


def _folder(values: Mapping[str, str], name: str) -> Path:
    """A folder, absolute where DuckDB would take `s3:x` or `md:x` for something else."""
    text = values.get(name) or "data"
    try:
        folder = Path(text).expanduser()
    except RuntimeError:
        raise ConfigurationError(f"{name} names no home that is known: {text!r}") from None
    return folder.absolute() if ":" in text else folder


def _start(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name)
    if not text or text == "auto":
        return None if text else DEFAULT_START
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{name} is not a date like 2024-01-31: {text!r}",
            todo="`auto` is the first day that the lake has, if that is before 2022",
        ) from None


def _grain(values: Mapping[str, str], name: str) -> Grain:
    text = values.get(name) or "day"
    if text not in get_args(Grain):
        raise ConfigurationError(f"{name} is not day, week or month: {text!r}")
    return cast("Grain", text)


def _owners(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in values.get(name, "").split(",") if one.strip())
    for one in found:
        if not re.fullmatch(r"team:\w+|[^@\s]+@[^@\s]+\.[^@\s]+", one):
            raise ConfigurationError(f"{name} has neither an address nor a team:name: {one!r}")
    return found


def _number(
    values: Mapping[str, str], name: str, default: float, most: float = float("inf")
) -> float:
    text = values.get(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most or number == float("inf"):
        span = "from 0 up" if most == float("inf") else f"from 0 to {most:,.12g}"
        raise ConfigurationError(f"{name} is not a number {span}: {text!r}")
    return number
