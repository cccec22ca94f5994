"""The pruned and compiled layer knows of its services what an untouched botocore knows."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import service_portrait
from tools.local import deployment
from tools.local.runtime import Artifact, built_artifact, running_function
from tools.local.services import used_services

PORTRAIT = Path(service_portrait.__file__)
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the portraits of the services under the real runtime client, on the built layer."""
    deployment.build()
    folder = tmp_path_factory.mktemp("function")
    shutil.copy(PORTRAIT, folder)
    artifact = Artifact(folder, built_artifact().layer)
    with running_function(artifact, ENVIRONMENT, "service_portrait.lambda_handler") as function:
        answer: Any = function.invoke({"services": used_services()})
    assert "errorMessage" not in answer, answer
    return answer


@pytest.mark.parametrize("service", used_services())
def test_a_service_is_what_it_is_in_an_untouched_botocore(shipped: Any, service: str) -> None:
    """Its client constructs everywhere, and operations, shapes and errors are all there."""
    assert shipped[service] == service_portrait.portraits([service])[service]
    assert shipped[service]["exceptions"]


def test_a_service_that_is_not_used_is_not_shipped(tmp_path: Path) -> None:
    """Else nothing would have been pruned."""
    shutil.copy(PORTRAIT, tmp_path)
    artifact = Artifact(tmp_path, built_artifact().layer)
    with running_function(artifact, ENVIRONMENT, "service_portrait.lambda_handler") as function:
        answer: Any = function.invoke({"services": ["ec2"]})
    assert answer["errorType"] == "UnknownServiceError"
