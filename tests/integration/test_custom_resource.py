"""The CloudFormation entry point: what a stack's requests do, and how they are answered."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.attributes import ATTRIBUTES
from tests.support.faulty_proxy import FaultyProxy
from tests.support.function import Function
from tests.support.function_output import FunctionOutput
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource, Signer
from tools.local import recorded_event
from tools.local.local_stack import LocalStack

EVENTS = Path(__file__).parents[2] / "events"
RENAMED = "-v2"
DATA = set(ATTRIBUTES)


@pytest.fixture
def resource(response_url: ResponseUrlServer) -> CustomResource:
    """Give a resource of a stack of its own."""
    return CustomResource(response_url.origin)


@pytest.fixture(params=["basic", "api-key", "oauth"])
def authorization_type(request: pytest.FixtureRequest) -> str:
    """Run a test for each authorization type's recorded events."""
    return str(request.param)


class RecordedStack:
    """The recorded life of one stack, under names and a stack id of this test's own."""

    def __init__(
        self, stack: LocalStack, server: ResponseUrlServer, authorization_type: str, name: str
    ) -> None:
        """Remember whose events to send where."""
        self._stack, self._server, self._type = stack, server, authorization_type
        self.name = name
        self._signer = Signer()

    def event(self, situation: str) -> dict[str, Any]:
        """Read the event of a situation."""
        path = EVENTS / f"cloudformation-{situation}-{self._type}.json"
        event = recorded_event.load(path, self._stack, self._signer.sign(self._server.origin))
        event["StackId"] = f"{event['StackId']}-{self.name}"
        for holder, member in (
            (event, "PhysicalResourceId"),
            (event["ResourceProperties"], "Name"),
        ):
            if member in holder:
                renamed = RENAMED if holder[member].endswith(RENAMED) else ""
                holder[member] = self.name + renamed
        return event


@pytest.fixture
def recorded(
    stack: LocalStack, response_url: ResponseUrlServer, authorization_type: str, name: str
) -> RecordedStack:
    """Give the recorded events of one authorization type."""
    return RecordedStack(stack, response_url, authorization_type, name)


def test_a_create_is_answered_with_all_that_the_native_resource_gives(
    recorded: RecordedStack, function: Function, response_url: ResponseUrlServer, stack: LocalStack
) -> None:
    """Ref gives the name; Fn::GetAtt finds every member, each a string."""
    event = recorded.event("create")
    assert function(event) is None
    (answer,) = response_url.answers
    data = answer.pop("Data")
    assert answer == {
        "Status": "SUCCESS",
        "Reason": answer["Reason"],
        "PhysicalResourceId": recorded.name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": False,
    }
    assert set(data) == DATA
    assert {type(value) for value in data.values()} == {str}
    shown = stack.events.describe_connection(Name=recorded.name)
    assert data["ConnectionArn"] == shown["ConnectionArn"]
    assert data["AuthorizationType"] == shown["AuthorizationType"]
    assert (data["ConnectionState"], data["Outcome"]) == ("AUTHORIZED", "Created")


def test_an_answer_arrives_as_the_signed_url_wants_it(
    recorded: RecordedStack, function: Function, response_url: ResponseUrlServer
) -> None:
    """The URL byte for byte, an empty content type, at most 4096 bytes."""
    event = recorded.event("create")
    function(event)
    (put,) = response_url.puts
    assert put.target == event["ResponseURL"].removeprefix(response_url.origin)
    assert put.headers["content-type"] == ""
    assert int(put.headers["content-length"]) == len(put.body) <= 4096


def test_an_update_changes_the_connection_in_place(
    recorded: RecordedStack, function: Function, response_url: ResponseUrlServer, proxy: FaultyProxy
) -> None:
    """The same id, and one UpdateConnection with the whole desired state."""
    function(recorded.event("create"))
    update = recorded.event("update")
    function(update)
    created, updated = response_url.answers
    assert updated["PhysicalResourceId"] == created["PhysicalResourceId"] == recorded.name
    assert (updated["Status"], updated["Data"]["Outcome"]) == ("SUCCESS", "Updated")
    (sent,) = proxy.parameters_of("UpdateConnection")
    assert sent["Description"] == update["ResourceProperties"]["Description"]


def test_a_rename_leaves_the_old_connection_until_its_own_delete(
    recorded: RecordedStack, function: Function, response_url: ResponseUrlServer, stack: LocalStack
) -> None:
    """CloudFormation deletes the replaced one later; until then a rollback finds it."""
    function(recorded.event("create"))
    function(recorded.event("rename"))
    renamed = response_url.answers[-1]
    assert renamed["PhysicalResourceId"] == recorded.name + RENAMED
    assert renamed["Data"]["Outcome"] == "Created"
    assert stack.events.describe_connection(Name=recorded.name)["ConnectionArn"]
    function(recorded.event("delete"))
    with pytest.raises(stack.events.exceptions.ResourceNotFoundException):
        stack.events.describe_connection(Name=recorded.name)
    assert stack.events.describe_connection(Name=recorded.name + RENAMED)["ConnectionArn"]


