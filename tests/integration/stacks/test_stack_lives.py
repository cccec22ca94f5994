"""
Whole lives of stacks, from Create to Delete, with every way in which CloudFormation goes back.

R1 to R8 are the situations of its rollback and deletion that providers are known to get wrong. In
the end the connections are what the stacks last asked for, and the player judges every answer.
"""

from collections.abc import Mapping
from concurrent.futures import wait
from contextlib import closing
from typing import Any

import pytest

from tests.support.cloudformation_player import MADE_UP, Answer, Stack
from tests.support.event_bridge import EventBridge
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stand_in import Pace, StandIn, Unrecorded
from tests.support.stand_in.clients import client_at
from tests.support.waiting import until

SECRET = "{{resolve:secretsmanager:connections/crm:SecretString:%s}}"
REFUSED = "Failed to authorize the connection. The request failed with status code 401."
SHORT_SECONDS = 8.0  # of an invocation that runs out of time
DELETED_LATE_SECONDS = 0.7


@pytest.fixture
def changed(basic: dict[str, Any]) -> dict[str, Any]:
    """Give the same connection with another description and without parameters."""
    block = basic["AuthParameters"]["BasicAuthParameters"]
    auth_parameters = {"BasicAuthParameters": {**block, "Username": "somebody"}}
    return {**basic, "Description": "second", "AuthParameters": auth_parameters}


@pytest.fixture
def renamed(changed: dict[str, Any]) -> dict[str, Any]:
    """Give the changed connection under another name."""
    return {**changed, "Name": f"{changed['Name']}-b"}


@pytest.fixture
def api_key(name: str) -> dict[str, Any]:
    """Give another type of authorization under the same name."""
    block = {"ApiKeyName": "X-Api-Key", "ApiKeyValue": SECRET % "key"}
    return {
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": block},
    }


@pytest.fixture
def oauth(name: str) -> dict[str, Any]:
    """Give the type that takes a while and may be refused."""
    block = {
        "AuthorizationEndpoint": "https://login.example.com/token",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": SECRET % "user", "ClientSecret": SECRET % "password"},
    }
    return {
        "Name": name,
        "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
        "AuthParameters": {"OAuthParameters": block},
    }


