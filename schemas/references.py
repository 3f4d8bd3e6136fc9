"""Which columns name rows of other streams, beside what hangs under its parent.

Only those whose target is a list of all rows that can be named: a `user_id` may well be of somebody
who has left the workspace, and `members` lists those who work there now.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """Column `column` of a stream holds ids of `target`; null names nothing.

    `table` is where the column stands, if not in the stream's own table.
    """

    stream: str
    column: str
    target: str
    table: str = ""

    @property
    def home(self) -> str:
        """The table with the column."""
        return self.table or self.stream


REFERENCES = (
    Reference("threads", "contact_id", "contacts"),
    Reference("threads", "company_id", "companies"),
    Reference("threads", "tag_id", "tags", table="thread_tags"),
    Reference("contacts", "company_id", "companies"),
    Reference("tags", "tag_group_id", "tag_groups"),
    Reference("issues", "project_id", "projects"),
    Reference("docs_articles", "group_id", "docs_groups"),
    Reference("docs_drafts", "article_id", "docs_articles"),
    Reference("snippets", "folder_id", "snippet_folders"),
)
