"""Pytest's plugin in ``make retest``: no test begins on anything but what was built."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tools.local.runtime import built_artifact
from tools.local.services import used_services


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
        *_documented(),
    ]:
        raise pytest.UsageError("not what was built: " + ", ".join(missed))


def _from_elsewhere(package: str, folder: Path) -> list[str]:
    found = find_spec(package)
    place = found and found.origin
    return [] if place and Path(place).is_relative_to(folder) else [f"{package} ({place})"]


def _documented() -> list[str]:
    # Imported late: pytest loads its plugins before it extends the path. What the layer ships is
    # without documentation.
    session: Any = import_module("botocore.session").get_session()
    loader = session.get_component("data_loader")
    models = {name: loader.load_service_model(name, "service-2") for name in used_services()}
    return [f"model of {name}" for name, model in models.items() if "documentation" in model]
