"""AWS's error codes in our own words: every code of the calls that are made, on purpose."""

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
    "ExpiredTokenException": AccessDeniedError,
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
    "UnrecognizedClientException": AccessDeniedError,
    "ValidationException": InvalidRequestError,
}
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


def error_class(service: str, code: str, http_status: int) -> type[ProvisionerError]:
    """Choose the class for an error that AWS answered; unknown ones by their HTTP status."""
    known = SERVICE_CODES.get(service, {}).get(code) or COMMON_CODES.get(code)
    if known is not None:
        return known
    if http_status == 429:  # noqa: PLR2004 (HTTP's own number)
        return ThrottlingError
    return ServiceInternalError if http_status >= 500 else InvalidRequestError  # noqa: PLR2004
