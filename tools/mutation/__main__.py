"""
`make mutants`: take each remedy away in turn, and expect a test to notice.

It fails where the tests still pass, and where the remedy is no longer found as it was written.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tools.mutation.mutations import MUTATIONS, Mutation

PROJECT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")
TIMEOUT_SECONDS = 180
PASSED, FAILED = 0, 1  # pytest's exit codes; all others tell of something else than a test


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant."""

    mutation: Mutation
    problem: str
    seconds: float

    def __str__(self) -> str:
        """Give the line that is printed."""
        fate = self.problem or "killed"
        return f"{self.seconds:5.1f} s  {fate:10}  {self.mutation.module}: {self.mutation.name}"


def main() -> int:
    """Judge the mutants whose names hold the words given, all without any."""
    words = " ".join(sys.argv[1:]).lower()
    chosen = [each for each in MUTATIONS if words in f"{each.module}: {each.name}".lower()]
    workers = int(os.environ.get("PYTEST_WORKERS", "2"))
    with _copies(workers) as copies:
        if problem := _baseline(copies, chosen):
            print(f"the tests do not pass as it is ({problem})", file=sys.stderr)
            return 2
        with ThreadPoolExecutor(workers) as pool:
            verdicts = list(pool.map(lambda each: _judged(copies, each), chosen))
    bad = [verdict for verdict in verdicts if verdict.problem]
    print(f"{len(verdicts) - len(bad)} of {len(verdicts)} mutants were killed")
    for verdict in bad:
        print(verdict)
    return 1 if bad or not verdicts else 0


@contextmanager
def _copies(number: int) -> Iterator[SimpleQueue[Path]]:
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        for index in range(number):
            copy = Path(directory) / str(index)
            shutil.copytree(PROJECT, copy, ignore=LEFT_OUT)
            copies.put(copy)
        yield copies


def _baseline(copies: SimpleQueue[Path], chosen: list[Mutation]) -> str:
    files = sorted({file for mutation in chosen for file in mutation.test_files})
    copy = copies.get()
    try:
        exit_code = _tested(copy, files)
    finally:
        copies.put(copy)
    return "" if exit_code == PASSED or not files else f"exit code {exit_code}"


def _judged(copies: SimpleQueue[Path], mutation: Mutation) -> Verdict:
    copy = copies.get()
    started = time.monotonic()
    try:
        problem = _problem(copy, mutation)
    finally:
        copies.put(copy)
    verdict = Verdict(mutation, problem, time.monotonic() - started)
    print(verdict, flush=True)
    return verdict


def _problem(copy: Path, mutation: Mutation) -> str:
    file = copy / mutation.file
    before = file.read_text()
    if before.count(mutation.old) != 1:
        return "NOT FOUND" if mutation.old not in before else "NOT UNIQUE"
    file.write_text(before.replace(mutation.old, mutation.new))
    try:
        return _fate(_tested(copy, mutation.test_files))
    finally:
        file.write_text(before)


def _fate(exit_code: int | None) -> str:
    match exit_code:
        case 1:
            return ""
        case 0:
            return "SURVIVED"
        case None:
            return "NO END"
        case _:
            return "BROKEN"  # it cannot even be imported, which proves nothing


def _tested(copy: Path, files: list[str]) -> int | None:
    # No bytecode: what was compiled a moment ago could be taken for what is mutated now.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]
    try:
        finished = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return finished.returncode


if __name__ == "__main__":
    sys.exit(main())
