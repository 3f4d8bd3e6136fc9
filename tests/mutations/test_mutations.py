"""The list of mutations fits the code; `python -m tests.mutations` tries them all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutations import MUTATIONS
from tests.mutations.mutation import Mutation

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_mutation_has_its_place_in_the_code_and_its_tests(mutation: Mutation) -> None:
    whole = (ROOT / mutation.file).read_text()
    assert whole.count(mutation.old) == 1
    ast.parse(whole.replace(mutation.old, mutation.new))
    for test in mutation.tests:
        file, _, name = test.partition("::")
        assert f"def {name.split('[')[0]}" in (ROOT / file).read_text()


def test_no_two_mutations_have_one_name() -> None:
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS)
