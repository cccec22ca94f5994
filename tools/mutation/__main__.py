"""
Change the code of the function and expect a unit test to fail; ``make mutants``.

It fails on a mutant that survives and is not in ``survivors.toml``, and on a remedy whose removal
no test notices. mutmut tries each mutant with those unit tests that reach its function.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.mutation import remedies

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "src" / "handler"
WORKSPACE = ROOT / ".local" / "mutants"
SURVIVORS = Path(__file__).with_name("survivors.toml")
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
LITERAL = re.compile(r'"[^"]*"')
# A mutant that no test reaches survives, too.
SURVIVED = re.compile(r"^\s*(\S+): (?:survived|no tests|suspicious|not checked)$", re.MULTILINE)


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
    _copy_project(modules)
    workers = os.environ.get("PYTEST_WORKERS", "2")
    run = subprocess.run(
        ["mutmut", "run", "--max-children", workers],
        cwd=WORKSPACE,
        env=ENVIRONMENT,
        check=False,
        stdout=subprocess.PIPE,  # a line for each turn of its spinner
        text=True,
    )
    found = _unknown_survivors(run)
    for problem in (*found, *remedies.unnoticed(WORKSPACE, modules)):
        print(f"\n{problem}", flush=True)
        yield problem


def _copy_project(modules: list[str]) -> None:
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    shutil.copytree(ROOT, WORKSPACE, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    if modules:
        with (WORKSPACE / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"only_mutate = {[f'src/handler/{each}.py' for each in modules]}\n")


def _unknown_survivors(run: subprocess.CompletedProcess[str]) -> Iterator[str]:
    if not _mutmut("results", "--all", "true").strip():
        return  # a module without a function; mutmut calls that a failure
    if run.returncode:
        yield f"mutmut ended with {run.returncode}:\n{run.stdout[-3000:]}"
        return
    known = {(each["function"], each["line"]) for each in _known()}
    for name in SURVIVED.findall(_mutmut("results")):
        function = re.sub(r"\.x_(?=\w)", ".", re.sub(r"__mutmut_\d+$", "", name))
        difference = _mutmut("show", name)
        before, line = (_lines(difference, mark) for mark in "-+")
        if not is_wording(before, line) and (function, line) not in known:
            yield f"{function} survives as\n{difference}"


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
