"""Map AWS's error codes to our errors: every code of the calls that are made, deliberately."""

from typing import Any

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

COMMON_CODES: dict[str, type[ProvisionerError]] = {
    "AccessDenied": AccessDeniedError,
    "AccessDeniedException": AccessDeniedError,
    "InternalException": ServiceInternalError,
    "InternalServerError": ServiceInternalError,
    "InternalServiceError": ServiceInternalError,
    "LimitExceededException": ServiceLimitExceededError,
    "RequestLimitExceeded": ThrottlingError,
    "RequestThrottled": ThrottlingError,
    "RequestTimeout": NetworkFailureError,
    "ServiceUnavailable": ServiceInternalError,
    "Throttling": ThrottlingError,
    "ThrottlingException": ThrottlingError,
    "TooManyRequestsException": ThrottlingError,
    "ValidationException": InvalidRequestError,
}
# These concern the caller's credentials, not what a policy allows.
CREDENTIAL_CODES = (
    *("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
    *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "SignatureDoesNotMatch"),
    *("IncompleteSignature", "IncompleteSignatureException", "InvalidSignatureException"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
)
SERVICE_CODES: dict[str, dict[str, type[ProvisionerError]]] = {
    "events": {
        "ConcurrentModificationException": ResourceConflictError,
        "ResourceAlreadyExistsException": AlreadyExistsError,
        "ResourceNotFoundException": NotFoundError,
    },
    "secretsmanager": {
        "DecryptionFailure": AccessDeniedError,
        "InvalidParameterException": SecretNotUsableError,
        "InvalidRequestException": SecretNotUsableError,
        "ResourceNotFoundException": SecretNotUsableError,
    },
    "ssm": {
        "InvalidKeyId": AccessDeniedError,
        "ParameterNotFound": SecretNotUsableError,
        "ParameterVersionNotFound": SecretNotUsableError,
    },
    "dynamodb": {
        "ConditionalCheckFailed": ResourceConflictError,  # these four cancel a transaction
        "ConditionalCheckFailedException": ResourceConflictError,
        "IdempotentParameterMismatchException": ServiceInternalError,
        "ItemCollectionSizeLimitExceededException": ServiceLimitExceededError,
        "ProvisionedThroughputExceeded": ThrottlingError,
        "ProvisionedThroughputExceededException": ThrottlingError,
        "ReplicatedWriteConflictException": ResourceConflictError,
        "ResourceNotFoundException": ServiceInternalError,
        "ThrottlingError": ThrottlingError,
        "TransactionCanceledException": ResourceConflictError,
        "TransactionConflict": ResourceConflictError,
        "TransactionConflictException": ResourceConflictError,
        "TransactionInProgressException": ServiceInternalError,
    },
    "sqs": {
        "BatchEntryIdsNotDistinct": InvalidRequestError,
        "BatchRequestTooLong": InvalidRequestError,
        "EmptyBatchRequest": InvalidRequestError,
        "InvalidAddress": InvalidRequestError,
        "InvalidBatchEntryId": InvalidRequestError,
        "InvalidMessageContents": InvalidRequestError,
        "InvalidSecurity": AccessDeniedError,
        "KmsAccessDenied": AccessDeniedError,
        "KmsDisabled": AccessDeniedError,
        "KmsInvalidKeyUsage": AccessDeniedError,
        "KmsInvalidState": AccessDeniedError,
        "KmsNotFound": AccessDeniedError,
        "KmsOptInRequired": AccessDeniedError,
        "KmsThrottled": ThrottlingError,
        "QueueDoesNotExist": ServiceInternalError,
        "TooManyEntriesInBatchRequest": InvalidRequestError,
        "UnsupportedOperation": InvalidRequestError,
    },
    "stepfunctions": {
        "InvalidOutput": InvalidRequestError,
        "InvalidToken": NotFoundError,
        "KmsAccessDeniedException": AccessDeniedError,
        "KmsInvalidStateException": AccessDeniedError,
        "KmsThrottlingException": ThrottlingError,
        "TaskDoesNotExist": NotFoundError,
        "TaskTimedOut": NotFoundError,
    },
}
# What may be missing if a call is refused: AWS's own text says it, but may echo values.
PERMISSIONS = {
    "events": "the function's role needs {call}; for a connection also secretsmanager on"
    " secret:events!connection/*, iam:CreateServiceLinkedRole the first time, kms on its"
    " KmsKeyIdentifier, and vpc-lattice where it is private",
    "secretsmanager": "the function's role needs {call} and kms:Decrypt on the secret's key; a"
    " policy of the secret must not refuse it, and must allow it from another account",
    "dynamodb": "the function's role needs dynamodb:GetItem, dynamodb:PutItem, dynamodb:DeleteItem,"
    " dynamodb:ConditionCheckItem, dynamodb:Query and dynamodb:Scan on the registry's table",
    "ssm": "the function's role needs {call}, and kms:Decrypt on the key of a SecureString",
}


def error_class(service: str, code: str, http_status: int) -> type[ProvisionerError]:
    """Choose the class for an error that AWS answered; unknown ones by their HTTP status."""
    if code in CREDENTIAL_CODES:
        return AccessDeniedError
    known = SERVICE_CODES.get(service, {}).get(code) or COMMON_CODES.get(code)
    if known is not None:
        return known
    if http_status == 429:  # noqa: PLR2004 (HTTP's own number)
        return ThrottlingError
    return ServiceInternalError if http_status >= 500 else InvalidRequestError  # noqa: PLR2004


def error_of_response(service: str, call: str, response: Any) -> ProvisionerError:
    """Make the error for a call that AWS refused, in our words, with its code and request id."""
    told = response.get("Error", {})
    # SQS puts its code in QueryErrorCode; a cancelled transaction has a code for each item.
    reasons = [str(each.get("Code")) for each in response.get("CancellationReasons", [])]
    cancelling = next((each for each in reasons if each != "None"), "")
    code = cancelling or str(told.get("QueryErrorCode") or told.get("Code", ""))
    metadata = response.get("ResponseMetadata", {})
    kind = error_class(service, code, int(metadata.get("HTTPStatusCode", 500)))
    request_id = metadata.get("RequestId")
    reason = f"{call} failed: {code}" + (f" (AWS request {request_id})" if request_id else "")
    if kind is SecretNotUsableError:
        reason += "; it or its version does not exist, or it is being deleted"
    if code in CREDENTIAL_CODES:
        reason += "; the function's own credentials are expired or not valid:"
        reason += " this is not a missing permission"
    elif kind is AccessDeniedError:
        needed = PERMISSIONS.get(service, "the function's role needs {call}")
        reason += "; " + needed.format(call=_permission(call))
    error = kind(reason)
    error.aws_code = code
    return error


def _permission(call: str) -> str:
    # IAM calls Step Functions states, and knows no batches.
    operation, _, resource = call.partition(" on ")
    action = operation.replace("stepfunctions:", "states:").removesuffix("Batch")
    return f"{action} on the {resource.removeprefix('the ')}"
