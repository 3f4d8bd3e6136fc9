from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench import Bench
from tests.push.pushed import Desk, desk


@pytest.fixture
def at_desk(make_bench: Callable[..., Bench]) -> Desk:
    return desk(make_bench(threads=0, contacts=12, companies=4))
