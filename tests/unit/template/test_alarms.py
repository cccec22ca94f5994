"""The application's alarms: what they watch, and whom they tell."""

import pytest

from tests.support.resolved_template import deployed, properties

NAMESPACE = "EventBridgeConnectionProvisioner"
TOPIC = "arn:aws:sns:us-east-1:123456789012:operations"
WATCHED = {
    "DeadLetterAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "DeadLetterQueue.QueueName",
    ),
    "RequestAgeAlarm": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "RequestQueue.QueueName"),
    "UnansweredAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "UnansweredQueue.QueueName",
    ),
    "DestinationAlarm": ("AWS/Lambda", "DestinationDeliveryFailures", "Function"),
    "RefreshAlarm": (NAMESPACE, "RefreshFailed", "provisioner"),
    "DriftAlarm": (NAMESPACE, "DriftFound", "provisioner"),
    "ReturnedMessagesAlarm": (NAMESPACE, "MessageReturned", "provisioner"),
    "MaintenanceAgeAlarm": (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        "MaintenanceQueue.QueueName",
    ),
    "MessageAgeAlarm": (NAMESPACE, "MessageAge", "provisioner"),
    "UnexpectedErrorAlarm": (NAMESPACE, "UnexpectedError", "provisioner"),
    "ThrottlesAlarm": ("AWS/Lambda", "Throttles", "Function"),
    "ResultDeadLetterAlarm": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        "ResultRuleDeadLetterQueue.QueueName",
    ),
    "OwnershipAlarm": (NAMESPACE, "OwnershipChanged", "provisioner"),
}


@pytest.mark.parametrize("alarm", WATCHED)
def test_an_alarm_watches_what_it_says(alarm: str) -> None:
    """Namespace, metric and dimension are those that exist."""
    watched = properties(alarm)
    (dimension,) = watched["Dimensions"]
    assert (watched["Namespace"], watched["MetricName"], dimension["Value"]) == WATCHED[alarm]


@pytest.mark.parametrize("alarm", WATCHED)
def test_an_alarm_tells_the_topic_if_there_is_one(alarm: str) -> None:
    """When it fires and when all is well again; without a topic it only shows."""
    told = properties(alarm, AlarmTopicArn=TOPIC)
    assert (told["AlarmActions"], told["OKActions"]) == ([TOPIC], [TOPIC])
    assert not {"AlarmActions", "OKActions"} & properties(alarm).keys()


def test_every_alarm_is_tested() -> None:
    """None is missing above."""
    assert WATCHED.keys() == {
        name
        for name, resource in deployed()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


@pytest.mark.parametrize("alarm", [name for name in WATCHED if WATCHED[name][0] == NAMESPACE])
def test_the_functions_own_metrics_are_counted_under_its_own_names(alarm: str) -> None:
    """Those of its environment; two installations of an account do not ring each other's alarms."""
    variables = properties("Function")["Environment"]["Variables"]
    namespace, _, service = WATCHED[alarm]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == namespace
    assert variables["POWERTOOLS_SERVICE_NAME"] == service
