"""
Which of AWS's operations the function calls, read from its code; the layer ships no others.

``layers/dependencies/operations.txt`` lists them, since a layer is built from its own folder.
"""

import ast
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from botocore import xform_name
from botocore.session import Session

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "src" / "handler"
OPERATIONS_FILE = ROOT / "layers" / "dependencies" / "operations.txt"
MAKERS = ("caller", "client", "_client", "Caller")  # their first argument is a service


class UnknownServiceError(ValueError):
    """A client is made of a service whose name the code does not spell out."""


def write() -> None:
    """Write down what the code uses, where that changed."""
    text = "".join(f"{operation}\n" for operation in used_operations())
    if OPERATIONS_FILE.read_text("utf-8") != text:
        OPERATIONS_FILE.write_text(text, "utf-8")


def used_services() -> list[str]:
    """Name every service that a client of the function is made for."""
    return sorted(services_in(_sources()))


def used_operations() -> list[str]:
    """Name every operation that the function may call, as ``events:PutEvents``."""
    return sorted(operations_in(_sources()))


def _sources() -> list[str]:
    return [path.read_text("utf-8") for path in HANDLER.rglob("*.py")]


def services_in(sources: Iterable[str]) -> set[str]:
    """
    Name the services that are spelled out where clients are made.

    Raises:
        UnknownServiceError: one is neither spelled out nor handed on from a parameter.
    """
    return {name for source in sources for name in _services(ast.parse(source))}


def operations_in(sources: Collection[str]) -> set[str]:
    """Name the services' operations whose method the code spells anywhere: rather too many."""
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    texts |= {name for node in nodes for name in _methods_of_clients(node)}
    session = Session()
    return {
        f"{service}:{operation}"
        for service in services_in(sources)
        for operation in session.get_service_model(service).operation_names
        if xform_name(operation) in texts
    }


def _methods_of_clients(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(ast.Name("client") | ast.Attribute(attr="client"), method):
            yield method


def _services(tree: ast.Module) -> Iterator[str]:
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for call in ast.walk(tree):
        match call:
            case ast.Call(ast.Name(maker) | ast.Attribute(attr=maker), [service, *_]) if (
                maker in MAKERS
            ):
                yield from _named(service, parameters)


def _named(service: ast.expr, parameters: set[str]) -> Iterator[str]:
    match service:
        case ast.Constant(str() as name):
            yield name
        case ast.Name(name) if name in parameters:
            return  # whoever calls with it spells it out
        case _:
            raise UnknownServiceError(f"line {service.lineno}: {ast.unparse(service)}")
