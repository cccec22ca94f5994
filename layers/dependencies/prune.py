"""
Take out of the installed packages what the function never loads; run by the layer's Makefile.

It needs no package and any Python from 3.11 on. What stays is the packages' own code unchanged, and
of botocore's data the operations of ``operations.txt`` without their documentation, and the
endpoints of their services.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNUSED_UTILITIES = (  # not the parser: the batch processing imports it where it finds pydantic
    "auth_alpha",
    "circuit_breaker",
    "data_masking",
    "feature_flags",
    "idempotency",
    "kafka",
    "parameters",
    "streaming",
    "validation",
)
UNUSED = (
    "bin",
    "boto3/data",  # resources, where the function has clients
    "boto3/examples",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",  # botocore knows UTC and local time alone
    "aws_lambda_powertools/event_handler",  # HTTP APIs
    *(f"aws_lambda_powertools/utilities/{name}" for name in UNUSED_UTILITIES),
    "*.dist-info/RECORD",  # lists what is no longer there
    "botocore/data/*/*/examples-1.json",
    "botocore/data/*/*/paginators-1.json",  # of whole services; the function pages by itself
    "botocore/data/*/*/waiters-2.json",  # and waits by itself
)


def main() -> None:
    """Prune a folder of installed packages: ``prune.py <folder> <file of operations>``."""
    site, operations = Path(sys.argv[1]), Path(sys.argv[2]).read_text("utf-8").split()
    for pattern in UNUSED:
        for path in site.glob(pattern):
            _remove(path)
    prune_data(site / "botocore" / "data", operations)


def prune_data(data: Path, operations: list[str]) -> None:
    """
    Leave botocore's data of some operations, as ``events:PutEvents``, alone.

    Raises:
        FileNotFoundError: there is no such service.
        KeyError: a service has no such operation.
    """
    services: dict[str, list[str]] = {}
    for service, _, operation in (each.partition(":") for each in operations):
        services.setdefault(service, []).append(operation)
    for folder in [path for path in data.iterdir() if path.is_dir()]:
        if folder.name not in services:
            _remove(folder)
    prefixes = {_prune_service(data / service, names) for service, names in services.items()}
    _prune_endpoints(data / "endpoints.json", prefixes)


def _prune_service(folder: Path, operations: list[str]) -> str:
    *older, newest = sorted(folder.iterdir())  # botocore takes the newest where none is named
    for version in older:
        _remove(version)
    model_file = newest / "service-2.json.gz"
    model = without_documentation(json.loads(gzip.decompress(model_file.read_bytes())))
    model["operations"] = {name: model["operations"][name] for name in operations}
    reached = _reached(model["operations"], model["shapes"])
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in reached}
    model_file.write_bytes(gzip.compress(_compact(model), mtime=0))
    return str(model["metadata"]["endpointPrefix"])


def _reached(operations: Any, shapes: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    new = set(_references(operations))
    while new:
        reached |= new
        new = {name for shape in new for name in _references(shapes[shape])} - reached
    return reached


def _references(part: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a model refers to."""
    match part:
        case {"shape": str() as name}:
            yield name
        case dict():
            for each in part.values():
                yield from _references(each)
        case list():
            for each in part:
                yield from _references(each)


def _prune_endpoints(file: Path, prefixes: set[str]) -> None:
    endpoints = json.loads(file.read_bytes())
    for partition in endpoints["partitions"]:
        listed = partition["services"]
        partition["services"] = {name: listed[name] for name in listed if name in prefixes}
    file.write_bytes(_compact(endpoints))


def without_documentation(model: Any) -> Any:
    """Leave out every text about the model; a member of that name has a shape, which stays."""
    match model:
        case dict():
            return {
                name: without_documentation(value)
                for name, value in model.items()
                if not (name == "documentation" and isinstance(value, str))
            }
        case list():
            return [without_documentation(value) for value in model]
    return model


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    main()
