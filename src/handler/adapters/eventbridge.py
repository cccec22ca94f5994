"""Adapter: EventBridge's connections."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handler.adapters.aws_client import Caller
from handler.connections.state import Connection
from handler.errors import NotFoundError
from handler.requests.service_model import Shape

CONFIGURATION = (
    "Description",
    "AuthParameters",
    "InvocationConnectivityParameters",
    "KmsKeyIdentifier",
)


class EventBridgeConnections(NamedTuple):
    """EventBridge's connections through its API."""

    call: Caller

    @property
    def shape(self) -> Shape:
        """Give AWS's own model of what CreateConnection takes."""
        model: Shape = self.call.client.meta.service_model.operation_model(
            "CreateConnection"
        ).input_shape
        return model

    def describe(self, name: str) -> Connection | None:
        try:
            answer = self.call("describe_connection", f"connection {name}", Name=name)
        except NotFoundError:
            return None
        return _connection(name, answer)

    def create(self, properties: Mapping[str, Any]) -> Connection:
        return self._write("create_connection", properties)

    def update(self, properties: Mapping[str, Any]) -> Connection:
        return self._write("update_connection", properties)

    def delete(self, name: str) -> None:
        try:
            self.call("delete_connection", f"connection {name}", Name=name)
        except NotFoundError:
            return

    def deauthorize(self, name: str) -> None:
        self.call("deauthorize_connection", f"connection {name}", Name=name)

    def _write(self, operation: str, properties: Mapping[str, Any]) -> Connection:
        name = properties["Name"]
        return _connection(name, self.call(operation, f"connection {name}", **properties))


def _connection(name: str, answer: Mapping[str, Any]) -> Connection:
    return Connection(
        name=name,
        arn=answer["ConnectionArn"],
        state=answer["ConnectionState"],
        state_reason=answer.get("StateReason", ""),
        authorization_type=answer.get("AuthorizationType", ""),
        secret_arn=answer.get("SecretArn", ""),
        creation_time=answer.get("CreationTime"),
        last_modified_time=answer.get("LastModifiedTime"),
        last_authorized_time=answer.get("LastAuthorizedTime"),
        properties={member: answer[member] for member in CONFIGURATION if answer.get(member)},
    )
