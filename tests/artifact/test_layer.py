"""The pruned and compiled layer knows of its operations what an untouched botocore knows."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import service_portrait
from tools.local import deployment
from tools.local.operations import used_operations
from tools.local.runtime import Artifact, built_artifact, running_function

PORTRAIT = Path(service_portrait.__file__)
OPERATIONS = used_operations()
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1"}


def portraits(folder: Path, operations: list[str]) -> Any:
    """Ask the built layer for portraits, under the real runtime client."""
    deployment.build()
    shutil.copy(PORTRAIT, folder)
    artifact = Artifact(folder, built_artifact().layer)
    with running_function(artifact, ENVIRONMENT, "service_portrait.lambda_handler") as function:
        return function.invoke({"operations": operations})


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the portraits of all operations that the function calls."""
    answer = portraits(tmp_path_factory.mktemp("function"), OPERATIONS)
    assert "errorMessage" not in answer, answer
    return answer


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_what_it_is_in_an_untouched_botocore(shipped: Any, operation: str) -> None:
    """Its client constructs everywhere; its shapes and errors are all there."""
    assert shipped[operation] == service_portrait.portraits([operation])[operation]
    assert shipped[operation]["exceptions"]


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("ec2:DescribeVpcs", "UnknownServiceError"),
        ("events:DeleteRule", "OperationNotFoundError"),
    ],
)
def test_what_is_not_used_is_not_shipped(tmp_path: Path, operation: str, error: str) -> None:
    """Else nothing would have been pruned."""
    assert portraits(tmp_path, [operation])["errorType"] == error
