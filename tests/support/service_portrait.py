"""
What botocore knows of operations; also a Lambda handler, so that the built layer can be asked.

It imports nothing but botocore: the runtime that runs it has nothing else.
"""

import hashlib
import json
from functools import cache
from typing import Any

from botocore.session import Session

REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1")
CREDENTIALS: Any = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def lambda_handler(event: Any, _: Any) -> dict[str, Any]:
    """Portray the operations that are named."""
    return portraits(event["operations"])


def portraits(operations: list[str]) -> dict[str, Any]:
    """Give a digest of each operation's shapes and exceptions, and of its service's endpoints."""
    return {each: _portrait(*each.split(":")) for each in operations}


@cache
def _clients(service: str) -> list[Any]:
    session = Session()
    return [session.create_client(service, region, **CREDENTIALS) for region in REGIONS]


def _portrait(service: str, operation: str) -> dict[str, Any]:
    clients = _clients(service)
    client = clients[0]
    model = client.meta.service_model
    return {
        "api_version": model.api_version,
        "endpoints": [each.meta.endpoint_url for each in clients],
        "signatures": [each.meta.config.signature_version for each in clients],
        "exceptions": sorted(
            client.exceptions.from_code(shape.error_code).__name__
            for shape in model.operation_model(operation).error_shapes
        ),
        "operation": _operation(model, operation),
    }


def _operation(model: Any, name: str) -> str:
    operation = model.operation_model(name)
    shapes = [operation.input_shape, operation.output_shape, *operation.error_shapes]
    described = [operation.http, *(_shape(shape, ()) for shape in shapes)]
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _shape(shape: Any, seen: tuple[str, ...]) -> Any:
    if shape is None or shape.name in seen:
        return shape and shape.name
    inside = (*seen, shape.name)
    members = getattr(shape, "members", {})
    parts = [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    return (
        (shape.name, shape.type_name, shape.metadata),
        shape.serialization,
        [(name, _shape(member, inside)) for name, member in members.items()],
        [_shape(part, inside) for part in parts],
    )
