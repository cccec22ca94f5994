"""Imports point from room to room in one direction, pure rooms stay pure, functions stay small."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "src" / "handler"
MODULES = {
    ".".join(path.relative_to(HANDLER).with_suffix("").parts): ast.parse(path.read_text())
    for path in HANDLER.glob("**/*.py")
    if path.stem != "__init__"
}
VARIABLE = re.compile(r"[A-Z]+(_[A-Z]+)+")
TOP = {"app", "composition", "environment", "settings", "errors", "clock", "observability"}
BASE = {"errors", "clock", "settings"}
# What each room, or file on top, may import beside itself.
EDGES = {
    "app": {"entrypoints", "composition", "requests", "observability", "environment", *BASE},
    "entrypoints": {
        "composition",
        "observability",
        "environment",
        "operations",
        "requests",
        "connections",
        *BASE,
    },
    "composition": {
        "adapters",
        "operations",
        "requests",
        "connections",
        "references",
        "observability",
        "environment",
        *BASE,
    },
    "operations": {"requests", "connections", "references", *BASE},
    "adapters": {"requests", "connections", "references", *BASE},
    "requests": {"references", *BASE},
    "connections": BASE,
    "references": {"errors", "settings"},
    "observability": {"environment", "settings"},
    "environment": {"errors", "settings"},
    "settings": set(),
    "errors": set(),
    "clock": {"settings"},
}
PURE = ("requests", "references", "connections", "operations", "errors", "clock", "settings")
FOREIGN = {
    "adapters.aws_client": {"botocore"},
    "entrypoints.cloudformation_response": {"urllib3"},
    "entrypoints.cloudformation": {"crhelper"},
    "entrypoints.sqs_batch": {"aws_lambda_powertools"},
    "entrypoints.failed_invocations": {"aws_lambda_powertools"},
    "entrypoints.message_retry": {"aws_lambda_powertools"},
    "entrypoints.message_processor": {"aws_lambda_powertools"},
    "entrypoints.sqs_message": {"aws_lambda_powertools"},
    "observability": {"aws_lambda_powertools"},
}
OPENED_LATE = ("cloudformation", "sqs_batch", "direct", "failed_invocations")
HARMLESS = {  # they neither read the world nor change it
    "base64",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "re",
    "string",
    "types",
    "typing",
    "urllib.parse",
}
SIDE_EFFECTS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
CLOCKS = {"now", "today", "utcnow"}
LONGEST_MODULE = 200


def room(module: str) -> str:
    """Give the room in which a module lies, or the file on top itself."""
    return module.partition(".")[0]


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of every module imported, wherever in the code."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (each.name for each in names)
            case ast.ImportFrom(str() as module, names) if ours(module):
                yield module
                yield from (f"{module}.{each.name}" for each in names)
            case ast.ImportFrom(str() as module):
                yield module


def own(module: str) -> set[str]:
    """Give the modules of the function that a module imports."""
    names = (name.partition(".")[2] for name in imports(MODULES[module]) if ours(name))
    return {name for name in names if name in MODULES}


def ours(name: str) -> bool:
    """Tell whether an imported name is one of the function's own modules."""
    return name.partition(".")[0] == "handler"


def foreign(module: str) -> set[str]:
    """Give what a module imports from elsewhere."""
    return {name for name in imports(MODULES[module]) if not ours(name)}


def test_every_room_has_its_rule_and_two_sentences() -> None:
    """A new room is a decision, and its purpose is written where it begins."""
    assert {room(module) for module in MODULES} == set(EDGES)
    assert {module for module in MODULES if "." not in module} == TOP
    assert set(FOREIGN) <= set(MODULES)
    for name in set(EDGES) - TOP:
        tree = ast.parse((HANDLER / name / "__init__.py").read_text())
        assert len(tree.body) == 1, "no code"
        assert (ast.get_docstring(tree) or "").count(".\n") == 1, "two sentences"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_lead_from_room_to_room_in_one_direction(module: str) -> None:
    """Entry points to operations, operations to requests and connections, these to references."""
    assert {room(name) for name in own(module)} <= EDGES[room(module)] | {room(module)}


def test_no_module_imports_itself_by_a_detour() -> None:
    """Also inside a room there is an order."""
    TopologicalSorter({module: own(module) for module in MODULES}).prepare()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_library_is_met_in_its_place_only(module: str) -> None:
    """AWS behind one module, crhelper and Powertools behind their entry points."""
    roots = {name.split(".")[0] for name in foreign(module)}
    assert roots - sys.stdlib_module_names == FOREIGN.get(module, set())


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room(name) in PURE))
def test_what_is_pure_neither_reads_nor_changes_the_world(module: str) -> None:
    """No environment, no clock but an injected one, no file, no output, no chance."""
    used = foreign(module)
    assert {name for name in used if not {name, name.split(".")[0]} & HARMLESS} == set()
    assert list(effects(MODULES[module])) == []


def test_the_environment_is_read_in_one_place() -> None:
    """Whoever looks for a variable finds it there."""
    readers = {name for name, tree in MODULES.items() if "attr='environ'" in ast.dump(tree)}
    assert readers == {"environment"}
    variables = {text for text in texts("environment") if VARIABLE.fullmatch(text)}
    assert len(variables) > 20
    naming = {name for name in MODULES if variables & set(texts(name))}
    assert naming == {"environment"}


def texts(module: str) -> Iterator[str]:
    """Yield every text in a module."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def effects(tree: ast.AST) -> Iterator[str]:
    """Yield every call that would reach out of a pure module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name(name)) if name in SIDE_EFFECTS:
                yield name
            case ast.Attribute(ast.Name("datetime" | "date"), name) if name in CLOCKS:
                yield name


def test_an_entry_points_libraries_are_not_loaded_before_it_opens() -> None:
    """The cold starts of the others do not pay for them."""
    code = "import sys, handler.app; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HANDLER.parent,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    loaded = set(result.stdout.split())
    assert "handler.app" in loaded
    assert not {name for name in loaded if name.startswith("crhelper")}
    assert "aws_lambda_powertools.utilities.batch" not in loaded
    assert not {f"handler.entrypoints.{name}" for name in OPENED_LATE} & loaded


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines, signature included, docstring left out."""
    total = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return total - ((first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0)


def test_functions_are_small() -> None:
    """Half of them have six lines at most, nine of ten fifteen."""
    functions = (
        node
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    lengths = [lines(function) for function in functions]
    assert len(lengths) > 100
    assert statistics.median(lengths) <= 6
    assert statistics.quantiles(lengths, n=10)[-1] <= 15


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_are_small(module: str) -> None:
    """What is longer has two subjects."""
    assert (
        len((HANDLER / f"{module.replace('.', '/')}.py").read_text().splitlines()) <= LONGEST_MODULE
    )
