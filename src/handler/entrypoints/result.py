"""The result of a request, as entry points give it: Data, an invocation's result, or an event."""

from typing import Any

from handler.clock import iso
from handler.errors import ProvisionerError
from handler.operations.completion import Completion
from handler.requests.unchecked_request import UncheckedRequest


def attributes(completion: Completion) -> dict[str, str]:
    """Give every attribute that Fn::GetAtt can read, "" if AWS gives no value."""
    connection = completion.connection
    # IAM matches connections without the UUID at the end of their ARN.
    stem = connection.arn.partition("/")[0]
    return {
        "Name": connection.name,
        "ConnectionArn": connection.arn,
        "Arn": connection.arn,
        "ArnForPolicy": f"{stem}/{connection.name}" if stem else "",
        "ConnectionState": connection.state,
        "StateReason": connection.state_reason,
        "SecretArn": connection.secret_arn,
        "AuthorizationType": connection.authorization_type,
        "CreationTime": iso(connection.creation_time),
        "LastModifiedTime": iso(connection.last_modified_time),
        "LastAuthorizedTime": iso(connection.last_authorized_time),
        "Outcome": completion.outcome,
    }


def success(unchecked: UncheckedRequest, completion: Completion) -> dict[str, Any]:
    """Give the result of a request that succeeded, outside CloudFormation."""
    given = {name: value for name, value in attributes(completion).items() if value}
    ids = _identity(unchecked, completion.owner or unchecked.acts_for)
    return ids | {"Status": "SUCCESS"} | given | dict(completion.details)


def failure(
    unchecked: UncheckedRequest, error: ProvisionerError, owner: str = ""
) -> dict[str, str]:
    """Give the result of a request that failed; ``owner`` is the connection's, where known."""
    named = {"Name": unchecked.name} if unchecked.name else {}
    problem = {"ErrorCode": error.code, "Reason": error.reason}
    ids = _identity(unchecked, owner or unchecked.acts_for)
    return ids | {"Status": "FAILED"} | named | problem


def _identity(unchecked: UncheckedRequest, owner: str) -> dict[str, str]:
    ids = {"RequestId": unchecked.request_id, "RequestType": unchecked.known_request_type}
    return ids | ({"Owner": owner} if owner else {})  # "" where there is none, or it is not known
