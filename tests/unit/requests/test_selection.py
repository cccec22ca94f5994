"""What a Refresh, a Reconcile and a List may be about, and how it is said when it is wrong."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from handler.errors import InvalidRequestError
from handler.references.source import Secret
from handler.requests.entry_point import (
    DIRECT,
    MAINTENANCE_QUEUE,
    EntryPoint,
)
from handler.requests.request import Request, check
from handler.requests.selection import WHOLE, Selection
from handler.requests.unchecked_request import read_document
from tests.support.bad_requests import CANARY, secret_arn
from tests.support.fakes import ACCOUNT, RULES, START

CRM = "connections/crm"
VERSION = "01234567-89ab-cdef-0123-456789abcdef"


def request(
    request_type: str, properties: object = None, entry_point: EntryPoint = DIRECT
) -> Request:
    """Check a request; without properties there is no such member."""
    given = {} if properties is None else {"ResourceProperties": properties}
    document = {"RequestType": request_type, **given}
    return check(read_document(document, entry_point, "request-1", START), RULES)


def refusal(request_type: str, properties: object = None) -> list[str]:
    """Give each violation that a request is refused with."""
    with pytest.raises(InvalidRequestError) as raised:
        request(request_type, properties)
    assert CANARY not in raised.value.reason
    return [each.strip() for each in re.split(r"\(\d+\) ", raised.value.reason) if each]


@pytest.mark.parametrize(
    ("selector", "secret"),
    [
        ({"SecretId": CRM}, Secret(CRM)),
        ({"SecretId": CRM, "AccountId": ACCOUNT}, Secret(CRM, account=ACCOUNT)),
        ({"SecretId": secret_arn(CRM)}, Secret(CRM, account=ACCOUNT)),
        (
            {"SecretId": secret_arn("a-b-c"), "AccountId": "999999999999"},
            Secret("a-b-c", account=ACCOUNT),
        ),
        ({"ParameterName": "/connections/crm"}, Secret("/connections/crm", is_parameter=True)),
        ({"ParameterName": "crm"}, Secret("/crm", is_parameter=True)),
    ],
)
@pytest.mark.parametrize("entry_point", [DIRECT, MAINTENANCE_QUEUE])
def test_a_refresh_by_secret_knows_it_by_name_and_account(
    selector: Mapping[str, str], secret: Secret, entry_point: EntryPoint
) -> None:
    """An ARN says both."""
    chosen = request("Refresh", selector, entry_point)
    assert (chosen.name, chosen.selection) == ("", Selection((secret,)))
    named = request("Refresh", {"Name": "crm", **selector}, entry_point)
    assert (named.name, named.selection) == ("crm", Selection((secret,)))


def test_an_arn_that_looks_complete_may_mean_two_secrets() -> None:
    """Its end is what Secrets Manager appended, or a part of the name: both have followers."""
    chosen = request("Refresh", {"SecretId": secret_arn("a-b-c-Ab12Cd")})
    found = tuple(Secret(name, account=ACCOUNT) for name in ("a-b-c", "a-b-c-Ab12Cd"))
    assert chosen.selection == Selection(found)


def test_a_refresh_by_name_is_about_the_whole_connection() -> None:
    """Whatever secrets it uses."""
    chosen = request("Refresh", {"Name": "crm"})
    assert (chosen.name, chosen.selection, dict(chosen.properties)) == ("crm", WHOLE, {})


def test_a_version_goes_along() -> None:
    """So that who has it already does nothing."""
    chosen = request("Refresh", {"SecretId": CRM, "VersionId": VERSION}).selection
    assert chosen == Selection((Secret(CRM),), version_id=VERSION)


def test_a_page_goes_on_where_the_last_one_ended() -> None:
    """With the token that was given, or from the beginning."""
    assert request("List").selection == WHOLE
    assert request("List", {}).selection == WHOLE
    assert request("List", {"NextToken": "WyJhIl0="}).selection.next_token == "WyJhIl0="


def test_a_reconcile_has_no_pages() -> None:
    """One invocation goes through all of them."""
    (told,) = refusal("Reconcile", {"NextToken": "WyJhIl0="})
    assert told == "NextToken: not accepted here; accepted here: Name, ReconcileMode"


@pytest.mark.parametrize("request_type", ["Refresh", "Reconcile"])
def test_what_is_asked_of_one_connection_waits_as_long_as_it_is_told(request_type: str) -> None:
    """As a Create does."""
    given = request(request_type, {"Name": "crm", "WaitTimeoutSeconds": 7})
    assert given.wait_timeout_seconds == 7
    assert request(request_type, {"Name": "crm"}).wait_timeout_seconds == 30
    (told,) = refusal(request_type, {"Name": "crm", "WaitTimeoutSeconds": 301})
    assert told == "WaitTimeoutSeconds: must be a whole number from 0 to 300"


def test_all_violations_are_told_at_once() -> None:
    """Each with its member, none with a value."""
    told = refusal(
        "Refresh",
        {
            "Name": f"no name {CANARY}",
            "SecretId": f"{CANARY} and a space",
            "AccountId": CANARY,
            "VersionId": f"{CANARY} ",
            "ParameterName": [CANARY],
            "Description": CANARY,
            "WaitTimeoutSeconds": CANARY,
        },
    )
    assert [each.partition(":")[0] for each in told] == [
        "WaitTimeoutSeconds",
        "SecretId",
        "AccountId",
        "VersionId",
        "ParameterName",
        "Description",
        "ParameterName",
        "Name",
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("SecretId", ""),
        ("SecretId", 7),
        ("SecretId", None),
        ("SecretId", "x" * 513),
        ("SecretId", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"),
        ("SecretId", f"arn:aws:iam::{ACCOUNT}:role/{CANARY}"),
        ("SecretId", secret_arn("x" * 513 + "-Ab12Cd")),
        ("AccountId", "12345678901"),
        ("AccountId", "١٢٣٤٥٦٧٨٩٠١٢"),
        ("AccountId", 123456789012),
        ("VersionId", ""),
        ("VersionId", "x" * 65),
        ("VersionId", "line\nbreak"),
    ],
)
def test_a_malformed_selector_is_refused_by_its_name(member: str, value: object) -> None:
    """Nothing that no secret can be called reaches the registry's keys."""
    wanted = {
        "SecretId": "must be the name or the ARN of a secret",
        "AccountId": "must be 12 digits, as text",
        "VersionId": "must have 1 to 64 printable characters",
    }
    told = refusal("Refresh", {"SecretId": CRM, member: value})
    assert told == [f"{member}: {wanted[member]}"]


