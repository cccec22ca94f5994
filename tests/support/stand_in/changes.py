"""What Create and Update make of a connection."""

from collections.abc import Mapping
from typing import Any

from tests.support.stand_in.connection import StoredConnection
from tests.support.stand_in.parameters import BLOCKS, foreign_blocks, merged, normal
from tests.support.stand_in.unrecorded import Unrecorded


def has_auth(parameters: Mapping[str, Any]) -> bool:
    """Tell whether there is a type together with its parameters."""
    block = BLOCKS.get(parameters.get("AuthorizationType", ""))
    return block in parameters.get("AuthParameters", {})


def auth_parameters_after(
    connection: StoredConnection, parameters: Mapping[str, Any], unrecorded: Unrecorded
) -> dict[str, Any]:
    """Give the parameters as they will be: merged within a type, anew with another."""
    authorization_type = parameters["AuthorizationType"]
    is_same_type = authorization_type == connection.authorization_type
    foreign = foreign_blocks(authorization_type, parameters["AuthParameters"])
    own = {
        name: value for name, value in parameters["AuthParameters"].items() if name not in foreign
    }
    return normal(merged(connection.auth_parameters if is_same_type else {}, own, unrecorded))


def apply(
    connection: StoredConnection, parameters: Mapping[str, Any], unrecorded: Unrecorded, now: float
) -> bool:
    """
    Change a connection, and tell whether EventBridge has to authorize it, or reach it, anew.
    """
    was_private = connection.is_private
    _describe(connection, parameters, unrecorded)
    if has_auth(parameters):
        _authorize(connection, parameters, unrecorded, now)
    connection.modify(now)
    return has_auth(parameters) or was_private is not connection.is_private


def _describe(
    connection: StoredConnection, parameters: Mapping[str, Any], unrecorded: Unrecorded
) -> None:
    description = parameters.get("Description")
    if description or (description == "" and unrecorded.empty_description == "clears"):
        connection.description = description
    connection.kms_key_identifier = parameters.get(
        "KmsKeyIdentifier", connection.kms_key_identifier
    )
    if connectivity := parameters.get("InvocationConnectivityParameters"):
        connection.invocation_connectivity = connectivity


def _authorize(
    connection: StoredConnection, parameters: Mapping[str, Any], unrecorded: Unrecorded, now: float
) -> None:
    after = auth_parameters_after(connection, parameters, unrecorded)
    if parameters["AuthorizationType"] != connection.authorization_type:
        connection.bury_secret()
    connection.authorization_type = parameters["AuthorizationType"]
    connection.auth_parameters = after
    connection.keep_secret(now)
    if connection.authorization_type != "OAUTH_CLIENT_CREDENTIALS":
        connection.last_authorized_time = now
