"""What the stand-in does beside the recorded rows: states, refusals, lists, faults, counts."""

import json
import time
from threading import Barrier, Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.support.stand_in import Pace, StandIn, running_stand_in
from tests.support.stand_in.clients import client_at, refusal, state, times
from tests.support.stand_in.constraints import LINEAR_PATTERNS, service_model
from tests.support.stand_in.documents import API_KEY, BASIC, OAUTH, PRIVATE, PUBLIC, WITH_HEADERS
from tests.support.stand_in.faults import Answer, CarryOut, Fault
from tests.support.stand_in.seconds import Seconds

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

PATIENCE_SECONDS = 60
PRIVATE_BASIC = {**BASIC, "InvocationConnectivityParameters": PRIVATE}


def test_a_private_connection_becomes_active(events: "EventBridgeClient", seconds: Seconds) -> None:
    """CREATING, ACTIVE; with an update UPDATING; without the way into the VPC it is public."""
    created = events.create_connection(**BASIC, InvocationConnectivityParameters=PRIVATE)
    assert created["ConnectionState"] == "CREATING"
    seconds.pass_by(2)
    described = events.describe_connection(Name="crm")
    assert described["ConnectionState"] == "ACTIVE"
    resource = described["InvocationConnectivityParameters"]["ResourceParameters"]
    assert resource["ResourceAssociationArn"].count(":servicenetworkresourceassociation/snra-") == 1
    assert events.update_connection(**BASIC)["ConnectionState"] == "UPDATING"
    seconds.pass_by(2)
    events.update_connection(**BASIC, InvocationConnectivityParameters=PUBLIC)
    described = events.describe_connection(Name="crm")
    assert described["ConnectionState"] == "AUTHORIZED"
    assert "InvocationConnectivityParameters" not in described


def test_a_private_oauth_connection_is_authorized_in_passing(
    events: "EventBridgeClient", seconds: Seconds
) -> None:
    """AUTHORIZING, AUTHORIZED, ACTIVE."""
    events.create_connection(**OAUTH, InvocationConnectivityParameters=PRIVATE)
    seen = [state(events)]
    for _ in range(2):
        seconds.pass_by(2)
        seen.append(state(events))
    assert seen == ["AUTHORIZING", "AUTHORIZED", "ACTIVE"]


@pytest.mark.parametrize(
    ("properties", "end"),
    [(OAUTH, "DEAUTHORIZED"), (PRIVATE_BASIC, "FAILED_CONNECTIVITY")],
    ids=["wrong secret", "no way"],
)
def test_a_connection_settles_badly_where_the_test_says_so(
    events: "EventBridgeClient",
    stand_in: StandIn,
    seconds: Seconds,
    properties: dict[str, Any],
    end: str,
) -> None:
    """With its reason, once or always, and well again after that."""
    stand_in.settle_as("crm", end, "because", times=1)
    moving = events.create_connection(**properties)["ConnectionState"]
    assert moving in ("AUTHORIZING", "CREATING")
    seconds.pass_by(2)
    described = events.describe_connection(Name="crm")
    assert (described["ConnectionState"], described["StateReason"]) == (end, "because")
    events.update_connection(**properties)
    seconds.pass_by(2)
    assert state(events) in ("AUTHORIZED", "ACTIVE")


