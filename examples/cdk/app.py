"""A connection in use, and the provisioner itself where its template is given."""

from typing import Any

from aws_cdk import App, CfnOutput, Stack
from aws_cdk.aws_events import ApiDestination, EventPattern, HttpMethod, Rule
from aws_cdk.aws_events_targets import ApiDestination as ApiDestinationTarget
from aws_cdk.aws_secretsmanager import Secret
from aws_cdk.cloudformation_include import CfnInclude
from connection import ProvisionedConnection, value_from
from constructs import Construct

PROVISIONER = "eventbridge-connection-provisioner"


class Orders(Stack):
    """A rule that sends events to an HTTP endpoint, with a password from Secrets Manager."""

    def __init__(self, scope: Construct, construct_id: str, **options: Any) -> None:
        """Refer to a secret that exists, and build on it."""
        super().__init__(scope, construct_id, **options)
        secret = Secret.from_secret_name_v2(self, "Secret", "connections/orders")
        provisioned = ProvisionedConnection(
            self,
            "Orders",
            provisioner_stack_name=PROVISIONER,
            authorization_type="BASIC",
            auth_parameters={
                "BasicAuthParameters": {
                    "Username": value_from(secret, "username"),
                    "Password": value_from(secret, "password"),
                }
            },
        )
        destination = ApiDestination(
            self,
            "Destination",
            connection=provisioned.connection,
            endpoint="https://api.example.com/orders",
            http_method=HttpMethod.POST,
        )
        Rule(
            self,
            "Rule",
            event_pattern=EventPattern(source=["example.orders"]),
            targets=[ApiDestinationTarget(destination)],
        )
        CfnOutput(self, "ConnectionName", value=provisioned.ref)
        CfnOutput(self, "ConnectionState", value=provisioned.get_att_string("ConnectionState"))


app = App()
orders = Orders(app, "example-cdk")
# Without it, the provisioner is what was deployed before, and is only referred to by its exports.
if template := app.node.try_get_context("provisioner-template"):
    provisioner = Stack(app, PROVISIONER)
    CfnInclude(provisioner, "Application", template_file=template)
    orders.add_stack_dependency(provisioner)
app.synth()
