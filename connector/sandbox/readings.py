"""What the API leaves open, each question a switch (REFERENCE, "Open questions").

A connector must be right under every reading, since nobody knows which one the vendor's server
follows. The default of each field is the documented or assumed answer; `Readings.alternatives`
gives the opposite of each, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any


def _one_of(*values: str) -> Any:
    """A field whose first value is the default and whose other values are the alternatives."""
    return field(default=values[0], metadata={"values": values})


@dataclass(frozen=True)
class Readings:
    """One way to read the reference; the comments name the section that is open."""

    # 1.3: is a row whose stamp equals the bound inside?
    bounds: str = _one_of("exclusive", "inclusive", "after_inclusive", "before_inclusive")
    # 1.2: does the cursor carry the filters, or must every request repeat them?
    cursor_filters: str = _one_of("kept", "dropped")
    # 1.2: what the lists without limit and cursor are wrapped in.
    plain_envelope: str = _one_of("page", "data", "array")
    # 1.10: documented is object on contacts and nested companies, array on companies and threads.
    external_ids: str = _one_of("documented", "array", "object", "null", "absent")
    # 8 and 9: what `published`, `archived`, `visibility`, `kind` mean when they are left out.
    hidden_by_default: str = _one_of("nothing", "flagged")
    # Open question 16: translations as rows of their own, under the base's id, or in no list.
    translations: str = _one_of("own_id", "shared_id", "not_listed")
    # 1.9: is updated_at there on the streams where that is only inferred?
    updated_at: str = _one_of("present", "absent")
    # Open question 9, and the enums that a documented sample leaves out (evidence warning 2).
    message_updated_at: str = _one_of("absent", "present")
    message_enums: str = _one_of("present", "absent")
    # Open question 4: does a message or comment move its thread's updated_at?
    children_bump: str = _one_of("no", "yes")
    # 1.4 and open question 17. `offset` is +02:00, `naive` has no offset at all.
    date_form: str = _one_of("millis", "seconds", "micros", "nanos", "offset", "naive")
    # 1.3: are stamps kept as exactly as they are shown, or finer than that?
    resolution: str = _one_of("shown", "finer")
    # Evidence warning 3 and open question 30.
    unknown_fields: str = _one_of("none", "some")
    unknown_enums: str = _one_of("none", "some")
    unknown_parameters: str = _one_of("ignored", "refused")
    # 1.7 and open question 28.
    linear: str = _one_of("connected", "404", "403", "null")
    plan: str = _one_of("scale", "pro", "free")
    # 1.6: twice the rate for ten seconds, or twice the count; and the kind of window.
    burst: str = _one_of("rate", "count")
    window: str = _one_of("fixed", "sliding")
    # Open question 25.
    over_limit: str = _one_of("refuse", "clamp")
    # 1.8: both are described.
    deleted_status: str = _one_of("404", "403")
    # Open question 19, and 3: whether the company filter sees further memberships.
    email_filter: str = _one_of("exact", "substring")
    company_filter: str = _one_of("primary", "any")
    # 9: a declined draft is described as `REJECTED`.
    draft_status_case: str = _one_of("lower", "upper")
    # 6: whether an issue's `status` is a name, a type or an id.
    issue_status: str = _one_of("name", "type", "id")
    # Open question 8.
    merge_bumps: str = _one_of("no", "yes")
    # 11.
    members_envelope: str = _one_of("page", "data", "array")
    invites: str = _one_of("listed", "404", "403")
    # 10 and 9.
    roadmap: str = _one_of("object", "array")
    article_list_content: str = _one_of("present", "absent")
    # Open question 5: nested contact and company as they are now, or as the thread last saw them.
    nested: str = _one_of("live", "snapshot")
    # 1.10 and open question 13: is a null field sent as null or left out?
    nullable: str = _one_of("null", "missing")
    # Bodies are compressed only if the client offers to read that and the server wants to.
    compression: str = _one_of("none", "gzip")

    def __post_init__(self) -> None:
        for name, values in self.choices().items():
            if getattr(self, name) not in values:
                raise ValueError(f"reading {name}: {getattr(self, name)!r} is none of {values}")

    @classmethod
    def choices(cls) -> dict[str, tuple[str, ...]]:
        """Every open question with the answers it may have, the default first."""
        return {entry.name: entry.metadata["values"] for entry in fields(cls)}

    @classmethod
    def alternatives(cls) -> Iterator[tuple[str, str, Readings]]:
        """(field, value, readings) for every answer that is not the default, one at a time."""
        for name, values in cls.choices().items():
            for value in values[1:]:
                yield name, value, replace(cls(), **{name: value})

    @property
    def grain(self) -> int:
        """Microseconds in the finest step that a stored stamp can make."""
        if self.resolution == "finer" or self.date_form in ("micros", "nanos"):
            return 1
        return 1_000_000 if self.date_form == "seconds" else 1_000
