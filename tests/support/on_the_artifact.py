"""
Pytest's plugin in ``make retest``: function, libraries and the function's clients are those built.

The layer's botocore knows only what the function calls. The tests call more, so that all sessions
but the function's own find the data of the tests' botocore before those of the layer. So do unit
tests that read AWS's model themselves; ``tests/artifact/test_layer.py`` compares what is shipped.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path
from typing import Any

import pytest

from tools.local.runtime import Artifact, built_artifact

os.environ["AWS_DATA_PATH"] = f"{get_path('purelib')}/botocore/data"


def pytest_sessionstart() -> None:
    """
    Look where the function, its libraries and its models come from, in each process with tests.

    Raises:
        UsageError: they are not those of the last build.
    """
    artifact = built_artifact()
    if missed := [
        *_from_elsewhere("handler", artifact.function),
        *_from_elsewhere("botocore", artifact.layer),
        *_not_shipped(artifact),
    ]:
        raise pytest.UsageError("not what was built: " + ", ".join(missed))


def _from_elsewhere(package: str, folder: Path) -> list[str]:
    found = find_spec(package)
    place = found and found.origin
    return [] if place and Path(place).is_relative_to(folder) else [f"{package} ({place})"]


def _not_shipped(artifact: Artifact) -> list[str]:
    aws_client: Any = import_module("handler.adapters.aws_client")
    whole, data = aws_client.Session, artifact.layer / "python" / "botocore" / "data"

    def session() -> Any:
        made = whole()
        made.set_config_variable("data_path", str(data))
        return made

    aws_client.Session = session
    operations: Any = import_module("tools.local.operations")
    models = {name: session().get_service_model(name) for name in operations.used_services()}
    known = {f"{name}:{each}" for name, model in models.items() for each in model.operation_names}
    wanted = set(operations.used_operations())
    return [f"model of {name}" for name in known ^ wanted]
