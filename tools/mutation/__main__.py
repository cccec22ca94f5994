"""
Change the code of the function and expect a unit test to fail; ``make mutants``.

It fails on a mutant that survives and is not in ``survivors.toml``, and on a remedy whose removal
no test notices. mutmut keeps what it has found in ``.local/mutants``, and goes on from there.
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
WORKSPACE = ROOT / ".local" / "mutants"
SURVIVORS = Path(__file__).with_name("survivors.toml")
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
# A mutant that no test reaches survives, too.
SURVIVED = re.compile(r"^\s*(\S+): (?:survived|no tests|suspicious)$", re.MULTILINE)


def main() -> int:
    """Judge the mutants and remedies of the module named, as requests/violation; else all."""
    module = sys.argv[1].removesuffix(".py") if sys.argv[1:] else ""
    if module and not (ROOT / "src" / "handler" / f"{module}.py").exists():
        print(f"there is no module src/handler/{module}.py", file=sys.stderr)
        return 2
    _copy_project()
    pattern = f"handler.{module.replace('/', '.')}.*" if module else "handler.*"
    workers = os.environ.get("PYTEST_WORKERS", "2")
    if subprocess.run(
        ["mutmut", "run", "--max-children", workers, pattern],
        cwd=WORKSPACE,
        env=ENVIRONMENT,
        check=False,
    ).returncode:
        return 2
    found = [*_unknown_survivors(module), *remedies.unnoticed(WORKSPACE, module)]
    print("\n\n".join(found) or "every mutant was killed or is a known survivor")
    return 1 if found else 0


def _copy_project() -> None:
    # What mutmut has found stays; what was deleted from the project goes.
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    for path in WORKSPACE.iterdir():
        if path.name != "mutants":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(WORKSPACE / "mutants" / "tests", ignore_errors=True)
    ignore = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(ROOT, WORKSPACE, ignore=ignore, dirs_exist_ok=True)


def _unknown_survivors(module: str) -> Iterator[str]:
    known = {(each["function"], each["line"]) for each in _known()}
    for name in SURVIVED.findall(_mutmut("results")):
        function = re.sub(r"\.x_(?=\w)", ".", re.sub(r"__mutmut_\d+$", "", name))
        if module and not function.startswith(f"handler.{module.replace('/', '.')}."):
            continue
        difference = _mutmut("show", name)
        line = "\n".join(
            each[1:].strip()
            for each in difference.splitlines()
            if each.startswith("+") and not each.startswith("+++")
        )
        if (function, line) not in known:
            yield f"{function} survives as\n{difference}"


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
