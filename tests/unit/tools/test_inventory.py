"""The inventory: every page of what is registered, in a table that people read."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tools.operating import entry_points
from tools.operating.inventory import inventory, listed
from tools.operating.table import drawn

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/orders/0f1e2d3c"


def registered(name: str, **members: Any) -> dict[str, Any]:
    """Give a connection as List tells it."""
    return {
        "Name": name,
        "Owner": "requests",
        "ConnectionArn": f"arn:aws:events:us-east-1:123456789012:connection/{name}/0f1e2d3c",
        "ConnectionState": "AUTHORIZED",
        "IsAdopted": False,
        "Secrets": [{"SecretId": "connections/orders", "VersionId": "0123456789abcdef"}],
        "LastRefreshTime": "",
    } | members


@dataclass
class Deployed:
    """An application whose List has these pages, by token."""

    pages: dict[str, list[dict[str, Any]]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    outputs: Any = field(default_factory=lambda: {"FunctionArn": FUNCTION})
    sqs: Any = None

    @property
    def lambda_(self) -> Any:
        return self

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 (boto3's)
        assert FunctionName == FUNCTION
        self.asked.append(json.loads(Payload))
        tokens = list(self.pages)
        position = tokens.index(self.asked[-1]["ResourceProperties"].get("NextToken", ""))
        page: dict[str, Any] = {"Connections": self.pages[tokens[position]]}
        if position + 1 < len(tokens):
            page["NextToken"] = tokens[position + 1]
        return {"Payload": io.BytesIO(json.dumps(page).encode())}


def test_every_page_is_followed() -> None:
    """Also an empty one in between."""
    deployed = Deployed({"": [registered("a")], "two": [], "three": [registered("b")]})
    assert [each["Name"] for each in listed(deployed)] == ["a", "b"]
    assert {each["RequestType"] for each in deployed.asked} == {"List"}


def test_a_row_tells_owner_state_secrets_refresh_and_failure() -> None:
    """Stacks by name and logical id, versions cut, other accounts and parameters as such."""
    followed = registered(
        "orders",
        Owner=f"cloudformation/{STACK}/Connection",
        Secrets=[
            {"SecretId": "connections/own", "AccountId": "123456789012", "VersionId": "a" * 36},
            {"SecretId": "connections/foreign", "AccountId": "999999999999", "VersionId": ""},
            {"ParameterName": "/connections/key", "VersionId": "7"},
        ],
        LastRefreshTime="2026-11-22T18:03:00.123456Z",
        LastFailure={"ErrorCode": "AccessDenied", "Reason": "x", "Time": "2026-11-23T02:00:00.1Z"},
    )
    gone = registered("gone", ConnectionState="", IsAdopted=True)
    _, _, first, second = inventory(Deployed({"": [followed, gone]})).splitlines()
    told = "gone requests, adopted GONE connections/orders (01234567) - -"
    assert " ".join(first.split()) == told
    assert " ".join(second.split()) == (
        "orders orders/Connection AUTHORIZED connections/own (aaaaaaaa),"
        " 999999999999:connections/foreign (not applied), /connections/key (7) 2026-11-22T18:03:00"
        " AccessDenied 2026-11-23T02:00:00"
    )


def test_nothing_registered_is_a_table_without_rows() -> None:
    """And no error."""
    assert len(inventory(Deployed({"": []})).splitlines()) == 2


def test_a_function_that_fails_is_told() -> None:
    """Not an empty inventory."""

    class Failing(Deployed):
        def invoke(self, **_: str) -> dict[str, Any]:
            error = {"errorType": "ThrottlingError", "errorMessage": "AWS asks to slow down"}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}

    with pytest.raises(entry_points.RequestFailedError, match="ThrottlingError: AWS asks"):
        inventory(Failing({}))


def test_nothing_in_a_cell_moves_the_cursor() -> None:
    """Whoever may invoke a stack's entry point may send any StackId."""
    drawn_table = drawn(("Name", "Owner"), [("a", "cloudformation/x\x1b[2J\nforged/Row")])
    assert len(drawn_table.splitlines()) == 3
    assert "\x1b" not in drawn_table
