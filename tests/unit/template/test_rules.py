"""The rules of rotation: which of AWS's events match, and what request becomes of one."""

import copy
import json
from typing import Any

import pytest

from handler.references.source import Secret
from handler.requests.entry_point import MAINTENANCE_QUEUE
from handler.requests.request import check
from handler.requests.selection import Selection
from handler.requests.unchecked_request import read_document
from tests.support.bad_requests import OTHER_ACCOUNT
from tests.support.fakes import RULES, START
from tests.support.resolved_template import properties
from tests.support.rule_messages import (
    CONNECTION_DEAUTHORIZED,
    PARAMETER_STORE_CHANGE,
    SECRET_LABEL_UPDATED,
    message,
)


def matches(pattern: Any, event: Any) -> bool:
    """
    Match as EventBridge does, as far as these rules need it.

    Source:
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    if isinstance(pattern, dict):
        return all(
            isinstance(event, dict) and name in event and matches(each, event[name])
            for name, each in pattern.items()
        )
    values = event if isinstance(event, list) else [event]
    return any(_is_one(each, value) for each in pattern for value in values)


def _is_one(wanted: Any, value: Any) -> bool:
    match wanted:
        case {"prefix": str(prefix)}:
            return str(value).startswith(prefix)
        case {"exists": True}:
            return True
        case dict():
            raise NotImplementedError(wanted)
        case _:
            return bool(wanted == value)


def edited(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Copy an event with other details."""
    copied = copy.deepcopy(event)
    copied["detail"] |= changes
    return copied


def is_wanted(rule: str, event: dict[str, Any], **parameters: str) -> bool:
    """Tell whether a rule matches an event."""
    pattern = properties(rule, **parameters)["EventPattern"]
    return matches(json.loads(pattern) if isinstance(pattern, str) else pattern, event)


def test_a_rotation_becomes_a_refresh_by_secret() -> None:
    """With its account, since a forwarded event may tell of another one's, and its version."""
    assert is_wanted("SecretRule", SECRET_LABEL_UPDATED)
    asked = read_document(
        message("SecretRule", SECRET_LABEL_UPDATED), MAINTENANCE_QUEUE, "message-1", START
    )
    request = check(asked, RULES)
    detail = SECRET_LABEL_UPDATED["detail"]
    assert (request.request_type, request.name) == ("Refresh", "")
    secret = Secret(detail["name"], account=SECRET_LABEL_UPDATED["account"])
    assert request.selection == Selection((secret,), version_id=detail["versionId"])


@pytest.mark.parametrize("operation", ["Create", "Update"])
@pytest.mark.parametrize("name", ["/connections/orders", "/crm", "crm"])
def test_a_changed_parameter_becomes_a_refresh_by_parameter(operation: str, name: str) -> None:
    """Also one that was deleted and made again; its event tells no version."""
    event = edited(PARAMETER_STORE_CHANGE, operation=operation, name=name)
    assert is_wanted("ParameterRule", event, AllowedParameterPrefixes="/connections/,/crm")
    asked = read_document(message("ParameterRule", event), MAINTENANCE_QUEUE, "message-1", START)
    secret = Secret("/" + name.lstrip("/"), is_parameter=True)
    assert check(asked, RULES).selection == Selection((secret,))


@pytest.mark.parametrize(
    "name", ["events!connection/crm/0f", "rds!cluster-0f", "appflow!x", "a!", "!"]
)
def test_secrets_that_services_own_are_left_out(name: str) -> None:
    """An update of a connection moves the label of its own secret: that would never end."""
    assert not is_wanted("SecretRule", edited(SECRET_LABEL_UPDATED, name=name))


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("a/x", True), ("b/x", True), ("c/x", False), ("a", False), ("A/x", False), ("x/a/x", False)],
)
def test_only_what_the_prefixes_allow_is_followed(name: str, is_ours: bool) -> None:
    """Every one of them, and nothing that no request may refer to."""
    secret = edited(SECRET_LABEL_UPDATED, name=name)
    assert is_wanted("SecretRule", secret, AllowedSecretPrefixes="a/,b/") is is_ours
    parameter = edited(PARAMETER_STORE_CHANGE, name=f"/{name}")
    assert is_wanted("ParameterRule", parameter, AllowedParameterPrefixes="/a/,/b/") is is_ours


