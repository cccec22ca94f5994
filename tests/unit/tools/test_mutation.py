"""The mutants have an environment of their own, which CI does not make: what it must hold."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.resolved_template import ROOT
from tools.generated.pins import canonical, versions
from tools.mutation.__main__ import CODE, is_wording
from tools.mutation.remedies import REMEDIES, Remedy

OURS = ("handler", "tests", "tools")


def imported(module: Path) -> Iterator[str]:
    """Yield the full name of what a module imports at run time."""
    for statement in ast.parse(module.read_text("utf-8")).body:
        match statement:
            case ast.Import(names):
                yield from (each.name for each in names)
            case ast.ImportFrom(package, names):
                yield from (f"{package}.{each.name}" for each in names)


def file_of(name: str) -> Path | None:
    """Find the module of the tests that an import names, or names a member of."""
    found = (ROOT / path for path in (f"{name}.py", f"{name.rpartition('/')[0]}.py"))
    return next((each for each in found if each.exists()), None)


def packages_below(modules: set[Path]) -> set[str]:
    """Give the packages of others that modules import, themselves or by way of the tests' own."""
    packages, unread, read = set(), modules, set()
    while unread:
        read |= unread
        names = {name for module in unread for name in imported(module)}
        packages |= {name.partition(".")[0] for name in names}
        own = (file_of(name.replace(".", "/")) for name in names if name.startswith("tests."))
        unread = {module for module in own if module} - read
    return packages - {*OURS, *sys.stdlib_module_names}


def test_the_environment_of_the_mutants_holds_what_their_tests_import() -> None:
    """One import that is missing there would stop every mutant before its first test."""
    rooms = [each.name for each in CODE.iterdir() if each.is_dir()]
    folders = [ROOT / "tests" / "unit" / room for room in rooms]
    folders.append(ROOT / "tests" / "integration" / "stand_in")
    modules = {module for folder in folders for module in folder.rglob("*.py")}
    packages = packages_below(modules | set((ROOT / "tests" / "unit").glob("*.py")))
    distributions = packages_distributions()
    needed = {canonical(distributions[each][0]) for each in packages}
    assert {"pytest", "aws-sam-translator"} <= needed
    assert needed <= set(versions(ROOT / "tools" / "mutation" / "requirements.txt"))


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.name)
def test_a_remedy_is_in_its_module_once(remedy: Remedy) -> None:
    """Else it is not taken away, and nobody knows whether a test would notice."""
    assert (CODE / f"{remedy.module}.py").read_text("utf-8").count(remedy.old) == 1


@pytest.mark.parametrize(
    ("before", "after", "is_one"),
    [
        ('Violation(path, "an object")', 'Violation(path, "XXan objectXX")', True),
        ('Violation(path, "an object")', 'Violation(path, "AN OBJECT")', True),
        ('Violation(path, "an object")', "Violation(path, None)", False),
        ('Violation(path, "an object")', 'Violation(None, "an object")', False),
        ('answer.get("Name", "")', 'answer.get("XXNameXX", "")', False),
        ('answer.get("Name", "")', 'answer.get("name", "")', False),
    ],
)
def test_only_what_a_sentence_says_is_left_to_its_readers(
    before: str, after: str, is_one: bool
) -> None:
    """Not that there is one, and no name of a member."""
    assert is_wording(before, after) is is_one
