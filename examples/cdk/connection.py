"""A connection of the provisioner as a construct; copy this file."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from aws_cdk import CustomResource, Duration, Fn
from aws_cdk.aws_events import Connection, IConnection
from aws_cdk.aws_secretsmanager import ISecret
from constructs import Construct


def value_from(secret: ISecret, key: str) -> dict[str, str]:
    """Refer to a key of a secret, whose value the provisioner fetches."""
    return {"ValueFrom": f"{secret.secret_arn}:{key}::"}


class ProvisionedConnection(CustomResource):
    """A connection that follows its secrets; ``ref`` is its name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        authorization_type: str,
        auth_parameters: Mapping[str, Any],
        provisioner_stack_name: str = "eventbridge-connection-provisioner",
        **properties: Any,
    ) -> None:
        """Ask for a connection; further properties are CreateConnection's, such as ``Name``."""
        super().__init__(
            scope,
            construct_id,
            # The function itself, never custom_resources.Provider.
            service_token=Fn.import_value(f"{provisioner_stack_name}-ServiceToken"),
            resource_type="Custom::EventBridgeConnection",
            service_timeout=Duration.seconds(3000),
            properties={
                "AuthorizationType": authorization_type,
                "AuthParameters": auth_parameters,
                **properties,
            },
        )

    @cached_property
    def connection(self) -> IConnection:
        """Give it as API destinations take it."""
        return Connection.from_connection_attributes(
            self,
            "Connection",
            connection_arn=self.get_att_string("ConnectionArn"),
            connection_name=self.ref,
            connection_secret_arn=self.get_att_string("SecretArn"),
        )
