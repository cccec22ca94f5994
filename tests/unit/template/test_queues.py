"""The application's queues: who may write, what is retried, where results go."""

from math import ceil
from typing import Any

import pytest

from handler.app import REQUESTS, STACKS
from handler.entrypoints.message_retry import LAST_RECEIVE, delay_seconds
from handler.requests.entry_point import CLOUDFORMATION
from handler.settings import MOST_RECEIVES, MOST_REQUEST_BYTES, PRIVATE_PATIENCE_SECONDS
from tests.support.resolved_template import (
    EVERYTHING_ON,
    KEY,
    accepts,
    deployed,
    parsed_template,
    properties,
)

SOURCES = ("RequestQueue", "MaintenanceQueue")
QUEUES = (
    *SOURCES,
    "DeadLetterQueue",
    "UnansweredQueue",
    "ResultQueue",
    "ResultRuleDeadLetterQueue",
)


def queue_policy(queue: str, **parameters: str) -> dict[str, dict[str, Any]]:
    """Give the statements of a queue's policy by their Sid."""
    document = properties(f"{queue}Policy", **parameters)["PolicyDocument"]
    return {statement["Sid"]: statement for statement in document["Statement"]}


@pytest.mark.parametrize("queue", SOURCES)
def test_a_message_stays_hidden_for_six_timeouts(queue: str) -> None:
    """AWS asks for it, so that a throttled function does not meet its own messages again."""
    timeout_seconds = properties("Function")["Timeout"]
    assert properties(queue)["VisibilityTimeout"] == 6 * timeout_seconds


@pytest.mark.parametrize("queue", SOURCES)
def test_a_message_is_no_larger_than_a_request(queue: str) -> None:
    """SQS would take 1 MB."""
    assert properties(queue)["MaximumMessageSize"] == MOST_REQUEST_BYTES


