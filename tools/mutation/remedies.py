"""The remedies that no operator of mutmut takes away: whole statements, decorators, messages."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Remedy:
    """A text of a module, and what it becomes where the remedy is taken away."""

    name: str
    module: str
    old: str
    new: str


REMEDIES = (
    Remedy(
        "one answer per delivery",
        "entrypoints/cloudformation",
        "if not self._is_answered:\n                self._is_answered = True",
        "if True:\n                self._is_answered = True",
    ),
    Remedy("the deadline's timer", "entrypoints/cloudformation", "self._timer.start()", "pass"),
    Remedy(
        "the batch is held", "entrypoints/sqs_batch", '    processor.hold(event["Records"])\n', ""
    ),
    Remedy(
        "no message harms another",
        "entrypoints/message_processor",
        "return Ended(record, self._read_and_execute(record))\n            except BaseException",
        "return Ended(record, self._read_and_execute(record))\n            except ArithmeticError",
    ),
    Remedy(
        "claim before create",
        "operations/upsert",
        "with lease.hold_claim(ports, claim, record) as held:",
        "if held := claim:",
    ),
    Remedy(
        "links before the first fetch",
        "operations/upsert",
        "        secret_versions=connection_write.unapplied_versions(request),\n",
        "",
    ),
    Remedy(
        "a deletion stays known",
        "operations/delete",
        "ports.registry.remove(record, record.deletion(request.request_time, now, deleted_arn))",
        "ports.registry.remove(record)",
    ),
    Remedy("a Delete's intent", "operations/delete", ", is_deletion_pending=True)", ")"),
    Remedy(
        "a Create takes it back",
        "operations/connection_write",
        "        is_deletion_pending=False,\n",
        "",
    ),
    Remedy(
        "a Refresh looks again",
        "operations/refresh",
        "        lease.refuse_if_changed(ports, record)\n",
        "",
    ),
    Remedy(
        "the SDK's message is not forwarded",
        "adapters/aws_errors",
        'reason = f"{call} failed: {code}"',
        'reason = f"{call} failed: {code} {error}"',
    ),
    Remedy("a secret's repr", "references/secret_value", "def __repr__", "def unused"),
)


def unnoticed(project: Path, modules: list[str]) -> Iterator[str]:
    """Take each remedy of the modules, or all, away in a copy; tell what no test notices."""
    chosen = [remedy for remedy in REMEDIES if remedy.module in modules or not modules]
    # Tests that fail anyway, or cannot start, would seem to notice everything.
    if chosen and (exit_code := _tested(project)):
        yield f"the tests fail without any change: pytest ended with {exit_code}"
        return
    for remedy in chosen:
        yield from _problem(project, remedy)


def _problem(project: Path, remedy: Remedy) -> Iterator[str]:
    file = project / "src" / "handler" / f"{remedy.module}.py"
    code = file.read_text("utf-8")
    if code.count(remedy.old) != 1:
        yield f"{remedy.name}: {remedy.module} does not hold this once: {remedy.old!r}"
        return
    file.write_text(code.replace(remedy.old, remedy.new), "utf-8")
    exit_code = _tested(project)
    file.write_text(code, "utf-8")
    print(f"{remedy.name}: pytest ended with {exit_code}", flush=True)
    if exit_code != 1:  # all but 1 tell of something else than a test
        yield f"{remedy.name} of {remedy.module}: pytest ended with {exit_code}, not with 1"


def _tested(project: Path) -> int:
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]
    selected = settings["pytest_add_cli_args"] + settings["pytest_add_cli_args_test_selection"]
    # No bytecode: what was compiled a moment ago could be taken for what is mutated now.
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *selected,
    ]
    return subprocess.run(command, cwd=project, capture_output=True, check=False).returncode