def test_a_settled_connection_can_fall(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """As when the API answers 401."""
    events.create_connection(**BASIC)
    stand_in.settle_as("crm", "DEAUTHORIZED", "401")
    assert state(events) == "DEAUTHORIZED"
    events.update_connection(**BASIC)
    assert state(events) == "DEAUTHORIZED"
    stand_in.settle_well("crm")
    events.update_connection(**BASIC)
    assert state(events) == "AUTHORIZED"


def test_states_may_last_a_number_of_looks(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """Without any time."""
    stand_in.pace = Pace(settle_seconds=0, looks=2)
    events.create_connection(**OAUTH)
    assert [state(events) for _ in range(3)] == ["AUTHORIZING", "AUTHORIZING", "AUTHORIZED"]
    events.delete_connection(Name="crm")
    assert [state(events) for _ in range(2)] == ["DELETING", "DELETING"]
    assert refusal(events.describe_connection, Name="crm")[0] == "ResourceNotFoundException"


def test_who_only_tries_again_gets_through_as_well(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """A refusal because of a passing state counts as a look."""
    stand_in.pace = Pace(settle_seconds=0, looks=1)
    events.create_connection(**BASIC)
    events.deauthorize_connection(Name="crm")
    assert refusal(events.update_connection, **BASIC)[0] == "ConcurrentModificationException"
    assert events.update_connection(**BASIC)["ConnectionState"] == "AUTHORIZED"
    events.delete_connection(Name="crm")
    assert refusal(events.create_connection, **BASIC)[0] == "ResourceAlreadyExistsException"
    assert events.create_connection(**BASIC)["ConnectionState"] == "AUTHORIZED"


def test_times_have_no_fractions(events: "EventBridgeClient") -> None:
    """Recorded: whole seconds, so that two changes within one cannot be told apart."""
    events.create_connection(**BASIC)
    described = events.describe_connection(Name="crm")
    assert described["CreationTime"].microsecond == described["LastModifiedTime"].microsecond == 0
    before = times(described)
    events.update_connection(Name="crm", Description="another")
    assert times(events.describe_connection(Name="crm")) == before


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("create", {**BASIC, "AuthParameters": {}}, "ValidationException"),
        ("create", {"Name": "crm"}, "ValidationException"),
        ("create", {**BASIC, "Description": "two\nlines"}, "ValidationException"),
        ("create", {**BASIC, "KmsKeyIdentifier": "not a key"}, "ValidationException"),
        ("create", {**BASIC, "Name": 7}, "SerializationException"),
        ("update", BASIC, "ResourceNotFoundException"),
        ("delete", {"Name": "crm"}, "ResourceNotFoundException"),
        ("deauthorize", {"Name": "crm"}, "ResourceNotFoundException"),
        ("delete", {"Name": "arn:aws:events:connection/crm"}, "ValidationException"),
    ],
)
def test_what_aws_refuses_is_refused(
    events: "EventBridgeClient", operation: str, parameters: dict[str, Any], code: str
) -> None:
    """Whatever the text."""
    assert refusal(getattr(events, f"{operation}_connection"), **parameters)[::2] == (code, 400)


def test_what_goes_over_the_wire_is_aws_json(stand_in: StandIn) -> None:
    """Numbers for times, exactly AWS's members; nulls and unknown members are nothing."""
    given = {**BASIC, "Description": None, "Unheard": {"Of": 1}}
    status, headers, answer = post(stand_in, "CreateConnection", json.dumps(given))
    assert (status, headers["Content-Type"]) == (200, "application/x-amz-json-1.1")
    assert headers["x-amzn-RequestId"]
    assert set(answer) == {"ConnectionArn", "ConnectionState", "CreationTime", "LastModifiedTime"}
    assert isinstance(answer["CreationTime"], int)
    status, _, answer = post(stand_in, "DescribeConnection", '{"Name": "erp"}')
    assert (status, answer["__type"]) == (400, "ResourceNotFoundException")
    assert post(stand_in, "DescribeConnection", "no JSON")[2]["__type"] == "SerializationException"


def post(stand_in: StandIn, operation: str, body: str) -> tuple[int, Any, dict[str, Any]]:
    """Call an operation without boto3, which hides what it does not know."""
    headers = {"X-Amz-Target": f"AWSEvents.{operation}"}
    response = urllib3.request("POST", stand_in.url, body=body, headers=headers)
    return response.status, response.headers, response.json()


def test_a_hundred_and_one_headers_are_refused(events: "EventBridgeClient") -> None:
    """boto3 would let them through; paths are camelCase."""
    headers = [{"Key": f"x-{number}", "Value": "v"} for number in range(101)]
    parameters = {
        **BASIC["AuthParameters"],
        "InvocationHttpParameters": {"HeaderParameters": headers},
    }
    code, text, _ = refusal(events.create_connection, **{**BASIC, "AuthParameters": parameters})
    assert code == "ValidationException"
    assert "at 'authParameters.invocationHttpParameters.headerParameters' failed" in text
    assert text.endswith("Member must have length less than or equal to 100")


@pytest.mark.parametrize(
    "user",
    ["with:colon", "line\n", "a " * 27 + ":", "", "x" * 513],
    ids=lambda user: user[:10].strip(),
)
def test_a_bad_user_is_refused_in_no_time(events: "EventBridgeClient", user: str) -> None:
    """Also one that makes the published pattern run for ever."""
    parameters = {"BasicAuthParameters": {"Username": user, "Password": "pass"}}
    begun = time.monotonic()
    code, text, _ = refusal(events.create_connection, **{**BASIC, "AuthParameters": parameters})
    assert time.monotonic() - begun < PATIENCE_SECONDS
    assert (code, "at 'authParameters.basicAuthParameters.username'" in text) == (
        "ValidationException",
        True,
    )


def test_the_replaced_patterns_are_still_those_of_the_model() -> None:
    """A new botocore with other patterns must be looked at."""
    shape = service_model().operation_model("CreateConnection").input_shape
    published = {
        member.metadata.get("pattern")
        for name in ("AuthHeaderParameters", "HeaderValueSensitive")
        for member in [service_model().shape_for(name)]
    }
    assert published == set(LINEAR_PATTERNS)
    assert "KmsKeyIdentifier" in shape.members


def test_half_the_credentials_are_not_enough_after_a_deauthorize(
    events: "EventBridgeClient", seconds: Seconds
) -> None:
    """There is nothing left to merge with; the text is unrecorded."""
    events.create_connection(**BASIC)
    events.deauthorize_connection(Name="crm")
    seconds.pass_by(2)
    change = {"BasicAuthParameters": {"Password": "two"}}
    given = {"Name": "crm", "AuthorizationType": "BASIC", "AuthParameters": change}
    assert refusal(events.update_connection, **given)[0] == "ValidationException"


def test_a_taken_name_is_refused_and_left_alone(events: "EventBridgeClient") -> None:
    """The code is recorded, the text is not."""
    events.create_connection(**BASIC)
    code, _, status = refusal(events.create_connection, **API_KEY)
    assert (code, status) == ("ResourceAlreadyExistsException", 400)
    assert events.describe_connection(Name="crm")["AuthorizationType"] == "BASIC"


def test_one_connection_too_many_is_refused(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """The quota is the account's."""
    stand_in.most_connections = 1
    events.create_connection(**BASIC)
    assert refusal(events.create_connection, **{**BASIC, "Name": "b"})[0] == (
        "LimitExceededException"
    )


def test_long_lists_come_in_pages(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """With filters by prefix and state; a made-up token is refused."""
    for number in range(5):
        stand_in.create_by_hand(f"shop-{number}")
    stand_in.create_by_hand("other")
    stand_in.settle_as("shop-3", "DEAUTHORIZED")
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page: Any = events.list_connections(NamePrefix="shop", Limit=2, **token)  # type: ignore[arg-type]
        names += [item["Name"] for item in page["Connections"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [f"shop-{number}" for number in range(5)]
    (item,) = events.list_connections(ConnectionState="DEAUTHORIZED")["Connections"]
    assert item["Name"] == "shop-3"
    assert refusal(events.list_connections, NextToken="made up")[2] == 400
    assert refusal(events.list_connections, Limit=101)[0] == "ValidationException"


def test_an_error_strikes_so_many_calls(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """Of one operation and one connection; what happened is counted."""
    stand_in.create_by_hand("crm")
    stand_in.create_by_hand("erp")
    stand_in.fail("DescribeConnection", "ThrottlingException", times=2, name="crm")
    stand_in.fail("DescribeConnection", "InternalException")
    assert state_or_code(events, "erp") == ("InternalException", 500)
    assert [state_or_code(events, "crm") for _ in range(3)] == [
        ("ThrottlingException", 400),
        ("ThrottlingException", 400),
        ("AUTHORIZED", 200),
    ]
    assert stand_in.happened["DescribeConnection", "ThrottlingException"] == 2
    assert [call.outcome for call in stand_in.calls][-2:] == ["ThrottlingException", "200"]
    stand_in.fail("*", "", status=503)
    assert state_or_code(events, "crm")[1] == 503
    assert stand_in.happened["DescribeConnection", "HTTP 503"] == 1


def state_or_code(events: "EventBridgeClient", name: str) -> tuple[str, int]:
    """Look at a connection, and give the error if there is one."""
    try:
        return state(events, name), 200
    except events.exceptions.ClientError as error:
        status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return error.response["Error"]["Code"], status


def test_an_answer_can_be_lost_after_the_deed(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """The connection is there."""
    stand_in.lose_answer("CreateConnection")
    with pytest.raises(ConnectionClosedError):
        events.create_connection(**BASIC)
    assert set(stand_in.connections) == {"crm"}
    assert [call.outcome for call in stand_in.calls] == ["no answer"]


def test_a_call_can_be_lost_before_the_deed(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """The connection is not there; the next call comes through."""
    stand_in.lose_call("CreateConnection")
    with pytest.raises(ConnectionClosedError):
        events.create_connection(**BASIC)
    assert stand_in.connections == {}
    events.create_connection(**BASIC)


def test_a_call_can_hang(stand_in: StandIn) -> None:
    """Until the client has had enough; nothing is done."""
    events: EventBridgeClient = client_at(stand_in.url, "events", read_timeout_seconds=1)
    stand_in.hang("CreateConnection")
    with pytest.raises(ReadTimeoutError):
        events.create_connection(**BASIC)
    events.close()
    assert stand_in.connections == {}
    assert stand_in.happened["CreateConnection", "hanging"] == 1


def test_calls_at_once_are_counted(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """All together, and the writes of each name."""
    names = ["crm", "erp", "shop", "shop"]
    all_there = Barrier(len(names))

    def wait_for_the_others(carry_out: CarryOut) -> Answer:
        all_there.wait(PATIENCE_SECONDS)
        return carry_out()

    stand_in.plan(Fault("late", "CreateConnection", wait_for_the_others, len(names)))
    threads = [Thread(target=_try_to_create, args=(events, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stand_in.highest_concurrency == 4
    assert stand_in.highest_writes_at_once == {"crm": 1, "erp": 1, "shop": 2}
    assert stand_in.count("CreateConnection") == 4
    assert stand_in.count("CreateConnection", "shop") == 2
    assert set(stand_in.connections) == {"crm", "erp", "shop"}


def _try_to_create(events: "EventBridgeClient", name: str) -> None:
    try:
        events.create_connection(**{**BASIC, "Name": name})
    except events.exceptions.ResourceAlreadyExistsException:
        return


def test_somebody_else_may_create_change_and_delete(
    events: "EventBridgeClient", stand_in: StandIn
) -> None:
    """None of it counts as a call; a change shows in LastModifiedTime."""
    stand_in.create_by_hand("crm", Description="theirs")
    before = events.describe_connection(Name="crm")
    stand_in.tamper("crm", Description="changed")
    after = events.describe_connection(Name="crm")
    assert (before["Description"], after["Description"]) == ("theirs", "changed")
    assert times(after)["LastModifiedTime"] > times(before)["LastModifiedTime"]
    stand_in.delete_by_hand("crm")
    assert refusal(events.describe_connection, Name="crm")[0] == "ResourceNotFoundException"
    assert stand_in.count("DescribeConnection") == len(stand_in.calls) == 3


def test_nothing_is_left_after_a_reset(events: "EventBridgeClient", stand_in: StandIn) -> None:
    """Connections, calls, counts and faults."""
    events.create_connection(**WITH_HEADERS)
    stand_in.fail("*", "ThrottlingException", times=10)
    stand_in.settle_as("crm", "DEAUTHORIZED")
    stand_in.reset()
    assert (stand_in.connections, stand_in.calls, stand_in.highest_concurrency) == ({}, [], 0)
    events.create_connection(**BASIC)
    assert state(events) == "AUTHORIZED"


def test_everything_else_goes_upstream() -> None:
    """PutEvents and API destinations, with their faults; connections do not."""
    with running_stand_in() as upstream, running_stand_in(upstream.url) as stand_in:
        events: EventBridgeClient = client_at(stand_in.url, "events")
        entry: Any = {"Source": "test", "DetailType": "test", "Detail": "{}"}
        assert refusal(events.put_events, Entries=[entry])[0] == "UnknownOperationException"
        events.create_connection(**BASIC)
        stand_in.fail("PutEvents", "ThrottlingException")
        assert refusal(events.put_events, Entries=[entry])[0] == "ThrottlingException"
        assert [call.operation for call in upstream.calls] == ["PutEvents"]
        assert upstream.calls[0].parameters == {"Entries": [entry]}
        events.close()


def test_a_call_that_hangs_is_not_counted_after_a_reset(stand_in: StandIn) -> None:
    """It ends when it is let go, which may be during the next test."""
    began, may_end = Event(), Event()

    def hang(carry_out: CarryOut) -> Answer:
        began.set()
        may_end.wait(PATIENCE_SECONDS)
        return carry_out()

    events: EventBridgeClient = client_at(stand_in.url, "events")
    stand_in.plan(Fault("late", "CreateConnection", hang, 1))
    hanging = Thread(target=_try_to_create, args=(events, "crm"))
    hanging.start()
    assert began.wait(PATIENCE_SECONDS)
    stand_in.reset()
    _try_to_create(events, "crm")
    assert stand_in.highest_concurrency == 1
    assert stand_in.highest_writes_at_once == {"crm": 1}
    may_end.set()
    hanging.join()
    assert stand_in.highest_writes_at_once == {"crm": 1}
