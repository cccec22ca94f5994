"""
Change the code of the function and expect a unit test to fail; ``make mutants``.

It fails on a mutant that survives and is not in ``survivors.toml``; where all are judged, on an
entry there that does not survive; and on a remedy whose removal no test notices. mutmut tries each
mutant with those unit tests that reach its function: first with those of its room, then, if it
survives these, with all.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tools.mutation import remedies

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "src" / "handler"
WORKSPACE = ROOT / ".local" / "mutants"
SURVIVORS = Path(__file__).with_name("survivors.toml")
ARGUMENTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"][
    "pytest_add_cli_args"
]
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
LITERAL = re.compile(r'"[^"]*"')
# A mutant that no test reaches survives, too.
SURVIVED = re.compile(r"^\s*(\S+): (?:survived|no tests|suspicious|not checked)$", re.MULTILINE)


SELECTION = re.compile(r"^(pytest_add_cli_args_test_selection = ).*$", re.MULTILINE)


class MutmutError(Exception):
    """When mutmut itself failed."""


def main() -> int:
    """Judge the mutants and remedies of the module named, as requests/violation; else all."""
    modules = [each.removesuffix(".py") for each in sys.argv[1:]]
    for module in modules:
        if not (CODE / f"{module}.py").exists():
            print(f"there is no module src/handler/{module}.py", file=sys.stderr)
            return 2
    problems = list(_problems(modules))
    if not problems:
        print("every mutant was killed or is a known survivor")
    return 1 if problems else 0


def _problems(modules: list[str]) -> Iterator[str]:
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    shutil.copytree(ROOT, WORKSPACE, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    try:
        found = list(_misjudged(_survivors(modules or _all_modules()), is_whole=not modules))
    except MutmutError as error:
        found = [str(error)]
    for problem in (*found, *remedies.unnoticed(WORKSPACE, modules)):
        print(f"\n{problem}", flush=True)
        yield problem


def _all_modules() -> list[str]:
    files = (path.relative_to(CODE).with_suffix("") for path in sorted(CODE.rglob("*.py")))
    return [str(file) for file in files if file.name != "__init__"]


def _survivors(modules: list[str]) -> list[str]:
    # Most mutants are killed by the tests of their room, within a tenth of the time.
    left: list[str] = []
    for room, members in groupby(sorted(modules, key=_room), key=_room):
        folder = ROOT / "tests" / "unit" / room
        places = [folder] if room else sorted(folder.glob("test_*.py"))
        tests = [str(each.relative_to(ROOT)) for each in places]
        # What is named is run even if it is ignored.
        alive = _run(list(members), [each for each in tests if f"--ignore={each}" not in ARGUMENTS])
        print(f"{room or 'on top'}: {len(alive)} for the other tests", flush=True)
        left += alive
    return _run(modules, None, left) if left else []


def _room(module: str) -> str:
    return module.rpartition("/")[0]


def _run(modules: list[str], tests: list[str] | None, names: list[str] | None = None) -> list[str]:
    """Run the mutants of modules, or those named, with some tests, or all; name what survives."""
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    settings += f"only_mutate = {[f'src/handler/{each}.py' for each in modules]}\n"
    if tests:
        settings = SELECTION.sub(rf"\g<1>{tests}", settings)
    (WORKSPACE / "pyproject.toml").write_text(settings, "utf-8")
    shutil.rmtree(WORKSPACE / "mutants", ignore_errors=True)
    workers = os.environ.get("PYTEST_WORKERS", "2")
    run = subprocess.run(
        # Where mutants are named, mutmut first runs the tests by their ids; and a test that pytest
        # does not find by its id, for a line break in it, would look like a kill of each mutant.
        ["mutmut", "run", "--max-children", workers, *(names or ["*"])],
        cwd=WORKSPACE,
        env=ENVIRONMENT,
        check=False,
        stdout=subprocess.PIPE,  # a line for each turn of its spinner
        text=True,
    )
    if not _mutmut("results", "--all", "true").strip():
        return []  # modules without a function; mutmut calls that a failure
    if run.returncode:
        raise MutmutError(f"mutmut ended with {run.returncode}:\n{run.stdout[-3000:]}")
    alive = SURVIVED.findall(_mutmut("results"))
    return [name for name in alive if names is None or name in names]


def _misjudged(survivors: list[str], *, is_whole: bool) -> Iterator[str]:
    known = {(each["function"], each["line"]) for each in _known()}
    stale = set(known) if is_whole else set()
    for name in survivors:
        function = re.sub(r"\.x_(?=\w)", ".", re.sub(r"__mutmut_\d+$", "", name))
        difference = _mutmut("show", name)
        before, line = (_lines(difference, mark) for mark in "-+")
        stale.discard((function, line))
        if not is_wording(before, line) and (function, line) not in known:
            yield f"{function} survives as\n{difference}"
    for function, line in sorted(stale):
        yield f"{function} is listed in survivors.toml, but does not survive as\n{line}"


def _lines(difference: str, mark: str) -> str:
    lines = (each for each in difference.splitlines() if not each.startswith(mark * 3))
    return "\n".join(each[1:].strip() for each in lines if each.startswith(mark))


def is_wording(before: str, after: str) -> bool:
    """
    Tell whether only a sentence is written otherwise: a text with a space in it.

    People read it; a test that repeats each sentence would only be a second copy.
    """
    literals = zip(LITERAL.findall(before), LITERAL.findall(after), strict=False)
    plain = {each.replace("XX", "").lower() for each in (before, after)}
    return len(plain) == 1 and all(" " in old for old, new in literals if old != new)


def _known() -> list[dict[str, str]]:
    listed: list[dict[str, str]] = tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"]
    return listed


def _mutmut(*arguments: str) -> str:
    return subprocess.run(
        ["mutmut", *arguments],
        cwd=WORKSPACE,
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
