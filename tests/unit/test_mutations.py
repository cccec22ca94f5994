"""The list of `make mutants`: every remedy is still written as it says, and can be removed."""

from pathlib import Path

import pytest

from tools.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.module}: {each.name}")
def test_a_remedy_is_found_once(mutation: Mutation) -> None:
    """Else its mutant would prove nothing."""
    assert (ROOT / mutation.file).read_text().count(mutation.old) == 1
    for file in mutation.test_files:
        assert (ROOT / file).exists()
