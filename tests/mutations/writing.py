# ruff: noqa: E501 (code is quoted as it stands)
"""Guards of what is written back."""

from __future__ import annotations

from tests.mutations.mutation import Mutation

PUSH = "tests/push/test_push_faults.py"
PUSH_CRASHES = "tests/push/test_push_crashes.py"

WRITING = [
    Mutation(
        "a lost answer taken for a failure",
        "connector/push/writing.py",
        "        if _differing(now, write.asked) == []:\n",
        "        if False:\n",
        (f"{PUSH}::test_a_write_whose_answer_is_lost_is_not_repeated",),
    ),
    Mutation(
        "written over what somebody else has written",
        "connector/push/writing.py",
        "            if moved := [name for name in names if not same(name, now[name], change.old[name])]:",
        "            if moved := [name for name in names if name == '']:",
        (f"{PUSH}::test_what_moved_since_the_warehouse_saw_it_is_a_conflict_and_lands",),
    ),
    Mutation(
        "an attempt noted after the request",
        "connector/push/writing.py",
        "        write = await self.audit.begin(key, number, before, asked)\n        try:\n",
        "        await self.writer.change(self._path(key), asked, lambda answer: answer)\n"
        "        write = await self.audit.begin(key, number, before, asked)\n        try:\n",
        (
            f"{PUSH_CRASHES}::test_killed_between_request_and_answer_the_next_push_finds_out_and_writes_nothing_twice",
        ),
    ),
]
