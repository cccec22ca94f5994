"""The bare loop: a function that makes the recorded calls of a request, and does nothing else."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from tests.support.faulty_proxy import Call
from tools.local.operations import used_services
from tools.local.runtime import Artifact

HANDLER = "bare_loop.lambda_handler"
CODE = '''\
"""The SDK's calls of one request."""

import json
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

CALLS = json.loads(Path(__file__).with_name("calls.json").read_text())
CLIENTS = {service: boto3.client(service) for service, _, _ in CALLS}


def lambda_handler(event, context):
    """Make one after the other; what is not there is not there."""
    for service, method, parameters in CALLS:
        try:
            getattr(CLIENTS[service], method)(**parameters)
        except ClientError:
            pass
    return {}
'''


def write(folder: Path, calls: Sequence[Call], layer: Path) -> Artifact:
    """Write the function that makes these calls."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bare_loop.py").write_text(CODE)
    (folder / "calls.json").write_text(json.dumps([sdk_call(call) for call in calls]))
    return Artifact(folder, layer)


def sdk_call(call: Call) -> tuple[str, str, dict[str, Any]]:
    """Give service, method and parameters of a recorded call, as boto3 takes them."""
    return _service_of_operation()[call.operation], xform_name(call.operation), call.parameters


@cache
def _service_of_operation() -> dict[str, str]:
    session = botocore.session.get_session()
    return {
        operation: service
        for service in used_services()
        for operation in session.get_service_model(service).operation_names
    }