@pytest.mark.parametrize(
    ("accounts", "account", "is_followed"),
    [
        ("", "123456789012", True),
        ("", OTHER_ACCOUNT, False),
        (f"000000000000,{OTHER_ACCOUNT}", OTHER_ACCOUNT, True),
        (f"000000000000,{OTHER_ACCOUNT}", "123456789012", True),
        ("000000000000", OTHER_ACCOUNT, False),
    ],
)
def test_rotations_of_other_accounts_are_followed_where_they_are_allowed(
    accounts: str, account: str, is_followed: bool
) -> None:
    """Whatever else is forwarded to the bus; parameters are of this account alone."""
    secret = SECRET_LABEL_UPDATED | {"account": account}
    assert is_wanted("SecretRule", secret, AllowedAccounts=accounts) is is_followed
    parameter = PARAMETER_STORE_CHANGE | {"account": account}
    is_own = account == "123456789012"
    assert is_wanted("ParameterRule", parameter, AllowedAccounts=accounts) is is_own


# As the README's Limits say, of prefixes with 24 characters.
MOST_PREFIXES = [
    ("SecretRule", "AllowedSecretPrefixes", "connections/team-000000/", 47),
    ("ParameterRule", "AllowedParameterPrefixes", "/connections/team-00000/", 24),
]


@pytest.mark.parametrize(("rule", "parameter", "prefix", "most"), MOST_PREFIXES)
def test_as_many_prefixes_as_documented_fit_an_event_pattern(
    rule: str, parameter: str, prefix: str, most: int
) -> None:
    """
    EventBridge takes 2,048 characters and refuses the deployment beyond that.

    Source:
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    """
    assert len(prefix) == 24
    lengths = [
        len(properties(rule, **{parameter: ",".join([prefix] * count)})["EventPattern"])
        for count in (most, most + 1)
    ]
    assert lengths[0] <= 2048 < lengths[1]


@pytest.mark.parametrize("label", ["AWSPENDING", "AWSPREVIOUS", "custom"])
def test_other_labels_are_left_out(label: str) -> None:
    """Only what is current is applied."""
    assert not is_wanted("SecretRule", edited(SECRET_LABEL_UPDATED, labelUpdated=label))


@pytest.mark.parametrize("operation", ["Delete", "LabelParameterVersion"])
def test_what_leaves_a_parameters_value_alone_is_left_out(operation: str) -> None:
    """There is nothing to fetch."""
    assert not is_wanted("ParameterRule", edited(PARAMETER_STORE_CHANGE, operation=operation))


@pytest.mark.parametrize("state", ["Deauthorized", "Failed Connectivity"])
def test_a_connection_that_stops_working_is_compared_and_never_repaired(state: str) -> None:
    """A repair with a credential that is refused would cause the next such event, without end."""
    event = CONNECTION_DEAUTHORIZED | {"detail-type": f"Connection {state}"}
    assert is_wanted("StateRule", event)
    asked = read_document(message("StateRule", event), MAINTENANCE_QUEUE, "m-1", START)
    request = check(asked, RULES)
    assert (request.request_type, request.name) == ("Reconcile", "orders")
    assert request.selection == Selection(reconcile_mode="Report")


@pytest.mark.parametrize("state", ["Authorized", "Activated", "Update Started", "Deletion Started"])
def test_what_a_connection_goes_through_by_itself_is_left_out(state: str) -> None:
    """Every write of ours has its events."""
    assert not is_wanted(
        "StateRule", CONNECTION_DEAUTHORIZED | {"detail-type": f"Connection {state}"}
    )


def test_connections_of_other_installations_are_left_out() -> None:
    """By the prefix of their names, where there is one."""
    assert is_wanted("StateRule", CONNECTION_DEAUTHORIZED, ConnectionNamePrefix="ord")
    assert not is_wanted("StateRule", CONNECTION_DEAUTHORIZED, ConnectionNamePrefix="crm-")


def test_a_namesake_of_another_account_is_left_out() -> None:
    """Its events may be forwarded to this bus."""
    assert not is_wanted("StateRule", CONNECTION_DEAUTHORIZED | {"account": "999999999999"})


EVENTS_OF_RULES = {
    "SecretRule": SECRET_LABEL_UPDATED,
    "ParameterRule": PARAMETER_STORE_CHANGE,
    "StateRule": CONNECTION_DEAUTHORIZED,
}


@pytest.mark.parametrize("rule", EVENTS_OF_RULES)
def test_no_rule_takes_what_is_the_others(rule: str) -> None:
    """Nor the results that the function itself publishes."""
    result = {"source": "eventbridge.connection-provisioner", "detail-type": "x", "detail": {}}
    others = [event for name, event in EVENTS_OF_RULES.items() if name != rule]
    assert not any(is_wanted(rule, event) for event in [result, *others])


def test_the_schedule_sends_a_reconcile_of_all() -> None:
    """As it stands in the rule."""
    (target,) = properties("ReconcileRule")["Targets"]
    request = check(
        read_document(json.loads(target["Input"]), MAINTENANCE_QUEUE, "m-1", START), RULES
    )
    assert (request.request_type, request.name) == ("Reconcile", "")