@pytest.mark.parametrize("queue", SOURCES)
def test_time_decides_when_a_message_is_given_up_and_sqs_never_does(queue: str) -> None:
    """
    The shortest pauses fit, as often as the longest patience allows, and a throttled poll.

    SQS's own redrive would keep the message as it came, and tell nobody.
    """
    longest = parsed_template()["Parameters"]["GiveUpSeconds"]["MaxValue"]
    patience = max(longest, PRIVATE_PATIENCE_SECONDS)
    receives = age = 1
    while age < patience:
        age += delay_seconds(receives, lambda shortest, _: shortest)
        receives += 1
    throttled_polls = ceil(patience / properties(queue)["VisibilityTimeout"])
    assert receives + throttled_polls < LAST_RECEIVE < MOST_RECEIVES
    redrive = properties(queue)["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == MOST_RECEIVES
    assert redrive["deadLetterTargetArn"] == "DeadLetterQueue.Arn"


def test_the_give_up_time_reaches_the_function() -> None:
    """Under its own name, and half an hour by default."""
    for given, expected in ({}, "1800"), ({"GiveUpSeconds": "600"}, "600"):
        variables = properties("Function", **given)["Environment"]["Variables"]
        assert variables["GIVE_UP_SECONDS"] == expected


@pytest.mark.parametrize(
    ("source", "queue"), [("Requests", SOURCES[0]), ("Maintenance", SOURCES[1])]
)
def test_a_failed_message_returns_alone(source: str, queue: str) -> None:
    """Lambda deletes the rest of the batch, and MiniStack understands the concurrency."""
    mapping = properties("Function")["Events"][source]["Properties"]
    assert mapping["Queue"] == f"{queue}.Arn"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    assert isinstance(mapping["ScalingConfig"]["MaximumConcurrency"], int)


def test_dead_letters_outlive_requests() -> None:
    """A dead letter's age counts from the request's arrival."""
    kept_seconds = properties("DeadLetterQueue")["MessageRetentionPeriod"]
    assert kept_seconds == 14 * 24 * 3600
    assert kept_seconds > properties("RequestQueue")["MessageRetentionPeriod"]


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_refuse_plain_http(queue: str) -> None:
    """Each queue's policy denies everything that does not come over TLS."""
    assert properties(f"{queue}Policy")["Queues"] == [queue]
    assert queue_policy(queue)["OnlyOverTls"] == {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": f"{queue}.Arn",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize("queue", QUEUES)
def test_queues_are_encrypted(queue: str) -> None:
    """SQS's keys are the default, which EventBridge can use; a customer's key replaces them."""
    default, with_key = properties(queue), properties(queue, DataKeyArn=KEY)
    assert (default.get("SqsManagedSseEnabled"), default.get("KmsMasterKeyId")) == (True, None)
    assert (with_key.get("SqsManagedSseEnabled"), with_key.get("KmsMasterKeyId")) == (None, KEY)


def test_only_named_producers_may_send() -> None:
    """The request queue's policy allows nobody by default."""
    assert set(queue_policy("RequestQueue")) == {"OnlyOverTls"}
    producers = queue_policy("RequestQueue", **EVERYTHING_ON)["Producers"]
    assert producers["Principal"] == {"AWS": EVERYTHING_ON["ProducerArns"].split(",")}
    assert producers["Action"] == ["sqs:SendMessage", "sqs:GetQueueUrl"]
    assert not accepts("ProducerArns", "*")


def test_producers_may_be_bound_to_an_organization() -> None:
    """An account that leaves it, or a wrong digit, lets nobody in."""
    named = {"ProducerArns": EVERYTHING_ON["ProducerArns"]}
    assert "Condition" not in queue_policy("RequestQueue", **named)["Producers"]
    condition = queue_policy("RequestQueue", **EVERYTHING_ON)["Producers"]["Condition"]
    assert condition == {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert not accepts("ProducerOrganizationId", "o-*")


@pytest.mark.parametrize("arns", ["", EVERYTHING_ON["ProducerArns"]])
def test_this_accounts_principals_may_be_kept_out_unless_they_are_listed(arns: str) -> None:
    """Sending only: whoever administers the queue still can, and AWS's services are not meant."""
    assert "OnlyListedProducers" not in queue_policy("RequestQueue", ProducerArns=arns)
    policy = queue_policy("RequestQueue", ProducerArns=arns, RestrictProducers="true")
    assert policy["OnlyListedProducers"] == {
        "Sid": "OnlyListedProducers",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": "RequestQueue.Arn",
        "Condition": {
            "StringEquals": {"aws:PrincipalAccount": "123456789012"},
            "StringNotEquals": {"aws:PrincipalArn": arns.split(",")},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }


@pytest.mark.parametrize("queue", ["MaintenanceQueue", "DeadLetterQueue"])
@pytest.mark.parametrize("hours", ["0", "24"])
def test_eventbridge_writes_only_for_the_rules_of_refresh_and_reconcile(
    queue: str, hours: str
) -> None:
    """No other rule can ask for anything, and one that is switched off is not named."""
    statement = queue_policy(queue, ReconcileHours=hours)["Rules"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == f"{queue}.Arn"
    sources = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    assert sources == "arn:aws:events:eu-central-1:123456789012:rule/*"
    narrower = queue_policy(queue, ReconcileHours=hours)["OnlyTheRules"]["Condition"]
    scheduled = ["ReconcileRule.Arn"] if hours != "0" else []
    rules = ["SecretRule.Arn", "ParameterRule.Arn", "StateRule.Arn", *scheduled]
    assert narrower["ArnNotEquals"] == {"aws:SourceArn": rules}


@pytest.mark.parametrize("queue", ["MaintenanceQueue", "DeadLetterQueue"])
@pytest.mark.parametrize("hours", ["0", "24"])
def test_nobody_but_the_rules_and_the_function_may_send(queue: str, hours: str) -> None:
    """Whatever their own policies allow: both kinds of principals are denied."""
    policy = queue_policy(queue, ReconcileHours=hours)
    denied = [policy["OnlyTheFunction"], policy["OnlyTheRules"]]
    assert {(each["Effect"], each["Principal"], each["Action"]) for each in denied} == {
        ("Deny", "*", "sqs:SendMessage")
    }
    of_principals, of_services = (each["Condition"] for each in denied)
    assert of_principals["BoolIfExists"] == {"aws:PrincipalIsAWSService": "false"}
    assert of_principals["ArnNotEquals"] == {"aws:PrincipalArn": "FunctionRole.Arn"}
    assert of_services["Bool"] == {"aws:PrincipalIsAWSService": "true"}


@pytest.mark.parametrize("queue", QUEUES)
def test_a_policy_is_within_what_sqs_allows(queue: str) -> None:
    """
    Ten statements and ten conditions, should it count each value of them.

    Producers that are listed one by one count as well: docs/secure.md says how many fit.

    Source:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
    """
    policy = queue_policy(queue, **EVERYTHING_ON)
    assert len(policy) <= 10
    values = [
        value
        for statement in policy.values()
        for keys in statement.get("Condition", {}).values()
        for value in keys.values()
    ]
    assert sum(len(value) if isinstance(value, list) else 1 for value in values) <= 10


@pytest.mark.parametrize("queue", sorted({*QUEUES} - {"DeadLetterQueue"}))
def test_no_other_queue_can_move_its_messages_here(queue: str) -> None:
    """SQS asks no policy where it moves a message to its dead-letter queue."""
    assert properties(queue)["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}


@pytest.mark.parametrize("rule", ["SecretRule", "ParameterRule", "StateRule", "ReconcileRule"])
def test_rules_send_requests_and_keep_what_they_cannot_deliver(rule: str) -> None:
    """A rotation that finds no queue is a dead letter, and not lost."""
    (target,) = properties(rule)["Targets"]
    assert target["Arn"] == "MaintenanceQueue.Arn"
    assert target["DeadLetterConfig"] == {"Arn": "DeadLetterQueue.Arn"}
    assert "EventBusName" not in properties(rule)  # AWS's own events come on the default bus


@pytest.mark.parametrize(("hours", "schedule"), [("1", "rate(1 hour)"), ("24", "rate(24 hours)")])
def test_the_schedule_speaks_eventbridges_grammar(hours: str, schedule: str) -> None:
    """One hour is no hours; a wrong plural is refused."""
    assert properties("ReconcileRule", ReconcileHours=hours)["ScheduleExpression"] == schedule


def test_no_hours_mean_no_schedule() -> None:
    """Who wants no Reconcile has no rule."""
    assert "ReconcileRule" not in deployed(ReconcileHours="0")["Resources"]


def test_the_role_may_send_requests_to_the_maintenance_queue_alone() -> None:
    """A fan-out goes nowhere else."""
    (policy,) = properties("FunctionRole")["Policies"]
    statements = {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}
    assert statements["RequestsToItself"]["Resource"] == "MaintenanceQueue.Arn"


@pytest.mark.parametrize("queue", ["ResultQueue", "ResultRuleDeadLetterQueue"])
def test_eventbridge_writes_only_for_the_result_rule(queue: str) -> None:
    """No other rule, of no other account, can put anything among the results."""
    statement = queue_policy(queue)["ResultRule"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "ResultRule.Arn"}}


def test_results_go_to_their_queue() -> None:
    """The rule matches the function's source alone and keeps what it cannot deliver."""
    rule = properties("ResultRule", ResultBusName="results")
    assert rule["EventBusName"] == "results"
    assert rule["EventPattern"]["source"] == ["eventbridge.connection-provisioner"]
    assert rule["EventPattern"]["detail"] == {"Installation": ["provisioner"]}
    variables = properties("Function")["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == "provisioner", "what the function publishes"
    (target,) = rule["Targets"]
    assert target["Arn"] == "ResultQueue.Arn"
    assert target["DeadLetterConfig"] == {"Arn": "ResultRuleDeadLetterQueue.Arn"}


def test_no_bus_means_no_results() -> None:
    """An empty name leaves out the rule, its queues and the permission to publish."""
    without = deployed(ResultBusName="")
    assert not [name for name in without["Resources"] if name.startswith("Result")]
    assert not [name for name in without["Outputs"] if name.startswith("Result")]
    assert "events:PutEvents" not in str(without)


def test_only_the_functions_role_may_say_that_it_failed() -> None:
    """Whoever could write there could have any stack answered FAILED."""
    denied = queue_policy("UnansweredQueue")["OnlyTheFunction"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == (
        "Deny",
        "*",
        "sqs:SendMessage",
    )
    assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": "FunctionRole.Arn"}}


def test_what_could_not_be_answered_goes_to_its_own_queue_and_back_to_the_function() -> None:
    """Lambda sends there what failed for the last time, and no dead letter keeps a ResponseURL."""
    invocations = properties("StacksInvocations")
    assert invocations["Qualifier"] == properties("StacksAlias")["Name"]
    destination = invocations["DestinationConfig"]["OnFailure"]
    assert destination == {"Destination": "UnansweredQueue.Arn"}
    source = properties("Function")["Events"]["Unanswered"]["Properties"]
    assert source["Queue"] == "UnansweredQueue.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "RedrivePolicy" not in properties("UnansweredQueue")
    assert properties("UnansweredQueue")["MessageRetentionPeriod"] <= 7200


@pytest.mark.parametrize(("alias", "name"), [("StacksAlias", STACKS), ("RequestsAlias", REQUESTS)])
def test_each_alias_has_the_name_that_the_function_reads(alias: str, name: str) -> None:
    """It leads to what is deployed now."""
    found = properties(alias)
    assert (found["Name"], found["FunctionVersion"]) == (name, "$LATEST")


def test_lambdas_deliveries_cover_the_longest_wait_and_begin_while_somebody_listens() -> None:
    """Three of them, one and two minutes apart; CloudFormation waits for an hour at most."""
    invoke, timeout = properties("StacksInvocations"), properties("Function")["Timeout"]
    deliveries = 1 + invoke["MaximumRetryAttempts"]
    assert deliveries * (timeout - 60) >= CLOUDFORMATION.longest_wait_seconds
    assert (deliveries - 1) * timeout + 60 + 120 < invoke["MaximumEventAgeInSeconds"] <= 3600
