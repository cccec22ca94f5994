"""What to send so that nothing stays which is no longer asked for."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.connections.full_update import (
    LISTS,
    REMOVALS,
    leftovers,
    update_of,
)
from tests.support.fakes import SHAPE, FakeConnections, FakeTime, shown

ARN = "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0"
PRIVATE = {"ResourceParameters": {"ResourceConfigurationArn": ARN}}
PUBLIC = {"ResourceParameters": {"ResourceConfigurationArn": ""}}
ASSOCIATED_PUBLIC = {
    "ResourceParameters": {"ResourceConfigurationArn": "", "ResourceAssociationArn": ""}
}
HEADER = {"Key": "X-Tenant", "Value": "7", "IsValueSecret": False}
OTHER_HEADER = {"Key": "X-Other", "Value": "7", "IsValueSecret": False}
BLOCK = {"BasicAuthParameters": {"Username": "ada", "Password": "p"}}
HEADERS = {"InvocationHttpParameters": {"HeaderParameters": [HEADER]}}
QUERY = {"InvocationHttpParameters": {"QueryStringParameters": [HEADER]}}


def properties(auth_parameters: Mapping[str, Any] = {}, **members: object) -> dict[str, Any]:
    """Give a document with user and password and something more."""
    auth = {**BLOCK, **auth_parameters}
    return {"Name": "crm", "AuthorizationType": "BASIC", "AuthParameters": auth, **members}


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        (properties(), properties(), properties()),
        (properties(), {}, properties()),
        (properties(HEADERS), properties(), properties(HEADERS)),
        (properties(Description="b"), properties(Description="a"), properties(Description="b")),
        (properties(), properties(Description="a"), properties(Description="")),
        (properties(), properties(KmsKeyIdentifier="k"), properties(KmsKeyIdentifier="")),
        (
            properties(),
            properties(InvocationConnectivityParameters=PRIVATE),
            properties(InvocationConnectivityParameters=PUBLIC),
        ),
        (
            properties(),
            properties({"ConnectivityParameters": PRIVATE}),
            properties({"ConnectivityParameters": PUBLIC}),
        ),
        (
            properties(),
            properties(HEADERS),
            properties({"InvocationHttpParameters": {"HeaderParameters": []}}),
        ),
        (properties(), properties({"InvocationHttpParameters": {}}), properties()),
        (
            properties(QUERY),
            properties(HEADERS),
            properties(
                {
                    "InvocationHttpParameters": {
                        **QUERY["InvocationHttpParameters"],
                        "HeaderParameters": [],
                    }
                }
            ),
        ),
        (
            properties({"InvocationHttpParameters": {}}),
            properties(HEADERS),
            properties({"InvocationHttpParameters": {"HeaderParameters": []}}),
        ),
    ],
)
def test_what_shall_not_be_is_sent_as_none(
    desired: dict[str, Any], observed: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Left out, EventBridge would keep it; what was never there is not mentioned."""
    assert update_of(desired, observed) == expected


def test_another_types_leftovers_are_not_mentioned() -> None:
    """A change of type drops them, and an OAuth member would not be taken in a BASIC update."""
    oauth = {"OAuthHttpParameters": {"HeaderParameters": [HEADER]}}
    observed = {"AuthParameters": {"OAuthParameters": oauth}}
    assert update_of(properties(), observed) == properties()


def test_an_oauth_parameter_is_removed_beside_its_siblings() -> None:
    """Inside the block of the type, as outside."""
    client = {"ClientParameters": {"ClientID": "c"}}
    http = {"HeaderParameters": [HEADER], "BodyParameters": [HEADER]}
    observed = {"AuthParameters": {"OAuthParameters": {**client, "OAuthHttpParameters": http}}}
    without = {"AuthParameters": {"OAuthParameters": client}}
    path = ("AuthParameters", "OAuthParameters")
    none: dict[str, list[object]] = {"HeaderParameters": [], "BodyParameters": []}
    assert at(update_of(without, observed), *path) == {**client, "OAuthHttpParameters": none}
    body_only = {**client, "OAuthHttpParameters": {"BodyParameters": [HEADER]}}
    sent = update_of({"AuthParameters": {"OAuthParameters": body_only}}, observed)
    assert at(sent, *path, "OAuthHttpParameters") == {
        "BodyParameters": [HEADER],
        "HeaderParameters": [],
    }


def test_nothing_given_is_changed() -> None:
    """The same documents are compared and registered afterwards."""
    desired, observed = properties(QUERY), properties(HEADERS, Description="a")
    before = copy.deepcopy((desired, observed))
    update_of(desired, observed)["AuthParameters"]["InvocationHttpParameters"].clear()
    assert (desired, observed) == before
    assert REMOVALS["InvocationConnectivityParameters"] == PUBLIC