@pytest.mark.parametrize("value", ["", "a b", "a#b", "x" * 1012, 7, f"{CANARY}!", "é"])
def test_a_malformed_parameter_is_refused_by_its_name(value: object) -> None:
    """The same for Parameter Store."""
    assert refusal("Refresh", {"ParameterName": value}) == [
        "ParameterName: must be the name of a parameter, such as /connections/crm"
    ]


@pytest.mark.parametrize("value", ["", "a b", "x" * 4097, 7, f"{CANARY}!", ["a"]])
@pytest.mark.parametrize("request_type", ["List"])
def test_a_malformed_token_is_refused_by_its_name(request_type: str, value: object) -> None:
    """Its meaning is the registry's to judge."""
    assert refusal(request_type, {"NextToken": value}) == [
        "NextToken: must be a NextToken as it was given"
    ]


@pytest.mark.parametrize("value", ["repair", "REPORT", "", None, True, CANARY, ["Report"]])
def test_a_mode_is_one_of_two(value: object) -> None:
    """Both are named."""
    told = refusal("Reconcile", {"ReconcileMode": value})
    assert told == ["ReconcileMode: must be one of Report, Repair"]


@pytest.mark.parametrize(
    ("request_type", "properties", "told"),
    [
        ("Refresh", None, "Refresh needs Name, SecretId or ParameterName"),
        ("Refresh", {}, "Refresh needs Name, SecretId or ParameterName"),
        ("Refresh", {"AccountId": ACCOUNT, "Name": "crm"}, "AccountId: goes with SecretId"),
        ("Refresh", {"VersionId": VERSION, "Name": "crm"}, "VersionId: goes with SecretId"),
        (
            "Refresh",
            {"SecretId": CRM, "ParameterName": "/connections/crm"},
            "ParameterName: give SecretId or ParameterName, not both",
        ),
        ("Refresh", {"Name": "a b"}, "Name: "),
        ("Refresh", [], "ResourceProperties: must be an object, not a list"),
        ("Reconcile", "all", "ResourceProperties: must be an object, not text"),
        ("Reconcile", {"SecretId": CRM}, "SecretId: not accepted here; accepted here: Name, Rec"),
        ("List", {"Name": "crm"}, "Name: unknown member; accepted here: NextToken"),
    ],
)
def test_what_does_not_go_together_is_refused(
    request_type: str, properties: Any, told: str
) -> None:
    """In the words of the member at fault."""
    (reason,) = refusal(request_type, properties)
    assert reason.startswith(told)


def test_a_hostile_member_is_not_repeated_as_it_is() -> None:
    """Its name may be anything, too."""
    assert len("".join(refusal("List", {"\n" + "x" * 100_000: 1}))) < 1000


def test_a_prefix_of_names_counts_for_a_refresh() -> None:
    """IAM would refuse every other name."""
    document = {"RequestType": "Refresh", "ResourceProperties": {"Name": "crm"}}
    asked = read_document(document, DIRECT, "request-1", START)
    prefixed = type(RULES)(RULES.shape, RULES.policy, "team-")
    with pytest.raises(InvalidRequestError, match="Name: must begin with"):
        check(asked, prefixed)


@pytest.mark.parametrize("mode", ["Report", "Repair"])
def test_a_reconcile_may_choose_its_mode(mode: str) -> None:
    """Whatever the installation's is."""
    chosen = request("Reconcile", {"Name": "crm", "ReconcileMode": mode}).selection
    assert chosen == Selection(reconcile_mode=mode)


def test_a_parameter_is_one_of_parameter_store() -> None:
    """Its name needs no slash."""
    (found,) = request("Refresh", {"ParameterName": "a"}).selection.secrets
    assert (found.name, found.is_parameter) == ("/a", True)
