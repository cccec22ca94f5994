"""Everything that AWS may answer has its place among our errors."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from handler.adapters.aws_errors import COMMON_CODES, SERVICE_CODES, error_class, error_of_response
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    NotFoundError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceInternalError,
    ServiceLimitExceededError,
    ThrottlingError,
)
from tools.local.operations import OPERATIONS_FILE

SHIPPED = [each.split(":") for each in OPERATIONS_FILE.read_text("utf-8").split()]
SERVICES = sorted({service for service, _ in SHIPPED})
SESSION = botocore.session.get_session()


def listed() -> Iterator[tuple[str, str]]:
    """Yield every error code that the service model lists for what is called, with its service."""
    for service, operation in SHIPPED:
        for shape in SESSION.get_service_model(service).operation_model(operation).error_shapes:
            yield service, str(shape.metadata.get("error", {}).get("code") or shape.name)


def test_the_operations_called_are_found() -> None:
    """Else the next test would promise nothing."""
    operations = {(service, operation) for service, operation in SHIPPED}
    assert {service for service, _ in operations} == set(SERVICES)
    assert {operation for service, operation in operations if service == "events"} == {
        "CreateConnection",
        "UpdateConnection",
        "DeleteConnection",
        "DescribeConnection",
        "DeauthorizeConnection",
        "PutEvents",
    }
    assert len(set(listed())) > 20


@pytest.mark.parametrize(("service", "code"), sorted(set(listed())))
def test_every_error_that_the_model_lists_is_translated_on_purpose(service: str, code: str) -> None:
    """The fall-back by HTTP status is for those that no model tells of."""
    assert code in {**COMMON_CODES, **SERVICE_CODES.get(service, {})}


@pytest.mark.parametrize(
    ("service", "code", "expected"),
    [
        ("events", "ResourceAlreadyExistsException", AlreadyExistsError),
        ("events", "ResourceNotFoundException", NotFoundError),
        ("events", "LimitExceededException", ServiceLimitExceededError),
        ("events", "ConcurrentModificationException", ResourceConflictError),
        ("events", "InternalException", ServiceInternalError),
        ("events", "ThrottlingException", ThrottlingError),
        ("events", "AccessDeniedException", AccessDeniedError),
        ("events", "ValidationException", InvalidRequestError),
        ("secretsmanager", "ResourceNotFoundException", SecretNotUsableError),
        ("secretsmanager", "InvalidRequestException", SecretNotUsableError),
        ("secretsmanager", "InvalidParameterException", SecretNotUsableError),
        ("secretsmanager", "DecryptionFailure", AccessDeniedError),
        ("secretsmanager", "InternalServiceError", ServiceInternalError),
        ("ssm", "ParameterNotFound", SecretNotUsableError),
        ("ssm", "ParameterVersionNotFound", SecretNotUsableError),
        ("ssm", "InvalidKeyId", AccessDeniedError),
        ("dynamodb", "ConditionalCheckFailedException", ResourceConflictError),
        ("dynamodb", "ResourceNotFoundException", ServiceInternalError),
        ("dynamodb", "ProvisionedThroughputExceededException", ThrottlingError),
        ("stepfunctions", "TaskTimedOut", NotFoundError),
        ("stepfunctions", "TaskDoesNotExist", NotFoundError),
        ("stepfunctions", "KmsThrottlingException", ThrottlingError),
        ("sqs", "RequestThrottled", ThrottlingError),
    ],
)
def test_an_answer_of_aws_has_its_class(
    service: str, code: str, expected: type[ProvisionerError]
) -> None:
    """Whatever the HTTP status; one code means different things in different services."""
    assert error_class(service, code, 400) is expected
    assert error_class(service, code, 500) is expected


def test_a_quota_is_final_and_a_concurrent_change_is_not() -> None:
    """By default, botocore does the opposite."""
    assert not error_class("events", "LimitExceededException", 400).is_transient
    assert error_class("events", "ConcurrentModificationException", 400).is_transient


@pytest.mark.parametrize(
    ("http_status", "expected"),
    [
        (400, InvalidRequestError),
        (413, InvalidRequestError),
        (429, ThrottlingError),
        (500, ServiceInternalError),
        (503, ServiceInternalError),
    ],
)
def test_an_unknown_answer_is_judged_by_its_status(
    http_status: int, expected: type[ProvisionerError]
) -> None:
    """Only what is the service's own fault is worth another try."""
    assert error_class("events", "SomethingNew", http_status) is expected
    assert error_class("unheard-of", "", http_status) is expected


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "code",
    [
        "UnrecognizedClientException",
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "MissingAuthenticationTokenException",
        "InvalidAccessKeyId",
    ],
)
def test_refused_credentials_are_told_as_the_functions_own(service: str, code: str) -> None:
    """No policy would mend them."""
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    error = error_of_response(service, f"{service}:Call on it", response)
    assert type(error) is AccessDeniedError
    assert error.reason.startswith(f"{service}:Call on it failed: {code}; ")
    assert "the function's own credentials are expired or not valid" in error.reason
    assert "role needs" not in error.reason
    refused = {**response, "Error": {"Code": "AccessDeniedException"}}
    assert "role needs" in error_of_response(service, f"{service}:Call on it", refused).reason


