"""What EventBridge refuses though the model accepts it."""

from collections.abc import Mapping
from typing import Any

from tests.support.stand_in import changes, errors
from tests.support.stand_in.connection import StoredConnection
from tests.support.stand_in.parameters import BLOCKS, foreign_blocks, missing
from tests.support.stand_in.unrecorded import Unrecorded

NOTHING_TO_UPDATE = (
    "Failed to update the connection(s). At least one of the following is required: Description, "
    "KmsKeyIdentifier, AuthorizationType with BasicAuthParameters, ApiKeyAuthParameters, or "
    "OAuthParameters."
)


def check_create(parameters: Mapping[str, Any], unrecorded: Unrecorded) -> None:
    """Refuse a Create whose parameters do not go with its type; the texts are unrecorded."""
    authorization_type, auth_parameters = _auth(parameters)
    block = BLOCKS[authorization_type]
    if block not in auth_parameters:
        raise errors.invalid(f"{block} is required for {authorization_type}.")
    _check_types_match(authorization_type, auth_parameters, unrecorded)


def check_update(
    connection: StoredConnection, parameters: Mapping[str, Any], unrecorded: Unrecorded
) -> None:
    """Refuse an Update at the wrong moment, or of nothing, or of half a type."""
    _check_moment(connection, unrecorded)
    authorization_type, auth_parameters = _auth(parameters)
    if not any(name in parameters for name in ("Description", "KmsKeyIdentifier")) or (
        auth_parameters
    ):
        _check_is_authorization(authorization_type, auth_parameters)
    if authorization_type and auth_parameters:
        _check_types_match(authorization_type, auth_parameters, unrecorded)
    if changes.has_auth(parameters):
        result = changes.auth_parameters_after(connection, parameters, unrecorded)
        if absent := missing(authorization_type, result):
            raise errors.invalid(f"{', '.join(absent)} required for {authorization_type}.")


def check_delete_again(connection: StoredConnection, unrecorded: Unrecorded) -> None:
    """Refuse a second Delete, or not."""
    match unrecorded.delete_while_deleting:
        case "refused":
            connection.course.look()
            raise errors.modified_concurrently("delete", connection.name)
        case "not found":
            raise errors.not_found("delete", connection.name)


def _check_moment(connection: StoredConnection, unrecorded: Unrecorded) -> None:
    match connection.state, unrecorded:
        case "DELETING", Unrecorded(update_while_deleting="not found"):
            raise errors.not_found("update", connection.name)
        case ("DELETING", _) | ("DEAUTHORIZING", Unrecorded(update_while_deauthorizing="refused")):
            # Who only tries again, and never looks, gets through as well.
            connection.course.look()
            raise errors.modified_concurrently("update", connection.name)


def _check_is_authorization(authorization_type: str, auth_parameters: Mapping[str, Any]) -> None:
    if not authorization_type or not any(block in auth_parameters for block in BLOCKS.values()):
        raise errors.invalid(NOTHING_TO_UPDATE)


def _check_types_match(
    authorization_type: str, auth_parameters: Mapping[str, Any], unrecorded: Unrecorded
) -> None:
    foreign = foreign_blocks(authorization_type, auth_parameters)
    if foreign and unrecorded.type_mismatch == "refused":
        raise errors.invalid(f"{', '.join(foreign)} cannot go with {authorization_type}.")


def _auth(parameters: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return parameters.get("AuthorizationType", ""), parameters.get("AuthParameters", {})
