"""The dashboard and the alarms show what the function really prints: no graph stays empty."""

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from handler import observability
from handler.entrypoints.execution import execute
from handler.entrypoints.message_processor import MessageProcessor
from handler.entrypoints.source_queue import QueueName, SourceQueue
from handler.entrypoints.sqs_batch import process_side_by_side
from handler.errors import AccessDeniedError
from handler.observability import count_cold_start
from handler.requests.entry_point import DIRECT, MAINTENANCE_QUEUE, REQUEST_QUEUE, EntryPoint
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support.crm import BASIC, STACK_ID, WITH_HEADER
from tests.support.fakes import RULES, World, make_world
from tests.support.function_output import FunctionOutput
from tests.support.resolved_template import deployed, properties

NAMESPACE = "EventBridgeConnectionProvisioner"
NAME = {"Name": "crm"}
QUEUE = SourceQueue(QueueName.REQUEST, "https://queue/123456789012/requests", REQUEST_QUEUE)
SEARCHED = re.compile(r"SEARCH\('\{([\w,]+)\} service=\"(\w+)\" MetricName=(.+?)', '\w+', 300\)")
OF_LAMBDA = {
    "Errors",
    "Throttles",
    "ConcurrentExecutions",
    "Duration",
    "DestinationDeliveryFailures",
}
OF_SQS = {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}
OF_INSIGHTS = {"@timestamp"}
Metric = tuple[str, frozenset[str]]  # its name, and the names of its dimensions


class Stage:
    """An account in memory, asked as the entry points ask."""

    def __init__(self) -> None:
        self.world: World = make_world()
        self.invocation: Any = SimpleNamespace(
            ports=self.world.ports,
            rules=RULES,
            clock=self.world.time.clock,
            seconds_left=lambda: 900.0,
            prepare=lambda: None,
            queues=SimpleNamespace(change_visibility=lambda *_: None),
        )

    def ask(
        self,
        request_type: str,
        properties: Any = BASIC,
        entry_point: EntryPoint = DIRECT,
        sent: int = 10,
    ) -> None:
        """Make a request, ten seconds after the one before."""
        self.world.time.seconds += sent
        document = {"RequestType": request_type, "ResourceProperties": properties}
        asked = read_document(document, entry_point, "request-1", self.world.time.now)
        execute(asked, self.invocation)

    def refuse_secrets(self, error: Exception) -> None:
        """Let the next read of a secret fail so."""

        def refuse(_: str) -> None:
            raise error

        self.world.secrets.before_read = refuse


def changes_a_connection(stage: Stage) -> None:
    """Make it, again, change it, and ask about it."""
    stage.ask("Create")
    stage.ask("Create")
    stage.ask("Update", WITH_HEADER)
    stage.ask("Describe", NAME)
    stage.ask("Validate")
    stage.ask("Update", BASIC, REQUEST_QUEUE, -3600)
    stage.ask("Delete", NAME, sent=3700)


def deletes_for_a_stack_that_is_not_its_owner(stage: Stage) -> None:
    """Ask for what another made."""
    stage.ask("Create")
    event = {"RequestType": "Delete", "RequestId": "r", "StackId": STACK_ID}
    event |= {"LogicalResourceId": "Connection", "PhysicalResourceId": "crm"}
    asked = read_custom_resource(event | {"ResourceProperties": BASIC}, "", stage.world.time.now)
    execute(asked, stage.invocation)


def follows_a_rotation(stage: Stage) -> None:
    """Write the new version, then fail at the one after it."""
    stage.ask("Create")
    stage.world.secrets.rotate("connections/crm", '{"password": "battery staple"}')
    stage.ask("Refresh", NAME, MAINTENANCE_QUEUE)
    stage.world.secrets.rotate("connections/crm", '{"password": "x"}', "version-3")


def fails_to_follow(stage: Stage) -> None:
    """Have the key refuse."""
    follows_a_rotation(stage)
    stage.refuse_secrets(AccessDeniedError("the key's policy refuses"))
    stage.ask("Refresh", NAME, MAINTENANCE_QUEUE)


def finds_drift(stage: Stage) -> None:
    """Compare after somebody deleted it."""
    stage.ask("Create")
    stage.world.connections.stored.clear()
    stage.ask("Reconcile", NAME, MAINTENANCE_QUEUE, 3600)


def adopts(stage: Stage) -> None:
    """Take over what was made by hand."""
    stage.world.connections.make_by_hand("crm", BASIC)
    stage.ask("Create", {**BASIC, "OnExisting": "Adopt"})


def releases(stage: Stage) -> None:
    """Let go of what was made here."""
    stage.ask("Create")
    stage.ask("Release", NAME)


def meets_a_defect(stage: Stage) -> None:
    """Raise what no code expects."""
    stage.refuse_secrets(KeyError("x"))
    stage.ask("Create")


def receives_an_old_message(stage: Stage) -> None:
    """Receive what was sent three hours ago, with too little time for it."""
    processor = MessageProcessor(stage.invocation, QUEUE)
    stage.invocation.seconds_left = lambda: 1.0
    sent = {"SentTimestamp": str(int((stage.world.time.seconds - 10_800) * 1000))}
    attributes = {**sent, "ApproximateReceiveCount": "4"}
    body = {"messageId": "m", "receiptHandle": "h", "body": "{}", "attributes": attributes}
    process_side_by_side(processor, [SQSRecord(body)])


def starts(_: Stage) -> None:
    """Begin an execution environment."""
    count_cold_start()