INVOCATION = "AuthParameters.InvocationHttpParameters"


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        (properties(), properties(), []),
        (properties(Description="a"), properties(Description="a"), []),
        (properties(Description="b"), properties(Description="a"), []),
        (properties(), properties(Description="a"), ["Description"]),
        (properties(Description=""), properties(Description="a"), ["Description"]),
        (properties(), properties(KmsKeyIdentifier="k"), ["KmsKeyIdentifier"]),
        (
            properties(),
            properties(InvocationConnectivityParameters=PRIVATE),
            ["InvocationConnectivityParameters"],
        ),
        (properties(), properties(InvocationConnectivityParameters=PUBLIC), []),
        (properties(), properties(InvocationConnectivityParameters=ASSOCIATED_PUBLIC), []),
        (properties(), properties({"ConnectivityParameters": ASSOCIATED_PUBLIC}), []),
        (properties(), properties({"InvocationHttpParameters": {}}), []),
        (properties(), properties({"InvocationHttpParameters": {"HeaderParameters": []}}), []),
        (properties(), properties(HEADERS), [INVOCATION, f"{INVOCATION}.HeaderParameters"]),
        (properties(QUERY), properties(HEADERS), [f"{INVOCATION}.HeaderParameters"]),
        (properties(HEADERS), properties(HEADERS), []),
        (
            properties({"InvocationHttpParameters": {"HeaderParameters": [OTHER_HEADER]}}),
            properties({"InvocationHttpParameters": {"HeaderParameters": [HEADER, OTHER_HEADER]}}),
            [f"{INVOCATION}.HeaderParameters"],
        ),
        (properties(HEADERS), properties(), []),
    ],
)
def test_what_stayed_is_found(
    desired: dict[str, Any], observed: dict[str, Any], expected: list[str]
) -> None:
    """By its path; another value, or one that is missing, is no leftover."""
    assert list(leftovers(desired, observed)) == expected


def optional_paths(shape: Any, path: str = "") -> set[str]:
    """Give every member of a model that a request may leave out, credentials' blocks apart."""
    found: set[str] = set()
    for name, member in shape.members.items():
        below = f"{path}.{name}".removeprefix(".")
        if name not in shape.required_members and not name.endswith("AuthParameters"):
            found.add(below)
        if member.type_name == "structure":
            found |= optional_paths(member, below)
    return found


def test_everything_that_can_be_left_out_can_be_removed() -> None:
    """A field that AWS adds is noticed here."""
    assert optional_paths(SHAPE) - {"AuthParameters.OAuthParameters"} == set(REMOVALS)


PARAMETERS = st.lists(
    st.sampled_from("ABC").map(lambda key: {"Key": key, "Value": "v", "IsValueSecret": False}),
    max_size=3,
    unique_by=lambda parameter: parameter["Key"],
)
HTTP = st.fixed_dictionaries({}, optional=dict.fromkeys(LISTS, PARAMETERS))
OAUTH = st.fixed_dictionaries(
    {"ClientParameters": st.just({"ClientID": "c", "ClientSecret": "s"})},
    optional={"OAuthHttpParameters": HTTP},
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "Name": st.just("crm"),
        "AuthorizationType": st.just("OAUTH_CLIENT_CREDENTIALS"),
        "AuthParameters": st.fixed_dictionaries(
            {"OAuthParameters": OAUTH},
            optional={
                "InvocationHttpParameters": HTTP,
                "ConnectivityParameters": st.sampled_from([PRIVATE, PUBLIC]),
            },
        ),
    },
    optional={
        "Description": st.sampled_from(["", "a", "b"]),
        "KmsKeyIdentifier": st.sampled_from(["", "k"]),
        "InvocationConnectivityParameters": st.sampled_from([PRIVATE, PUBLIC]),
    },
)


@given(DOCUMENTS, DOCUMENTS)
def test_from_any_state_one_update_leads_to_any_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """In an EventBridge that merges, and takes an explicit "none" for one."""
    connections = FakeConnections(FakeTime())
    connections.create(before)
    connections.update(update_of(after, shown(before)))
    observed = connections.stored["crm"]["properties"]
    assert list(leftovers(after, observed)) == []
    assert said(observed) == said(after)


def at(document: Any, *path: str) -> Any:
    """Give what stands at a path."""
    for name in path:
        document = document[name]
    return document


def said(document: Any) -> Any:
    """Leave out whatever says nothing: empty texts, lists and objects."""
    if not isinstance(document, dict):
        return document
    below = {name: said(value) for name, value in document.items()}
    return {name: value for name, value in below.items() if value not in ("", [], {}, None)}
