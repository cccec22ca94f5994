"""The handler: which entry point takes an event, and what the start of each costs."""

from typing import Any

import pytest

from handler.errors import InvalidRequestError
from tests.support.cold_container import run
from tests.support.event_source import EventSource
from tests.support.faulty_proxy import FaultyProxy
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import ResponseUrlServer

OTHER_EVENTS: list[Any] = [
    {},
    [],
    None,
    "Create",
    5,
    {"key1": "value1"},  # the console's test event
    {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
    {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{}"}}]},
    {"Records": [{"eventSource": "aws:sqs"}, {"eventSource": "aws:s3"}]},
    {"Records": ["message"]},
    {"Records": {}},
    {"Records": []},  # Lambda sends none
    {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    {"requestContext": {"http": {"method": "POST"}}, "body": "{}"},
]


@pytest.mark.parametrize("event", OTHER_EVENTS, ids=str)
def test_any_other_event_is_refused_and_nothing_is_called(
    event: Any, function: Function, proxy: FaultyProxy, response_url: ResponseUrlServer
) -> None:
    """A wrong trigger fails loudly, and touches nothing."""
    with pytest.raises(
        InvalidRequestError, match=r"this (event is not what|is an )|the records come from"
    ):
        function(event)
    assert proxy.calls == []
    assert response_url.puts == []


def test_a_refused_event_is_logged_without_what_it_held(
    function: Function, output: FunctionOutput
) -> None:
    """The operator sees that something was refused; the event may hold anything."""
    with pytest.raises(InvalidRequestError):
        function({"Password": "CANARY"})
    (line,) = output.lines
    assert (line["level"], line["message"]) == ("ERROR", "event refused")
    assert line["error_code"] == "InvalidRequest"
    assert "CANARY" not in output.text


def test_a_direct_request_imports_neither_crhelper_nor_the_batch_processor(
    function: Function,
) -> None:
    """An entry point's libraries are not paid for by the others' cold starts."""
    event = {"RequestType": "Describe", "ResourceProperties": {"Name": "nobody-made-this"}}
    container = run([event], function.arn)
    assert container.invocations[0]["error_type"] == "NotFoundError"
    assert "crhelper" not in container.modules
    assert "aws_lambda_powertools.utilities.batch" not in container.modules


def test_a_batch_does_not_import_crhelper(function: Function, event_source: EventSource) -> None:
    """The same from the queue's side."""
    container = run([event_source.batch("no JSON")], function.arn)
    assert container.invocations == [{"result": {"batchItemFailures": []}}]
    assert "aws_lambda_powertools.utilities.batch" in container.modules
    assert "crhelper" not in container.modules
