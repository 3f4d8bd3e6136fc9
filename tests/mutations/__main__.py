"""Take out each guard in turn and see the tests go red: `python -m tests.mutations [NAME ...]`.

Each mutation is made in a copy of the tree, where its tests must fail. Exit code 1 if one of them
survives, or if a test fails without it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutations import MUTATIONS
from tests.mutations.mutation import Mutation

ROOT = Path(__file__).parents[2]
TREE = ("connector", "schemas", "assets", "tests", "pyproject.toml", "README.md")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation: the first test that saw it, if any."""

    mutation: Mutation
    caught_by: str
    seconds: float


def copied(folder: Path) -> Path:
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def tested(tree: Path, tests: tuple[str, ...]) -> str:
    """The first test that fails, if one does."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
               "-o", "addopts=", "--timeout", "240", *tests]  # fmt: skip
    done = subprocess.run(  # noqa: S603  # our own tests, in this interpreter
        command, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode != 1 or not failed:
        raise SystemExit(f"the tests {tests} could not be run:\n{done.stdout}\n{done.stderr}")
    return failed[0].split("::")[-1].split(" - ")[0]


def judged(mutation: Mutation) -> Verdict:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        path = tree / mutation.file
        whole = path.read_text()
        if whole.count(mutation.old) != 1:
            raise SystemExit(f"{mutation.name}: its code is not in {mutation.file} once")
        path.write_text(whole.replace(mutation.old, mutation.new))
        caught = tested(tree, mutation.tests)
    return Verdict(mutation, caught, time.monotonic() - began)


def main(names: list[str]) -> int:
    if unknown := set(names) - {one.name for one in MUTATIONS}:
        raise SystemExit(f"there is no mutation {unknown.pop()!r}")
    chosen = [one for one in MUTATIONS if not names or one.name in names]
    survivors = 0
    print(f"{'guard taken out':<52} {'seconds':>7}  seen by")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(judged, chosen):
            survivors += not verdict.caught_by
            seen = verdict.caught_by or "NOBODY: IT SURVIVES"
            print(f"{verdict.mutation.name:<52} {verdict.seconds:>7.1f}  {seen}", flush=True)
    print(f"\n{len(chosen)} guards taken out, {survivors} not missed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
