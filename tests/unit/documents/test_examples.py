"""What the examples ask for is what the function accepts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource
from handler.settings import LONGEST_STACK_WAIT_SECONDS
from tests.support.fakes import RULES, START
from tests.support.resolved_template import RESOURCE_CONFIGURATIONS, Resolver, accepts
from tests.support.stack_requests import EVENT

EXAMPLES = Path(__file__).parents[3] / "examples"
PRIVATE_API = "private-api.yaml"
PARAMETERS = {
    "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:connections/orders-AbCdEf",
    "AuthorizationEndpoint": "https://login.example.com/token",
    "DomainName": "orders.internal.example.com",
    "Step": "All",
}


def resources(file: str, **parameters: str) -> dict[str, Any]:
    """Give an example's resources as CloudFormation sees them; parameters left out are texts."""
    template = yaml_parse((EXAMPLES / file).read_text(encoding="utf-8"))
    known = {name: {"Default": name, **each} for name, each in template["Parameters"].items()}
    complete = {"Conditions": {}, **template, "Parameters": known}
    resolver = Resolver(complete, PARAMETERS | parameters)
    found = template["Resources"].items()
    return {name: resolver.resolve(each) for name, each in found if resolver.is_wanted(each)}


def connections() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the properties of every connection that a template asks for."""
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for resource in resources(path.name).values():
            if resource["Type"] == "Custom::EventBridgeConnection":
                yield path.name, with_a_real_arn(resource["Properties"])


def with_a_real_arn(properties: dict[str, Any]) -> dict[str, Any]:
    """Put an ARN in place of that of a resource configuration of the template."""
    private = {"ResourceParameters": {"ResourceConfigurationArn": RESOURCE_CONFIGURATIONS[0]}}
    name = "InvocationConnectivityParameters"
    return properties | {name: private} if name in properties else properties


ASKED_FOR = list(connections())


@pytest.mark.parametrize(("file", "properties"), ASKED_FOR, ids=[file for file, _ in ASKED_FOR])
def test_every_stack_of_the_examples_asks_for_a_connection_that_is_accepted(
    file: str, properties: dict[str, Any]
) -> None:
    """A private one is waited for as long as a stack can wait."""
    event = EVENT | {"ResourceProperties": properties}
    request = check(read_custom_resource(event, "", START), RULES)
    assert request.is_private is (file == PRIVATE_API)
    assert not request.is_private or request.wait_timeout_seconds == LONGEST_STACK_WAIT_SECONDS


def test_the_network_of_a_private_api_comes_before_the_connection() -> None:
    """The provisioner must be told of the resource configuration between the two steps."""
    network = resources(PRIVATE_API, Step="Network")
    assert set(network) == {"GatewaySecurityGroup", "Gateway", "ResourceConfiguration"}
    added = resources(PRIVATE_API).keys() - network.keys()
    assert added == {"Connection", "Destination", "Rule", "RuleRole"}
    assert accepts("ResourceConfigurationArns", RESOURCE_CONFIGURATIONS[0])


def test_a_private_api_is_reached_through_its_own_gateway() -> None:
    """From the connection to the gateway, and to the same host as the API destination."""
    found = {name: each["Properties"] for name, each in resources(PRIVATE_API).items()}
    private = found["Connection"]["InvocationConnectivityParameters"]["ResourceParameters"]
    assert private["ResourceConfigurationArn"] == "ResourceConfiguration.Arn"
    configuration = found["ResourceConfiguration"]
    assert configuration["ResourceGatewayId"] == "Gateway.Id"
    assert configuration["AllowAssociationToSharableServiceNetwork"] is True
    host = configuration["ResourceConfigurationDefinition"]["DnsResource"]["DomainName"]
    assert found["Destination"]["InvocationEndpoint"] == f"https://{host}/events"