def test_a_delete_removes_the_connection_and_echoes_its_id(
    recorded: RecordedStack, function: Function, response_url: ResponseUrlServer, stack: LocalStack
) -> None:
    """And once more: the second Delete finds nothing, which is what was wanted."""
    function(recorded.event("create"))
    function(recorded.event("delete"))
    function(recorded.event("delete"))
    _, *deleted = response_url.answers
    for answer in deleted:
        assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", recorded.name)
    with pytest.raises(stack.events.exceptions.ResourceNotFoundException):
        stack.events.describe_connection(Name=recorded.name)


def test_booleans_that_became_strings_are_booleans_again(
    function: Function, resource: CustomResource, basic: dict[str, Any], proxy: FaultyProxy
) -> None:
    """CloudFormation sends every scalar as a string."""
    header = {"Key": "X-Tenant", "Value": "7", "IsValueSecret": "false"}
    auth = basic["AuthParameters"] | {"InvocationHttpParameters": {"HeaderParameters": [header]}}
    function(resource.request("Create", basic | {"AuthParameters": auth}))
    (created,) = proxy.parameters_of("CreateConnection")
    assert created["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"] == [
        header | {"IsValueSecret": False}
    ]


def test_a_resource_without_name_gets_the_same_one_at_every_retry(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    response_url: ResponseUrlServer,
) -> None:
    """Made of stack and logical id, so that nobody need think of one."""
    del basic["Name"]
    function(resource.request("Create", basic))
    function(resource.request("Create", basic))
    first, second = response_url.answers
    assert first["PhysicalResourceId"].startswith("shop-Connection-")
    assert second["PhysicalResourceId"] == first["PhysicalResourceId"] == first["Data"]["Name"]
    assert (first["Data"]["Outcome"], second["Data"]["Outcome"]) == ("Created", "Unchanged")


def test_an_update_without_name_keeps_the_connection(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
) -> None:
    """Taking Name out of the template is no replacement."""
    function(resource.request("Create", basic))
    nameless = {key: value for key, value in basic.items() if key != "Name"}
    changed = nameless | {"Description": "now with one"}
    function(resource.request("Update", changed, name))
    assert response_url.answers[-1]["PhysicalResourceId"] == name
    assert response_url.answers[-1]["Data"]["Outcome"] == "Updated"


def test_a_connection_of_somebody_else_is_neither_taken_nor_deleted(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    stack: LocalStack,
    output: FunctionOutput,
) -> None:
    """The Create fails, and the Delete of its rollback leaves what was there before."""
    another = CustomResource(response_url.origin)
    function(another.request("Create", basic))
    function(resource.request("Create", basic))
    failed = response_url.answers[-1]
    assert failed["Status"] == "FAILED"
    assert failed["Reason"].startswith(f"AlreadyExists: {name} belongs to cloudformation/")
    output.clear()
    function(resource.request("Delete", basic, failed["PhysicalResourceId"]))
    assert response_url.answers[-1]["Status"] == "SUCCESS"
    assert stack.events.describe_connection(Name=name)["ConnectionArn"]
    assert [set(document["metrics"]) for document in output.metrics] == [{"DeleteIgnored"}]


def test_a_delete_under_an_id_that_cloudformation_made_up_finds_the_connection(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
    stack: LocalStack,
) -> None:
    """It makes one up where no answer reached it; the name is in the properties."""
    function(resource.request("Create", basic))
    function(resource.request("Delete", basic, "shop-Connection-1A2B3C4D5E6F"))
    deleted = response_url.answers[-1]
    assert (deleted["Status"], deleted["PhysicalResourceId"]) == (
        "SUCCESS",
        "shop-Connection-1A2B3C4D5E6F",
    )
    with pytest.raises(stack.events.exceptions.ResourceNotFoundException):
        stack.events.describe_connection(Name=name)


def test_a_delete_works_whatever_the_properties_hold(
    function: Function,
    resource: CustomResource,
    basic: dict[str, Any],
    name: str,
    response_url: ResponseUrlServer,
) -> None:
    """What an older version took, or none ever did, must not keep a stack from going."""
    function(resource.request("Create", basic))
    function(resource.request("Delete", {"Name": ["x"], "Unknown": "member"}, name))
    assert response_url.answers[-1]["Status"] == "SUCCESS"
    assert response_url.answers[-1]["Data"]["Outcome"] == "Deleted"
