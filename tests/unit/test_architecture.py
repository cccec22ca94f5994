"""Imports point one way, pure modules stay pure, functions and modules stay small."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLER = ROOT / "src" / "handler"
MODULES = {
    path.stem: ast.parse(path.read_text())
    for path in HANDLER.glob("*.py")
    if path.stem != "__init__"
}
LAYERS = {
    "entry": {"app"},
    "door": {"custom_resource", "request_queue", "direct_request", "unanswered"},
    # What doors say to their own services.
    "wire": {"answer", "answerable", "answering", "concurrency", "message", "visibility"},
    "shared": {"handling", "invocation", "observability", "warming"},
    "use case": {
        "provisioning",
        "applying",
        "deleting",
        "refreshing",
        "reconciling",
        "listing",
        "looking",
        "writing",
        "leasing",
        "stabilizing",
        "resolution",
    },
    "adapter": {
        "aws",
        "eventbridge",
        "secret_sources",
        "registry",
        "requests_to_self",
        "results",
    },
}
PURE = set(MODULES).difference(*LAYERS.values())
EDGES = {
    "entry": {"door", "shared", "pure"},
    "door": {"wire", "shared", "pure"},
    "wire": {"wire", "shared", "pure"},
    "shared": {"shared", "use case", "adapter", "pure"},
    "use case": {"use case", "pure"},
    "adapter": {"adapter", "pure"},
    "pure": {"pure"},
}
FOREIGN = {
    "aws": {"botocore"},
    "answer": {"urllib3"},
    "custom_resource": {"crhelper"},
    "request_queue": {"aws_lambda_powertools"},
    "unanswered": {"aws_lambda_powertools"},
    "concurrency": {"aws_lambda_powertools"},
    "message": {"aws_lambda_powertools"},
    "observability": {"aws_lambda_powertools"},
}
HARMLESS = {  # they neither read the world nor change it
    "base64",
    "collections",
    "contextlib",
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
LONGEST_MODULE = 170


def layer(module: str) -> str:
    """Give a module's layer; what no layer lists must be pure."""
    return next((name for name, modules in LAYERS.items() if module in modules), "pure")


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of every module imported, wherever in the code."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (each.name for each in names)
            case ast.ImportFrom("handler", names):
                yield from (f"handler.{each.name}" for each in names)
            case ast.ImportFrom(str() as module):
                yield module


def own(module: str) -> set[str]:
    """Give the modules of the function that a module imports."""
    names = (name.split(".") for name in imports(MODULES[module]))
    return {parts[1] for parts in names if parts[0] == "handler"}


def foreign(module: str) -> set[str]:
    """Give what a module imports from elsewhere."""
    return {name for name in imports(MODULES[module]) if not name.startswith("handler")}


def test_every_layer_exists() -> None:
    """Else its rules would hold for nothing."""
    assert set(MODULES) >= set(chain(*LAYERS.values(), FOREIGN))
    assert {"reference", "validation", "request", "lifecycle", "errors", "ports"} <= PURE


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_one_way(module: str) -> None:
    """Entry to doors, doors to use cases, use cases and adapters to what is pure."""
    assert {layer(name) for name in own(module)} <= EDGES[layer(module)], own(module)


def test_no_module_imports_itself_by_a_detour() -> None:
    """Also inside a layer there is an order."""
    graph = {module: own(module) & set(MODULES) for module in MODULES}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_library_is_met_in_its_place_only(module: str) -> None:
    """AWS behind one module, crhelper and Powertools behind their doors."""
    roots = {name.split(".")[0] for name in foreign(module)}
    assert roots - sys.stdlib_module_names == FOREIGN.get(module, set())


@pytest.mark.parametrize("module", sorted(PURE | LAYERS["use case"]))
def test_what_is_pure_neither_reads_nor_changes_the_world(module: str) -> None:
    """No environment, no clock but an injected one, no file, no output, no chance."""
    used = foreign(module)
    assert {name for name in used if not {name, name.split(".")[0]} & HARMLESS} == set()
    assert list(effects(MODULES[module])) == []


def effects(tree: ast.AST) -> Iterator[str]:
    """Yield every call that would reach out of a pure module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name(name)) if name in SIDE_EFFECTS:
                yield name
            case ast.Attribute(ast.Name("datetime" | "date"), name) if name in CLOCKS:
                yield name


def test_a_doors_libraries_are_not_loaded_before_it_opens() -> None:
    """The other doors' cold starts do not pay for them."""
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
    assert not {f"handler.{door}" for door in LAYERS["door"]} & loaded


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
    assert len((HANDLER / f"{module}.py").read_text().splitlines()) <= LONGEST_MODULE
