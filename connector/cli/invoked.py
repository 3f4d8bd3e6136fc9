"""How the commands are called in this terminal, for lines that are to be copied."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "productlane-elt"


def as_called(program: str = NAME) -> str:
    """A program of this environment: by its name, or, where that isn't on the path, by its place.

    The place is taken from how this command was called, since that has worked.
    """
    called = Path(sys.argv[0])
    if called.name != NAME or shutil.which(NAME):
        return program
    return shlex.quote(str(called.with_name(program)))