def nameless(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the name to the function."""
    return {key: value for key, value in properties.items() if key != "Name"}


def outcome(answer: Answer | None) -> str:
    """Give what an answer says of a success; the reason of a failure."""
    assert answer
    if answer.is_success:
        return answer.data["Outcome"]
    return "Superseded" if answer.reason.startswith("Superseded: ") else answer.reason


def test_a_stack_leaves_nothing_after_a_whole_life(
    shop: Stack,
    event_bridge: EventBridge,
    basic: dict[str, Any],
    changed: dict[str, Any],
    renamed: dict[str, Any],
    api_key: dict[str, Any],
    oauth: dict[str, Any],
) -> None:
    """Created, changed, of another type each time, renamed, and gone."""
    assert outcome(shop.create(basic)) == "Created"
    event_bridge.assert_holds(basic)
    for properties in (changed, api_key, oauth, basic):
        assert outcome(shop.update(properties)) == "Updated"
        event_bridge.assert_holds(properties)
    assert outcome(shop.update(renamed)) == "Created"
    event_bridge.assert_holds(renamed)
    assert outcome(shop.delete()) == "Deleted"
    event_bridge.assert_holds()


def test_a_failed_create_is_deleted_by_the_id_of_its_answer(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, oauth: dict[str, Any]
) -> None:
    """R1: the refused connection was made, so the answer names it, and the rollback removes it."""
    stand_in.settle_as(oauth["Name"], "DEAUTHORIZED", REFUSED)
    answer = shop.create(oauth)
    assert outcome(answer) == f"NotStabilized: {oauth['Name']} is DEAUTHORIZED: {REFUSED}"
    assert stand_in.count("CreateConnection") == 1
    event_bridge.assert_holds()


def test_a_create_that_was_never_answered_is_deleted_by_its_properties(
    shop: Stack,
    event_bridge: EventBridge,
    response_url: ResponseUrlServer,
    stand_in: StandIn,
    basic: dict[str, Any],
) -> None:
    """R2: CloudFormation makes an id up, and the name is in the properties."""
    response_url.react(403, 403, 403)
    assert shop.create(basic) is None
    assert stand_in.count("CreateConnection") == stand_in.count("DeleteConnection") == 1
    event_bridge.assert_holds()


def test_a_create_without_name_that_was_never_answered_is_deleted_all_the_same(
    shop: Stack,
    event_bridge: EventBridge,
    response_url: ResponseUrlServer,
    stand_in: StandIn,
    basic: dict[str, Any],
) -> None:
    """R2: the name is derived again from stack and logical id."""
    response_url.react(403, 403, 403)
    assert shop.create(nameless(basic)) is None
    assert stand_in.count("CreateConnection") == stand_in.count("DeleteConnection") == 1
    event_bridge.assert_holds()


def test_a_create_that_is_cancelled_while_eventbridge_makes_the_connection_leaves_none(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R3: the Delete waits for the lease, and does not take the answer from the Create."""
    stand_in.slow("CreateConnection", 0.7)
    creating = shop.cloudformation.begin(shop.creation(basic))
    event_bridge.wait_for("CreateConnection")
    shop.clean_up(MADE_UP, basic)
    creating.result()
    event_bridge.assert_holds()


def test_a_create_that_is_cancelled_while_it_waits_leaves_no_connection(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, oauth: dict[str, Any]
) -> None:
    """R3: no lease is held while a connection settles, and the Create does not make it again."""
    stand_in.pace = Pace(settle_seconds=60, deleting_seconds=0.02)
    creating = shop.cloudformation.begin(shop.creation(oauth))
    event_bridge.wait_for("DescribeConnection", times=2)
    shop.clean_up(MADE_UP, oauth)
    assert outcome(creating.result()) == "Superseded"
    assert stand_in.count("CreateConnection") == 1
    event_bridge.assert_holds()


def test_a_create_that_comes_after_its_own_delete_makes_nothing(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R3, R4: Lambda held it back, or retries it, while the stack was already rolled back."""
    late = shop.creation(basic)
    shop.clean_up(MADE_UP, basic)
    assert outcome(shop.cloudformation.deliver(late)) == "Superseded"
    assert stand_in.count("CreateConnection") == 0
    event_bridge.assert_holds()


def test_a_create_that_comes_once_more_after_its_delete_makes_nothing(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R4: the first try had created the connection."""
    create = shop.creation(basic)
    shop.cloudformation.deliver(create)
    shop.clean_up(MADE_UP, basic)
    assert outcome(shop.cloudformation.deliver(create)) == "Superseded"
    assert stand_in.count("CreateConnection") == 1
    event_bridge.assert_holds()


def test_the_same_stack_may_create_again_what_it_deleted(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """A deletion refuses older requests only."""
    shop.create(basic)
    shop.delete()
    assert outcome(shop.create(basic)) == "Created"
    event_bridge.assert_holds(basic)


def test_a_failed_update_is_rolled_back_in_place(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    oauth: dict[str, Any],
) -> None:
    """R5: the second Update brings back what was there, another type and parameters included."""
    shop.create(basic)
    stand_in.settle_as(basic["Name"], "DEAUTHORIZED", REFUSED, times=1)
    answer = shop.update(oauth)
    assert answer
    assert not answer.is_success
    assert answer.physical_resource_id == shop.physical_resource_id == basic["Name"]
    event_bridge.assert_holds(basic)


def test_a_refused_update_is_rolled_back_without_a_write(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R5: what was refused before it was written needs nothing to go back."""
    shop.create(basic)
    assert (
        outcome(shop.update({**basic, "Color": "red"})) == "InvalidRequest: Color: unknown member"
    )
    assert stand_in.count("UpdateConnection") == 0
    event_bridge.assert_holds(basic)


def test_a_rename_goes_back_where_another_resource_fails(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], renamed: dict[str, Any]
) -> None:
    """R6: the rollback answers with the old id, whose connection was never touched."""
    created = shop.create(basic)
    assert outcome(shop.update_beside_a_failure(renamed)) == "Created"
    assert created
    assert shop.physical_resource_id == basic["Name"]
    assert event_bridge.stand_in.connections[basic["Name"]].arn == created.data["ConnectionArn"]
    event_bridge.assert_holds(basic)


def test_a_rename_back_goes_back_as_well(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], renamed: dict[str, Any]
) -> None:
    """R6: the name that comes back has a deletion from its last time."""
    shop.create(basic)
    shop.update(renamed)
    shop.update_beside_a_failure(basic)
    event_bridge.assert_holds(renamed)
    assert outcome(shop.update(basic)) == "Created"
    event_bridge.assert_holds(basic)


def test_a_name_that_was_left_out_goes_back_to_the_derived_one(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any]
) -> None:
    """R6: the rollback's Update has no Name, and the id of the new connection."""
    created = shop.create(nameless(basic))
    assert created
    shop.update_beside_a_failure(basic)
    assert shop.physical_resource_id == created.physical_resource_id
    event_bridge.assert_holds({**basic, "Name": created.physical_resource_id})


def test_a_name_that_was_taken_out_goes_back_in_place(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], changed: dict[str, Any]
) -> None:
    """R6, the other way: without Name the connection stays, with it again as well."""
    shop.create(basic)
    answer = shop.update_beside_a_failure(nameless(changed))
    assert answer
    assert answer.physical_resource_id == shop.physical_resource_id == basic["Name"]
    event_bridge.assert_holds(basic)


def test_a_failed_rename_answers_with_the_new_name_so_that_it_is_deleted(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    oauth: dict[str, Any],
) -> None:
    """R7: CloudFormation adopts that id, and deletes it when it cleans up."""
    shop.create(basic)
    new = {**oauth, "Name": f"{oauth['Name']}-b"}
    stand_in.settle_as(new["Name"], "DEAUTHORIZED", REFUSED)
    answer = shop.update(new)
    assert answer
    assert (answer.status, answer.physical_resource_id) == ("FAILED", new["Name"])
    event_bridge.assert_holds(basic)


def test_a_failed_rename_is_undone_by_an_update_with_the_old_id_too(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    oauth: dict[str, Any],
) -> None:
    """R7, told the other way: the rollback has the id of before the rename."""
    shop.create(basic)
    new = {**oauth, "Name": f"{oauth['Name']}-b"}
    stand_in.settle_as(new["Name"], "DEAUTHORIZED", REFUSED)
    shop.cloudformation.deliver(shop.change(new))
    back = shop.request("Update", basic, basic["Name"], new)
    assert outcome(shop.cloudformation.deliver(back)) == "Unchanged"
    shop.clean_up(new["Name"], new)
    event_bridge.assert_holds(basic)


def test_a_rename_to_a_foreign_name_fails_under_the_old_id(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], renamed: dict[str, Any]
) -> None:
    """R7: the foreign name must not become one that CloudFormation deletes."""
    event_bridge.create_foreign(renamed["Name"])
    shop.create(basic)
    answer = shop.update(renamed)
    assert outcome(answer).startswith("AlreadyExists: ")
    assert answer
    assert answer.physical_resource_id == basic["Name"]
    event_bridge.assert_holds(basic)


def test_a_failed_delete_can_be_tried_again(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R8: DELETE_FAILED leaves the connection to its stack."""
    shop.create(basic)
    stand_in.fail("DeleteConnection", "ValidationException")
    assert outcome(shop.delete()).startswith("InvalidRequest: ")
    event_bridge.assert_holds(basic)
    assert outcome(shop.delete()) == "Deleted"
    event_bridge.assert_holds()


def test_deleting_what_is_gone_succeeds(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """Somebody deleted it by hand; nothing of the stack's is left."""
    shop.create(basic)
    stand_in.delete_by_hand(basic["Name"])
    assert outcome(shop.delete()) == "Deleted"
    assert stand_in.count("DeleteConnection") == 0
    event_bridge.assert_holds()


@pytest.mark.parametrize("physical_resource_id", [MADE_UP, "{name}"])
def test_deleting_what_was_never_created_succeeds(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], physical_resource_id: str
) -> None:
    """Under the id made up, or the name of a Create that failed before it did anything."""
    shop.clean_up(physical_resource_id.format(name=basic["Name"]), basic)
    event_bridge.assert_holds()


def test_a_create_of_a_foreign_name_fails_and_its_delete_leaves_the_connection(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """R1 after AlreadyExists: CloudFormation deletes the id of the failed Create."""
    event_bridge.create_foreign(basic["Name"])
    assert outcome(shop.create(basic)).startswith("AlreadyExists: ")
    assert stand_in.count("DeleteConnection") == 0
    event_bridge.assert_holds()


def test_a_create_of_another_stacks_name_fails_and_leaves_it_its_connection(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], changed: dict[str, Any]
) -> None:
    """The other stack goes on as if nothing had been."""
    another = shop.cloudformation.stack()
    another.create(basic)
    assert outcome(shop.create(changed)).startswith("AlreadyExists: ")
    event_bridge.assert_holds(basic)
    assert outcome(another.update(changed)) == "Updated"
    event_bridge.assert_holds(changed)


def test_a_namesake_that_somebody_made_anew_is_not_deleted(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """Its ARN has another UUID, so that it is not the stack's."""
    shop.create(basic)
    stand_in.delete_by_hand(basic["Name"])
    event_bridge.create_foreign(basic["Name"])
    assert outcome(shop.delete()) == "Deleted"
    event_bridge.assert_holds()


def test_a_namesake_that_somebody_made_anew_is_not_updated(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    """The Update fails, and so does its rollback; nothing foreign is touched."""
    shop.create(basic)
    stand_in.delete_by_hand(basic["Name"])
    event_bridge.create_foreign(basic["Name"])
    for properties in (changed, basic):
        answer = shop.cloudformation.deliver(shop.change(properties))
        assert outcome(answer).startswith("AlreadyExists: ")
    assert outcome(shop.delete()) == "Deleted"
    event_bridge.assert_holds()


def test_a_connection_deleted_by_hand_comes_back_with_the_next_update(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    """Under the same id; the answer's new ARN says that it is another."""
    first = shop.create(basic)
    stand_in.delete_by_hand(basic["Name"])
    second = shop.update(changed)
    assert first
    assert second
    assert outcome(second) == "Created"
    assert second.physical_resource_id == first.physical_resource_id
    assert second.data["ConnectionArn"] != first.data["ConnectionArn"]
    assert second.data["ConnectionArn"] == stand_in.connections[basic["Name"]].arn
    event_bridge.assert_holds(changed)


@pytest.mark.parametrize("answered", ["refused", "accepted"])
def test_a_name_can_be_created_while_its_last_connection_is_being_deleted(
    answered: str,
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    """AlreadyExists, which AWS may say meanwhile, is waited for."""
    stand_in.unrecorded = Unrecorded(create_while_deleting=answered)  # type: ignore[arg-type]
    stand_in.pace = Pace(deleting_seconds=DELETED_LATE_SECONDS)
    shop.create(basic)
    deleting = shop.cloudformation.begin(shop.deletion(basic["Name"]))
    event_bridge.wait_for("DeleteConnection")
    another = shop.cloudformation.stack()
    assert outcome(another.create(changed)) == "Created"
    assert outcome(deleting.result()) == "Deleted"
    event_bridge.assert_holds(changed)


def all_deleting(listed: Any) -> bool:
    """Tell whether no connection is shown as anything but being deleted."""
    return {each["ConnectionState"] for each in listed["Connections"]} <= {"DELETING"}


def test_a_name_can_be_created_while_a_deletion_by_hand_is_under_way(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """The registry knows nothing of it; the state does."""
    stand_in.pace = Pace(deleting_seconds=DELETED_LATE_SECONDS)
    stand_in.create_by_hand(basic["Name"])
    with closing(client_at(stand_in.url, "events")) as client:
        client.delete_connection(Name=basic["Name"])
        # Where Describe lags, nothing tells of somebody else's deletion before it shows.
        until(lambda: all_deleting(client.list_connections(NamePrefix=basic["Name"])))
    assert outcome(shop.create(basic)) == "Created"
    event_bridge.assert_holds(basic)


def test_the_answer_waits_until_oauth_has_settled(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, oauth: dict[str, Any]
) -> None:
    """SUCCESS means AUTHORIZED, however late."""
    stand_in.pace = Pace(settle_seconds=0.8)
    answer = shop.create(oauth)
    assert answer
    assert answer.data["ConnectionState"] == "AUTHORIZED"
    event_bridge.assert_holds(oauth)


def test_an_oauth_that_never_settles_is_answered_in_time_and_deleted(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, oauth: dict[str, Any]
) -> None:
    """The answer names the connection, which its Delete finds."""
    stand_in.pace = Pace(settle_seconds=60, deleting_seconds=0.02)
    create = shop.creation(oauth | {"WaitTimeoutSeconds": 1})
    answer = shop.cloudformation.deliver(create, SHORT_SECONDS)
    assert answer
    assert (answer.status, answer.physical_resource_id) == ("FAILED", oauth["Name"])
    shop.clean_up(answer.physical_resource_id, oauth)
    event_bridge.assert_holds()


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("operation", ["DescribeConnection", "CreateConnection"])
def test_a_create_is_answered_in_time_while_eventbridge_hangs(
    operation: str,
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
) -> None:
    """One answer, before the deadline; then the stack rolls back, and nothing is left."""
    stand_in.hang(operation, times=1000)
    answer = shop.cloudformation.deliver(shop.creation(basic), SHORT_SECONDS)
    stand_in.clear_up()
    assert answer
    assert (answer.status, answer.physical_resource_id) == ("FAILED", basic["Name"])
    shop.clean_up(answer.physical_resource_id, basic)
    event_bridge.assert_holds()


def test_a_duplicate_of_each_request_changes_nothing(
    shop: Stack, event_bridge: EventBridge, stand_in: StandIn, basic: dict[str, Any]
) -> None:
    """Lambda delivers twice: the same answer, and one write."""
    deliver = shop.cloudformation.deliver
    create = shop.creation(basic)
    assert [outcome(deliver(create)) for _ in range(2)] == ["Created", "Unchanged"]
    event_bridge.assert_holds(basic)
    delete = shop.deletion(basic["Name"], basic)
    assert [outcome(deliver(delete)) for _ in range(2)] == ["Deleted", "Deleted"]
    assert stand_in.count("CreateConnection") == stand_in.count("DeleteConnection") == 1
    event_bridge.assert_holds()


def test_a_request_delivered_several_times_at_once_is_carried_out_once(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    """Create, Update and Delete: one write each, and all answers say SUCCESS."""
    shop.physical_resource_id = basic["Name"]
    for request, operation in (
        (shop.creation(basic), "CreateConnection"),
        (shop.change(changed), "UpdateConnection"),
        (shop.deletion(basic["Name"], changed), "DeleteConnection"),
    ):
        running = [shop.cloudformation.begin(request) for _ in range(4)]
        wait(running)
        assert all(answer.is_success for answer in shop.cloudformation.answers(request))
        assert stand_in.count(operation) == 1
    event_bridge.assert_holds()


def test_an_old_update_that_comes_once_more_changes_nothing(
    shop: Stack,
    event_bridge: EventBridge,
    basic: dict[str, Any],
    changed: dict[str, Any],
    api_key: dict[str, Any],
) -> None:
    """Newest wins; a copy of what was asked before is answered, and superseded."""
    shop.create(basic)
    old = shop.change(changed)
    shop.cloudformation.deliver(old)
    shop.update(api_key)
    assert outcome(shop.cloudformation.deliver(old)) == "Superseded"
    event_bridge.assert_holds(api_key)


def test_an_old_rename_that_comes_once_more_resurrects_nothing(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], renamed: dict[str, Any]
) -> None:
    """Neither the name that was left, nor the one that a rollback deleted."""
    create = shop.creation(basic)
    created = shop.cloudformation.deliver(create)
    assert created
    shop.keep(created, basic)
    rename = shop.change(renamed)
    answer = shop.cloudformation.deliver(rename)
    shop.roll_back(answer, renamed)
    assert outcome(shop.cloudformation.deliver(rename)) == "Superseded"
    event_bridge.assert_holds(basic)
    shop.update(renamed)
    assert outcome(shop.cloudformation.deliver(create)) == "Superseded"
    event_bridge.assert_holds(renamed)


def test_an_update_that_is_cancelled_while_it_runs_is_undone(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    """The rollback's Update waits for the lease of the one before it."""
    shop.create(basic)
    stand_in.slow("UpdateConnection", 0.7)
    updating = shop.cloudformation.begin(shop.change(changed))
    event_bridge.wait_for("UpdateConnection")
    shop.roll_back(None, changed)
    updating.result()
    event_bridge.assert_holds(basic)


def test_a_cancelled_rename_that_still_runs_is_undone(
    shop: Stack,
    event_bridge: EventBridge,
    stand_in: StandIn,
    basic: dict[str, Any],
    renamed: dict[str, Any],
) -> None:
    """The Delete of the new name waits for the Update that still makes it."""
    shop.create(basic)
    stand_in.slow("CreateConnection", 0.7)
    renaming = shop.cloudformation.begin(shop.change(renamed))
    event_bridge.wait_for("CreateConnection", times=2)
    shop.roll_back(None, renamed)
    shop.clean_up(renamed["Name"], renamed)
    renaming.result()
    event_bridge.assert_holds(basic)


def test_a_retried_deployment_may_reuse_the_request_id_with_other_properties(
    shop: Stack, event_bridge: EventBridge, basic: dict[str, Any], changed: dict[str, Any]
) -> None:
    """What decides is what was asked, not whether an id was seen before."""
    wrong = {**basic, "Description": "x" * 513}
    request = shop.creation(wrong, RequestId="the-same-again")
    failed = shop.cloudformation.deliver(request)
    assert outcome(failed).startswith("InvalidRequest: Description: ")
    shop.clean_up(basic["Name"], wrong)
    mended = shop.cloudformation.deliver(shop.creation(basic, RequestId="the-same-again"))
    assert outcome(mended) == "Created"
    assert mended
    shop.keep(mended, basic)
    updated = shop.cloudformation.deliver(shop.change(changed, RequestId="the-same-again"))
    assert outcome(updated) == "Updated"
    event_bridge.assert_holds(changed)


def test_nothing_is_sent_to_an_earlier_requests_url(
    shop: Stack, response_url: ResponseUrlServer, basic: dict[str, Any]
) -> None:
    """Each PUT of a warm container goes to the URL of its own request, whatever came before."""
    another = shop.cloudformation.stack()
    requests = [
        shop.creation(basic),
        another.creation(basic),
        another.deletion(basic["Name"], basic),
        shop.request("Update", {**basic, "Description": "later"}, basic["Name"], basic),
        shop.deletion(basic["Name"], basic),
    ]
    for request in requests:
        shop.cloudformation.deliver(request)
    told = [(put.target, put.answer["RequestId"]) for put in response_url.puts]
    origin = response_url.origin
    assert told == [
        (request["ResponseURL"].removeprefix(origin), request["RequestId"]) for request in requests
    ]
