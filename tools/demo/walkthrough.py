"""
The demo's flow: a connection of every type through every entry point, each proven by a delivery.

Plain functions and plain results: the demo prints them, the end-to-end tests assert them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tools.demo import delivery
from tools.demo.credentials import StoredSecret
from tools.demo.example import API_KEY_NAME, Example, direct_request, examples, queue_request
from tools.local.destination import Delivery, Destination
from tools.local.local_stack import LocalStack
from tools.operating import entry_points


@dataclass(frozen=True, slots=True)
class Provisioned:
    """
    A connection that was asked for: what was answered and, once proven, what was received.

    ``header`` is the line with which the credential arrived.
    """

    entry_point: str
    authorization_type: str
    name: str
    arn: str
    state: str
    stored: Mapping[str, str]
    received: Mapping[str, str] = field(default_factory=dict)
    header: str = ""

    @property
    def is_proven(self) -> bool:
        """Tell whether it is authorized and delivered just the credential that was stored."""
        return self.state == "AUTHORIZED" and dict(self.stored) == dict(self.received)


def through_cloudformation(
    stack: LocalStack, stored: Mapping[str, StoredSecret], token_url: str
) -> list[Provisioned]:
    """Deploy the example stacks."""
    return [_deploy(stack, example) for example in examples(stored, token_url)]


def through_the_queue(stack: LocalStack, stored: StoredSecret) -> Provisioned:
    """Send a request to the queue and wait for its result."""
    request = queue_request(stored)
    entry_points.send(stack, request)
    result = entry_points.await_result(stack, request["RequestId"])
    return _provisioned("queue", "API_KEY", entry_points.connection(result), stored)


def through_an_invocation(stack: LocalStack, stored: StoredSecret) -> Provisioned:
    """Invoke the function with a request."""
    result = entry_points.invoke(stack, direct_request(stored))
    return _provisioned("invocation", "BASIC", entry_points.connection(result), stored)


def prove(
    stack: LocalStack, destination: Destination, role_arn: str, provisioned: Provisioned
) -> Provisioned:
    """Lead events through the connection; add the credential that arrived with the first one."""
    url = f"{destination.url}/{provisioned.name}"
    delivery.route(stack, provisioned.arn, url, provisioned.name, role_arn)
    return deliver(stack, destination, provisioned)


def deliver(stack: LocalStack, destination: Destination, provisioned: Provisioned) -> Provisioned:
    """Send an event through a routed connection; add the credential that arrived with it."""
    path = f"/{provisioned.name}"
    before = destination.count(path)
    delivery.send(stack, provisioned.name)
    delivered = destination.wait_for(path, after=before)
    received = _credential(provisioned.authorization_type, delivered, destination)
    return replace(provisioned, received=received, header=_header(delivered))


def _deploy(stack: LocalStack, example: Example) -> Provisioned:
    outputs = entry_points.deploy(stack, example.name, example.template, example.parameters)
    connection = entry_points.connection({**outputs, "Name": outputs["ConnectionName"]})
    return _provisioned("stack", example.authorization_type, connection, example.stored)


def _provisioned(
    entry_point: str,
    authorization_type: str,
    connection: entry_points.Connection,
    stored: StoredSecret,
) -> Provisioned:
    return Provisioned(
        entry_point=entry_point,
        authorization_type=authorization_type,
        name=connection.name,
        arn=connection.arn,
        state=connection.state,
        stored=stored.secret.values,
    )


def _credential(
    authorization_type: str, delivered: Delivery, destination: Destination
) -> dict[str, str]:
    match authorization_type:
        case "BASIC":
            username, password = delivered.basic_credentials
            return {"username": username, "password": password}
        case "API_KEY":
            return {"api_key": delivered.headers.get(API_KEY_NAME.lower(), "")}
        case _:
            request = destination.issued_to(delivered.bearer_token)
            return {"client_id": request.client_id, "client_secret": request.client_secret}


def _header(delivered: Delivery) -> str:
    names = ("Authorization", API_KEY_NAME)
    found = {name: delivered.headers.get(name.lower()) for name in names}
    return "; ".join(f"{name}: {value}" for name, value in found.items() if value)