EVENTS = (
    changes_a_connection,
    deletes_for_a_stack_that_is_not_its_owner,
    follows_a_rotation,
    fails_to_follow,
    finds_drift,
    adopts,
    releases,
    meets_a_defect,
    receives_an_old_message,
    starts,
)
RINGS = {  # what sets an alarm off, and how often it must happen
    "RefreshAlarm": (fails_to_follow, 1),
    "DriftAlarm": (finds_drift, 1),
    "ReturnedMessagesAlarm": (receives_an_old_message, 11),
    "MessageAgeAlarm": (receives_an_old_message, 1),
    "UnexpectedErrorAlarm": (meets_a_defect, 1),
    "OwnershipAlarm": (adopts, 1),
}


@pytest.fixture
def output(output: FunctionOutput, monkeypatch: pytest.MonkeyPatch) -> FunctionOutput:
    """Collect what the function prints, the first invocation's metric included."""
    monkeypatch.setattr(observability, "_first_invocation", iter([True]))
    return output


def printed(output: FunctionOutput) -> set[Metric]:
    """Give the metrics, by name and dimensions."""
    return {
        (name, frozenset(document["dimensions"]))
        for document in output.metrics
        for name in document["metrics"]
    }


def widgets(**parameters: str) -> list[dict[str, Any]]:
    """Give the properties of the dashboard's widgets."""
    body = properties("OperationsDashboard", **parameters)["DashboardBody"]
    return [each["properties"] for each in json.loads(body)["widgets"]]


def graphed() -> Iterator[list[Any]]:
    """Yield every line of every graph."""
    for widget in widgets():
        yield from widget.get("metrics", [])


def shown() -> Iterator[Metric]:
    """Yield the function's own metrics that graphs show."""
    for first, *rest in graphed():
        if isinstance(first, dict):
            schema, service, names = SEARCHED.fullmatch(first["expression"]).groups()  # type: ignore[union-attr]
            namespace, *dimensions = schema.split(",")
            assert (namespace, service) == (NAMESPACE, "provisioner")
            yield from ((name, frozenset(dimensions)) for name in re.findall(r'"(\w+)"', names))
        elif first == NAMESPACE:
            assert rest[1:] == ["service", "provisioner"]
            yield rest[0], frozenset({"service"})


def test_every_metric_of_a_graph_is_one_that_the_function_prints(output: FunctionOutput) -> None:
    """By name and dimensions, of real events; and none that it prints is without a graph."""
    for event in EVENTS:
        event(Stage())
    assert set(shown()) == printed(output)


@pytest.mark.parametrize("alarm", RINGS)
def test_what_an_alarm_is_for_exceeds_its_threshold(alarm: str, output: FunctionOutput) -> None:
    """The event itself happens, and is counted where the alarm looks."""
    watched = properties(alarm)
    event, times = RINGS[alarm]
    for _ in range(times):
        event(Stage())
    values = [
        document["metrics"][watched["MetricName"]][0]
        for document in output.metrics
        if watched["MetricName"] in document["metrics"]
        and [*document["dimensions"]] == [each["Name"] for each in watched["Dimensions"]]
    ]
    counted = sum(values) if watched["Statistic"] == "Sum" else max(values)
    assert counted > watched["Threshold"]


def test_a_release_rings_as_an_adoption_does(output: FunctionOutput) -> None:
    """Both decide who may delete the connection."""
    releases(Stage())
    assert ("OwnershipChanged", frozenset({"service"})) in printed(output)


def test_a_known_error_is_not_unexpected(output: FunctionOutput) -> None:
    """A requester's mistake wakes nobody."""
    Stage().ask("Create", {})
    assert "UnexpectedError" not in {name for name, _ in printed(output)}


def test_every_other_graph_shows_metrics_that_aws_has() -> None:
    """Of Lambda under the function's name, of SQS under a queue's."""
    known = {"AWS/Lambda": ("FunctionName", OF_LAMBDA), "AWS/SQS": ("QueueName", OF_SQS)}
    for namespace, name, dimension, *_ in (line for line in graphed() if len(line) > 1):
        if namespace != NAMESPACE:
            assert dimension == known[namespace][0]
            assert name in known[namespace][1]


@pytest.mark.parametrize("bus", ["default", ""])
def test_every_queue_that_is_there_has_its_age_and_depth(bus: str) -> None:
    """The result queues only with a bus."""
    resources = deployed(ResultBusName=bus)["Resources"].items()
    queues = {f"{name}.QueueName" for name, each in resources if each["Type"] == "AWS::SQS::Queue"}
    lines = [line for widget in widgets(ResultBusName=bus) for line in widget.get("metrics", [])]
    for metric in OF_SQS:
        assert {line[3] for line in lines if line[:2] == ["AWS/SQS", metric]} == queues


def test_the_queries_read_keys_that_the_log_has(output: FunctionOutput) -> None:
    """Of the function's own log group."""
    for event in EVENTS:
        event(Stage())
    keys = {key for line in output.lines for key in line} | OF_INSIGHTS
    queries = [widget["query"] for widget in widgets() if "query" in widget]
    assert len(queries) > 0
    for query in queries:
        assert query.startswith("SOURCE 'FunctionLogGroup' | ")
        assert asked_for(query) <= keys


def asked_for(query: str) -> set[str]:
    """Give the keys that a query filters, shows and groups by."""
    lists = re.findall(r"(?:fields|by) ([@\w, ]+)", query)
    filtered = re.findall(r"filter (\w+)", query)
    return {key.strip() for each in lists for key in each.split(",")} | set(filtered)


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_the_dashboard_is_made_only_if_it_is_wanted(wanted: str) -> None:
    """An account has three free of charge."""
    resources = deployed(Dashboard=wanted)["Resources"]
    assert ("OperationsDashboard" in resources) is (wanted == "true")


def test_two_regions_do_not_share_a_dashboard() -> None:
    """Its name is the account's, not the Region's."""
    assert properties("OperationsDashboard")["DashboardName"] == "provisioner-eu-central-1"
