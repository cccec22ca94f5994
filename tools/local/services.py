"""
Which of AWS's services the function calls, read from its code: the layer ships their models alone.

``layers/dependencies/services.txt`` lists them, since a layer is built from its own folder.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "src" / "handler"
SERVICES_FILE = ROOT / "layers" / "dependencies" / "services.txt"
MAKERS = ("caller", "client", "_client", "Caller")  # their first argument is a service


class UnknownServiceError(ValueError):
    """A client is made of a service whose name the code does not spell out."""


def write() -> None:
    """Write down what the code uses, where that changed."""
    text = "".join(f"{service}\n" for service in used_services())
    if SERVICES_FILE.read_text("utf-8") != text:
        SERVICES_FILE.write_text(text, "utf-8")


def used_services() -> list[str]:
    """Name every service that a client of the function is made for."""
    sources = (path.read_text("utf-8") for path in HANDLER.rglob("*.py"))
    return sorted(services_in(sources))


def services_in(sources: Iterable[str]) -> set[str]:
    """
    Name the services that are spelled out where clients are made.

    Raises:
        UnknownServiceError: one is neither spelled out nor handed on from a parameter.
    """
    return {name for source in sources for name in _services(ast.parse(source))}


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