def test_a_network_failure_is_no_answer_of_aws() -> None:
    """No code leads to it but a time-out that AWS reports itself."""
    codes = {**COMMON_CODES, **{k: v for each in SERVICE_CODES.values() for k, v in each.items()}}
    assert {code for code, each in codes.items() if each is NetworkFailureError} <= {
        "RequestTimeout"
    }


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("sqs:SendMessageBatch on the request queue", "sqs:SendMessage on the request queue"),
        ("stepfunctions:SendTaskSuccess on the task", "states:SendTaskSuccess on the task"),
        ("events:PutEvents on event bus default", "events:PutEvents on the event bus default"),
        ("ssm:GetParameter on parameter a on b", "ssm:GetParameter on the parameter a on b"),
    ],
)
def test_a_missing_permission_is_told_as_iam_calls_it(call: str, permission: str) -> None:
    """Whoever reads it looks for that action in the role."""
    service = call.partition(":")[0]
    refused = {"Error": {"Code": "AccessDeniedException"}}
    reason = error_of_response(service, call, refused).reason
    assert reason.startswith(f"{call} failed: AccessDeniedException; the function's role needs ")
    assert f"the function's role needs {permission}" in reason


@pytest.mark.parametrize(
    ("service", "response", "kind", "code", "reason"),
    [
        (
            "stepfunctions",
            {"Error": {"Code": "InvalidToken"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
            NotFoundError,
            "InvalidToken",
            "x:Call on it failed: InvalidToken",
        ),
        (
            "sqs",
            {
                "Error": {"Code": "AWS.SimpleQueue.X", "QueryErrorCode": "QueueDoesNotExist"},
                "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r-1"},
            },
            ServiceInternalError,
            "QueueDoesNotExist",
            "x:Call on it failed: QueueDoesNotExist (AWS request r-1)",
        ),
        (
            "dynamodb",
            {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}, {}],
                "ResponseMetadata": {"HTTPStatusCode": 400},
            },
            ResourceConflictError,
            "TransactionConflict",
            "x:Call on it failed: TransactionConflict",
        ),
        (
            "events",
            {"Error": {"Code": "New"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
            InvalidRequestError,
            "New",
            "x:Call on it failed: New",
        ),
        ("events", {}, ServiceInternalError, "", "x:Call on it failed: "),
    ],
)
def test_an_error_is_made_of_the_answers_code_status_and_request_id(
    service: str, response: dict[str, Any], kind: type[ProvisionerError], code: str, reason: str
) -> None:
    """Wherever the service puts its code; without a status, AWS failed itself."""
    error = error_of_response(service, "x:Call on it", response)
    assert (type(error), error.aws_code, error.reason) == (kind, code, reason)


def test_a_secret_that_is_not_found_is_told_with_what_may_be_the_matter() -> None:
    """It may also be on its way out."""
    response = {"Error": {"Code": "ResourceNotFoundException"}}
    error = error_of_response("secretsmanager", "secretsmanager:Call on it", response)
    assert type(error) is SecretNotUsableError
    assert error.reason.endswith("; it or its version does not exist, or it is being deleted")


@pytest.mark.parametrize(
    ("service", "needed"),
    [
        ("events", "iam:CreateServiceLinkedRole the first time"),
        ("secretsmanager", "kms:Decrypt on the secret's key"),
        ("dynamodb", "dynamodb:ConditionCheckItem"),
        ("ssm", "kms:Decrypt on the key of a SecureString"),
    ],
)
def test_a_missing_permission_is_told_with_what_the_service_needs_beside_it(
    service: str, needed: str
) -> None:
    """The action alone would often not be enough."""
    refused = {"Error": {"Code": "AccessDeniedException"}}
    assert needed in error_of_response(service, f"{service}:Call on it", refused).reason
