"""What a List shows of the registered connections."""

from collections.abc import Mapping
from typing import Any

import pytest

from handler.clock import iso
from handler.connections.state import Connection
from handler.entrypoints.result import success
from handler.errors import InvalidRequestError, ThrottlingError
from handler.operations.completion import Completion, Outcome
from handler.operations.use_cases import carry_out
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE
from handler.requests.request import check
from handler.requests.unchecked_request import UncheckedRequest, read_document
from tests.support.crm import BASIC, STACK_ID, ask, stack
from tests.support.fakes import PAGE, RULES, World, make_world

CRM = "connections/crm"


def asked_list(properties: Mapping[str, Any] | None = None) -> UncheckedRequest:
    """Make a List."""
    given = {} if properties is None else {"ResourceProperties": properties}
    document = {"RequestType": "List", **given}
    return read_document(document, DIRECT, "request-1", make_world().time.now)


def listed(world: World, properties: Mapping[str, Any] | None = None) -> Completion:
    """Carry out a List."""
    return carry_out(world.ports, check(asked_list(properties), RULES))


def test_a_connection_is_shown_with_owner_state_secrets_and_last_refresh(world: World) -> None:
    """All that an inventory tells."""
    stack(world, "Create")
    world.secrets.rotate(CRM, '{"password": "battery staple"}')
    refresh = {"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}}
    asked = read_document(refresh, DIRECT, "request-1", world.time.now)
    carry_out(world.ports, check(asked, RULES))
    completion = listed(world)
    assert completion.outcome is Outcome.DESCRIBED
    assert completion.details == {
        "Connections": [
            {
                "Name": "crm",
                "Owner": f"cloudformation/{STACK_ID}/Connection",
                "ConnectionArn": world.connections.stored["crm"]["arn"],
                "ConnectionState": "AUTHORIZED",
                "IsAdopted": False,
                "Secrets": [{"SecretId": CRM, "VersionId": "version-2"}],
                "LastRefreshTime": iso(world.time.now),
            }
        ]
    }


def test_the_result_is_the_details_beside_what_every_result_has(world: World) -> None:
    """As a direct request returns it."""
    result = success(asked_list(), listed(world))
    assert result == {
        "RequestId": "request-1",
        "RequestType": "List",
        "Status": "SUCCESS",
        "Outcome": "Described",
        "Connections": [],
    }


def test_a_parameter_and_another_accounts_secret_are_named_as_a_refresh_names_them(
    world: World,
) -> None:
    """What is shown can be put into a Refresh."""
    world.secrets.texts |= {"/connections/crm": "ada"}
    world.secrets.versions |= {"/connections/crm": "7"}
    world.secrets.plain.add("/connections/crm")
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:connections/crm-AbCdEf"
    block = {
        "Username": "{{resolve:ssm:/connections/crm}}",
        "Password": {"ValueFrom": f"{arn}:password::"},
    }
    ask(world, properties={**BASIC, "AuthParameters": {"BasicAuthParameters": block}})
    (shown,) = listed(world).details["Connections"]
    assert shown["Secrets"] == [
        {"ParameterName": "/connections/crm", "VersionId": "7"},
        {"SecretId": CRM, "AccountId": "123456789012", "VersionId": "version-1"},
    ]


def test_what_is_gone_or_a_namesake_has_no_state(world: World) -> None:
    """Somebody else's state would be a lie."""
    ask(world)
    del world.connections.stored["crm"]
    assert listed(world).details["Connections"][0]["ConnectionState"] == ""
    world.connections.make_by_hand("crm", BASIC)
    assert listed(world).details["Connections"][0]["ConnectionState"] == ""


def test_an_adopted_connection_is_marked(world: World) -> None:
    """Its Delete releases it only."""
    world.connections.make_by_hand("crm", BASIC)
    ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert listed(world).details["Connections"][0]["IsAdopted"] is True


def test_pages_show_each_connection_once_and_no_deletion(world: World) -> None:
    """The token of the last page is the next one's beginning; a page of deletions is passed."""
    for number in range(3 * PAGE):
        ask(world, properties={**BASIC, "Name": f"connection-{number}"})
    for number in range(PAGE, 2 * PAGE):
        ask(world, "Delete", {"Name": f"connection-{number}"})
    pages = [listed(world).details]
    while "NextToken" in pages[-1]:
        pages.append(listed(world, {"NextToken": pages[-1]["NextToken"]}).details)
    names = [each["Name"] for page in pages for each in page["Connections"]]
    assert names == sorted(world.owners)
    assert all(page["Connections"] for page in pages[:-1])


def test_a_page_of_the_registrys_other_items_is_passed(world: World) -> None:
    """Links and deletions lie between; an empty page would look like the end."""
    ask(world)
    whole = world.registry.page
    pages = {"": ([], "first"), "first": ([], "second"), "second": whole("")}
    world.registry.page = pages.__getitem__  # type: ignore[assignment,method-assign]
    (shown,) = listed(world).details["Connections"]
    assert shown["Name"] == "crm"


def test_one_that_cannot_be_described_is_listed_without_its_state(world: World) -> None:
    """The registry knows the rest, and the others are shown in any case."""

    def throttled(_: str) -> None:
        raise ThrottlingError("later")

    ask(world)
    world.connections.describe = throttled  # type: ignore[assignment,method-assign]
    completion = listed(world)
    (shown,) = completion.details["Connections"]
    assert (shown["Name"], shown["ConnectionState"]) == ("crm", "")
    assert completion.connection == Connection("")


def test_it_writes_nothing(world: World) -> None:
    """Looking is free."""
    ask(world)
    writes = len(world.registry.writes)
    world.connections.calls.clear()
    listed(world)
    assert (world.connections.calls, len(world.registry.writes)) == (["describe"], writes)


def test_a_message_cannot_list() -> None:
    """Its result would be an event that nobody waits for, and too large for one."""
    document = {"RequestType": "List"}
    asked = read_document(document, REQUEST_QUEUE, "request-1", make_world().time.now)
    with pytest.raises(InvalidRequestError, match="RequestType: List is for direct invocations"):
        check(asked, RULES)
