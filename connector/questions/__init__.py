"""Questions that teams really ask, each a file of SQL beside this one.

A file's name is the question's. Its first line, a comment, asks it in words; the comment may go
on with what is worth knowing about the answer. So a file can be read, copied and changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its name: `title` in words, `sql` as it stands in its file."""

    name: str
    title: str
    sql: str


def questions() -> list[Question]:
    """All of them, by name."""
    found = [one for one in files(__name__).iterdir() if one.name.endswith(".sql")]
    return sorted((_question(one.name, one.read_text("utf-8")) for one in found), key=_name)


def _question(file: str, sql: str) -> Question:
    title = sql.splitlines()[0].removeprefix("--").strip()
    return Question(file.removesuffix(".sql"), title, sql)


def _name(question: Question) -> str:
    return question.name
