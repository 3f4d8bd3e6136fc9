"""A push in a process of its own that kills itself at one of the things it does to the disk.

Run as `python -m tests.push.killed URL KEY FOLDER FATAL FILE` (`tests.engine.killed` for FATAL).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from connector.published import reading
from connector.push.checking import check
from connector.push.pushing import Pushing
from connector.push.source import from_csv
from connector.settings import Settings
from schemas import WRITABLE
from tests.engine.killed import arm

if __name__ == "__main__":
    _, url, key, folder, fatal, file = sys.argv
    settings = Settings(api_key=key, base_url=url, data_dir=Path(folder))
    with reading(settings.data_dir) as con:
        plan = check(con, WRITABLE["contacts"], from_csv(Path(file)))
    arm(fatal)
    asyncio.run(Pushing(settings, plan).carry_out())
