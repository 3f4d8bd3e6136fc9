"""The catalogue: WHAT Productlane has. Assets, files, tables, tests and README follow from it."""

from schemas.customers import CUSTOMERS, WRITABLE_CONTACTS
from schemas.endpoint import SYSTEMS, Column, Endpoint, Parent
from schemas.feedback import FEEDBACK
from schemas.publishing import PUBLISHING
from schemas.roadmap import ROADMAP
from schemas.team import TEAM
from schemas.writable import Field, Link, Writable

STREAMS: dict[str, Endpoint] = {
    endpoint.stream: endpoint for endpoint in (*FEEDBACK, *CUSTOMERS, *ROADMAP, *PUBLISHING, *TEAM)
}
"""Every stream by its name; parents come before their children within an area."""

WRITABLE: dict[str, Writable] = {one.stream: one for one in (WRITABLE_CONTACTS,)}
"""What may be written back, by stream."""

__all__ = [
    "STREAMS",
    "SYSTEMS",
    "WRITABLE",
    "Column",
    "Endpoint",
    "Field",
    "Link",
    "Parent",
    "Writable",
]
