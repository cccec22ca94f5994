"""The operations whose models the layer ships are those that the function calls."""

import pytest

from tools.local.operations import (
    OPERATIONS_FILE,
    UnknownServiceError,
    operations_in,
    services_in,
    used_operations,
)


def test_the_layers_list_is_that_of_the_code() -> None:
    """``make build`` writes it; a layer built from an old one would lack an operation."""
    assert OPERATIONS_FILE.read_text("utf-8").split() == used_operations()


def test_each_way_of_making_a_client_is_read() -> None:
    """By an invocation, by hand, and handed on."""
    sources = [
        "self.caller('events'); invocation.caller('sqs')(1)",
        "def caller(service):\n    return Caller(service, self._client(service), clock)",
        "Caller('dynamodb', self._client('dynamodb'), clock)",
    ]
    assert services_in(sources) == {"events", "sqs", "dynamodb"}


def test_an_operation_is_found_by_its_method_wherever_it_is_spelled() -> None:
    """In the call itself, as a client's method, or elsewhere, as in a table."""
    sources = [
        "invocation.caller('sqs').client.receive_message(QueueUrl='q')",
        "call = Caller('dynamodb', client)\ncall('get_item', 'x')\ncall(KINDS[kind], 'x')",
        "KINDS = {'Put': 'put_item'}\nself.caller('sqs')",
        "'publish', 'get_' + 'queue_url'",
    ]
    assert operations_in(sources) == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "sqs:ReceiveMessage",
    }


def test_a_service_that_is_not_spelled_out_is_an_error() -> None:
    """Else its model would be missing without anybody knowing."""
    with pytest.raises(UnknownServiceError, match="SERVICES"):
        services_in(["self.caller(SERVICES[0])"])
