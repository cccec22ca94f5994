"""From what is asked to one checked request."""

from dataclasses import replace
from typing import Any

import pytest

from handler.errors import InvalidRequestError
from handler.references.malformed_reference import UNRESOLVED
from handler.references.reference import Text
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    REQUEST_QUEUE,
    SELECTING,
    EntryPoint,
    RequestType,
)
from handler.requests.options import OnExisting
from handler.requests.request import Request, check
from handler.requests.unchecked_request import read_custom_resource, read_document
from tests.support.bad_requests import (
    BASIC,
    CANARY,
    HEADERS,
    PASSWORD,
    changed,
    parameter,
    secret,
    secret_arn,
)
from tests.support.fakes import RULES, START
from tests.support.stack_requests import EVENT

PRIVATE = {
    "ResourceParameters": {
        "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:123456789012:"
        "resourceconfiguration/rcfg-0123456789abcdef0"
    }
}
PREFIXED = replace(RULES, connection_name_prefix="team-")
PREFIX_WANTED = r"Name: must begin with team-; ConnectionNamePrefix \(CONNECTION_NAME_PREFIX\)"
NAMELESS = {name: value for name, value in BASIC.items() if name != "Name"}


def message(
    properties: object, request_type: str = "Create", entry_point: EntryPoint = DIRECT
) -> Request:
    """Check a message or a direct request."""
    document = {"RequestType": request_type, "ResourceProperties": properties}
    return check(read_document(document, entry_point, "request-1", START), RULES)


def resource(properties: object, request_type: str = "Create", **members: str) -> Request:
    """Check a custom resource's request."""
    event = {**EVENT, "RequestType": request_type, "ResourceProperties": properties, **members}
    return check(read_custom_resource(event, "", START), RULES)


def refusal(
    properties: object, request_type: str = "Create", entry_point: EntryPoint = DIRECT
) -> str:
    """Give the reason why a message or direct request is refused."""
    with pytest.raises(InvalidRequestError) as raised:
        message(properties, request_type, entry_point)
    return raised.value.reason


def test_own_members_leave_and_the_rest_stays() -> None:
    """EventBridge gets its own members only, references in place."""
    own = {"OnExisting": "Adopt", "WaitTimeoutSeconds": 7, "Revision": "2"}
    request = message({**BASIC, **own})
    assert (request.on_existing, request.wait_timeout_seconds) == (OnExisting.ADOPT, 7)
    assert request.properties_as_written == BASIC
    password = request.properties["AuthParameters"]["BasicAuthParameters"]["Password"]
    assert isinstance(password, Text)


def test_what_is_left_out_has_its_default() -> None:
    """Fail on what exists; each entry point's own patience."""
    request = message(BASIC)
    assert (request.on_existing, request.name, request.owner) == (
        OnExisting.FAIL,
        "bad-request",
        "requests",
    )
    assert (request.request_type, request.request_id) == (RequestType.CREATE, "request-1")


@pytest.mark.parametrize("request_type", ["Create", "Update", "Validate", "Delete", "Describe"])
@pytest.mark.parametrize("revision", ["r" * 65, 2, None, [CANARY]])
def test_a_revision_is_a_short_text(request_type: str, revision: object) -> None:
    """Whatever is asked; it may be empty."""
    assert message({**BASIC, "Revision": "r" * 64}, request_type)
    reason = refusal({**BASIC, "Revision": revision}, request_type)
    assert reason == "Revision: must be a string of at most 64 characters"


def test_a_revision_changes_nothing() -> None:
    """It only makes CloudFormation send an Update."""
    assert message({**BASIC, "Revision": CANARY}) == message(BASIC)


@pytest.mark.parametrize("value", [0, 1, 60, "0", "60", "0060"])
@pytest.mark.parametrize("entry_point", [DIRECT, REQUEST_QUEUE])
def test_a_wait_is_a_number_of_seconds(entry_point: EntryPoint, value: object) -> None:
    """As a number, or as CloudFormation's kind of number."""
    assert message(
        {**BASIC, "WaitTimeoutSeconds": value}, entry_point=entry_point
    ).wait_timeout_seconds == int(str(value))


@pytest.mark.parametrize(
    "value",
    [301, "301", -1, "-1", 1.0, "1.0", "", "٣", " 7", "1e1", "9" * 5000, True, None, [7], {}],
)
def test_any_other_wait_is_refused(value: object) -> None:
    """By name and bounds."""
    reason = refusal({**BASIC, "WaitTimeoutSeconds": value})
    assert reason == "WaitTimeoutSeconds: must be a whole number from 0 to 300"


@pytest.mark.parametrize(("entry_point", "longest"), [(DIRECT, 300), (REQUEST_QUEUE, 60)])
def test_each_entry_point_has_its_longest_wait(entry_point: EntryPoint, longest: int) -> None:
    """A message blocks its batch; an invocation's caller waits for it alone."""
    assert message(
        {**BASIC, "WaitTimeoutSeconds": longest}, entry_point=entry_point
    ).wait_timeout_seconds
    with pytest.raises(InvalidRequestError, match=rf"WaitTimeoutSeconds: .* from 0 to {longest}$"):
        message({**BASIC, "WaitTimeoutSeconds": longest + 1}, entry_point=entry_point)


@pytest.mark.parametrize(("entry_point", "seconds"), [(DIRECT, 30), (REQUEST_QUEUE, 30)])
def test_a_message_waits_half_a_minute_by_itself(entry_point: EntryPoint, seconds: int) -> None:
    """It comes back, or its sender asks again."""
    assert message(BASIC, entry_point=entry_point).wait_timeout_seconds == seconds


@pytest.mark.parametrize(
    ("own", "seconds"),
    [
        ({}, 840),
        ({"WaitTimeoutSeconds": "0"}, 0),
        ({"WaitTimeoutSeconds": "840"}, 840),
        ({"ServiceTimeout": "3600"}, 840),
        ({"ServiceTimeout": "600"}, 570),
        ({"ServiceTimeout": "40"}, 20),
        ({"ServiceTimeout": "1"}, 0.5),
        ({"ServiceTimeout": 120}, 90),
        ({"ServiceTimeout": "600", "WaitTimeoutSeconds": "60"}, 60),
        ({"ServiceTimeout": "60", "WaitTimeoutSeconds": "600"}, 30),
        ({"ServiceTimeout": "60", "WaitTimeoutSeconds": "0"}, 0),
        ({"ServiceTimeout": "soon"}, 840),
        ({"ServiceTimeout": 10**400}, 840),
    ],
)
@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_stack_waits_so_that_the_answer_still_counts(
    own: dict[str, object], seconds: float, request_type: str
) -> None:
    """Long, but within CloudFormation's own ServiceTimeout."""
    assert resource({**BASIC, **own}, request_type).wait_timeout_seconds == seconds


def test_a_stack_waits_forty_minutes_at_most() -> None:
    """Three deliveries of the function cover that."""
    with pytest.raises(InvalidRequestError, match=r"WaitTimeoutSeconds: .* from 0 to 2400"):
        resource({**BASIC, "WaitTimeoutSeconds": "2401"})


@pytest.mark.parametrize(
    ("own", "seconds"),
    [({}, 2400), ({"WaitTimeoutSeconds": "60"}, 60), ({"ServiceTimeout": "900"}, 870)],
)
def test_a_stacks_private_connection_has_all_the_time(
    own: dict[str, object], seconds: float
) -> None:
    """They take up to 20 minutes; what a stack says itself counts."""
    private = {**BASIC, "InvocationConnectivityParameters": PRIVATE, **own}
    assert resource(private).wait_timeout_seconds == seconds


def test_cloudformations_own_members_are_dropped() -> None:
    """They are not EventBridge's."""
    request = resource({**BASIC, "ServiceToken": "arn", "ServiceTimeout": "600"})
    assert request.properties_as_written == BASIC


@pytest.mark.parametrize("name", ["ServiceToken", "ServiceTimeout"])
def test_cloudformations_own_members_are_unknown_elsewhere(name: str) -> None:
    """A copied template is told apart."""
    assert refusal({**BASIC, name: "600"}) == f"{name}: unknown member"


@pytest.mark.parametrize(("written", "meant"), [("true", True), ("false", False), ("True", True)])
def test_cloudformations_strings_become_booleans(written: str, meant: bool) -> None:
    """It sends every scalar as a string."""
    value = secret("key") if meant else "plain"
    request = resource(changed(BASIC, {HEADERS: parameter(value, IsValueSecret=written)}))
    (header,) = request.properties_as_written["AuthParameters"]["InvocationHttpParameters"][
        "HeaderParameters"
    ]
    assert header["IsValueSecret"] is meant


def test_a_string_is_no_boolean_in_a_message() -> None:
    """JSON has booleans; what is meant otherwise is not guessed."""
    properties = changed(BASIC, {HEADERS: parameter(secret("key"), IsValueSecret="true")})
    assert refusal(properties) == f"{HEADERS}[0].IsValueSecret: must be true or false, not text"


@pytest.mark.parametrize(
    ("members", "name"), [({}, "shop-Connection-"), ({"PhysicalResourceId": "old"}, "old")]
)
def test_a_resource_without_name_gets_one(members: dict[str, str], name: str) -> None:
    """A derived one, or the one it has."""
    assert resource(NAMELESS, "Update", **members).name.startswith(name)


def test_a_name_given_wins_over_the_physical_id() -> None:
    """That is a rename."""
    assert resource(BASIC, "Update", PhysicalResourceId="old").name == "bad-request"


def test_a_message_needs_a_name() -> None:
    """There is nothing that one could be derived from."""
    assert refusal(NAMELESS) == "Name: required"


@pytest.mark.parametrize(
    "properties",
    [
        {},
        None,
        [CANARY],
        {"Name": 5, "AuthParameters": CANARY, "OnExisting": CANARY},
        {"Name": "with spaces", "Nmae": CANARY, "WaitTimeoutSeconds": "soon"},
        changed(BASIC, {PASSWORD: CANARY}),
    ],
)
def test_a_stacks_delete_works_for_whatever_was_once_accepted(properties: object) -> None:
    """By any version of this function, or by none: else the stack could never go."""
    request = resource(properties, "Delete", PhysicalResourceId="crm")
    assert (request.request_type, request.name) == (RequestType.DELETE, "crm")
    assert (request.properties, request.wait_timeout_seconds) == ({}, 840)


@pytest.mark.parametrize(
    ("properties", "fallback_name"),
    [({"Name": "crm"}, "crm"), ({}, "shop-Connection-"), ({"Name": 5}, "shop-Connection-")],
)
def test_a_stacks_delete_knows_where_else_to_look(
    properties: dict[str, object], fallback_name: str
) -> None:
    """CloudFormation makes an id up when no answer reached it."""
    request = resource(properties, "Delete", PhysicalResourceId="shop_Connection_ABCDEF")
    assert request.name == "shop_Connection_ABCDEF"
    assert request.fallback_name.startswith(fallback_name)


@pytest.mark.parametrize("own_id", [f"{CANARY} with blanks", "é", "x" * 65])
def test_an_id_that_no_connection_can_have_is_looked_for_nowhere(own_id: str) -> None:
    """Another provider's, say; it is never shown, and the properties' name counts."""
    request = resource({"Name": "crm"}, "Delete", PhysicalResourceId=own_id)
    assert request.name == request.fallback_name == "crm"
    assert own_id not in repr(request)


def test_a_stacks_delete_keeps_to_its_service_timeout() -> None:
    """As its Create did."""
    assert resource({"ServiceTimeout": "120"}, "Delete").wait_timeout_seconds == 90


@pytest.mark.parametrize("request_type", ["Delete", "Describe", "Release"])
def test_where_only_the_name_counts_the_rest_may_be_there(request_type: str) -> None:
    """The document of the Create can be sent as it is, even without its secrets."""
    assert message(BASIC, request_type).name == "bad-request"
    assert message({"Name": "crm", "AuthParameters": None}, request_type).name == "crm"


@pytest.mark.parametrize("request_type", ["Delete", "Describe", "Release"])
@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({}, "Name: required"),
        ({"Name": 5}, "Name: must be a string, not a number"),
        ({"Name": "a b"}, r"Name: must match [\.\-_A-Za-z0-9]+"),
        ({"Name": "crm\n"}, r"Name: must match [\.\-_A-Za-z0-9]+"),
        ({"Name": "n" * 65}, "Name: must have at most 64 characters"),
        ({"Name": secret("name")}, "Name: a reference is not allowed here"),
        ({"Name": {"ValueFrom": CANARY}}, "Name: a reference is not allowed here"),
        ({"Name": "crm", "Nmae": CANARY}, "Nmae: unknown member; did you mean Name?"),
        ({"Name": {"Ref": CANARY}}, f"Name: {UNRESOLVED}"),
        ({"Name": "{{ Resolve:ssm:/connections/x}}"}, "Name: a reference is not allowed here"),
        ({"Name": "crm", "OnExisting": "x"}, "OnExisting: must be one of Fail, Adopt"),
    ],
)
def test_a_name_is_checked_where_only_it_counts(
    request_type: str, properties: dict[str, object], reason: str
) -> None:
    """And what cannot be meant is told."""
    assert refusal(properties, request_type) == reason


@pytest.mark.parametrize("request_type", sorted({*RequestType} - {RequestType.LIST}))
def test_a_prefix_is_demanded_of_every_name(request_type: str) -> None:
    """Whatever shall be done with it; the error names the setting."""
    properties = {"Name": "crm"} if request_type in SELECTING else BASIC
    document = {"RequestType": request_type, "ResourceProperties": properties}
    with pytest.raises(InvalidRequestError, match=PREFIX_WANTED):
        check(read_document(document, DIRECT, "r", START), PREFIXED)


def test_a_derived_name_has_the_prefix() -> None:
    """So that a resource without Name works in every installation."""
    event = {**EVENT, "ResourceProperties": NAMELESS}
    assert check(read_custom_resource(event, "team-", START), PREFIXED).name.startswith(
        "team-shop-"
    )


@pytest.mark.parametrize(
    ("entry_point", "request_type"),
    [
        (DIRECT, "create"),
        (DIRECT, ""),
        (REQUEST_QUEUE, CANARY),
        (REQUEST_QUEUE, ["Create"]),
        (DIRECT, {"a": 1}),
    ],
)
def test_an_entry_point_takes_its_own_request_types_only(
    entry_point: EntryPoint, request_type: Any
) -> None:
    """The error names those that there are."""
    expected = f"RequestType: must be one of {', '.join(entry_point.request_types)}"
    assert refusal(BASIC, request_type, entry_point) == expected


@pytest.mark.parametrize("properties", [{"Name": "crm"}, {"Name": "crm", "Revision": "2"}])
@pytest.mark.parametrize("request_type", ["release", "Remove", None])
def test_a_misspelt_request_type_is_told_alone_where_a_name_would_do(
    request_type: Any, properties: dict[str, str]
) -> None:
    """The members of a Create are not missed then; with some of them, they are."""
    expected = f"RequestType: must be one of {', '.join(RequestType)}"
    assert refusal(properties, request_type) == expected
    told = refusal({**properties, "AuthorizationType": "BASIC"}, request_type)
    assert told == f"(1) {expected} (2) AuthParameters: required"


@pytest.mark.parametrize("request_type", ["Release", "List"])
@pytest.mark.parametrize("properties", [BASIC, None])
def test_what_another_entry_point_takes_is_told_as_that(
    request_type: str, properties: object
) -> None:
    """By the entry points' own tables."""
    told = refusal(properties, request_type, REQUEST_QUEUE)
    assert (
        f"RequestType: {request_type} is for direct invocations of the function itself only" in told
    )
    assert ("ResourceProperties" in told) is (properties is None and request_type == "Release")


def test_what_several_entry_points_take_names_them() -> None:
    """A stack cannot refresh."""
    event = {**EVENT, "RequestType": "Refresh"}
    with pytest.raises(InvalidRequestError) as raised:
        check(read_custom_resource(event, "", START), RULES)
    told = (
        "RequestType: Refresh is for messages, the alias requests, the maintenance queue"
        " and direct invocations of the function itself only"
    )
    assert raised.value.reason == told


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (None, "required, an object"),
        ([], "must be an object, not a list"),
        (CANARY, "must be an object, not text"),
        (f'{{"Name": "{CANARY}"}}', "must be an object, not JSON text"),
        (5, "must be an object, not a number"),
    ],
)
@pytest.mark.parametrize("entry_point", [DIRECT, REQUEST_QUEUE])
def test_properties_must_be_an_object(
    properties: object, problem: str, entry_point: EntryPoint
) -> None:
    """Told together with what is wrong around them."""
    assert refusal(properties, "Upsert", entry_point).startswith("(1) RequestType: must be one of")
    assert refusal(properties, "Create", entry_point) == f"ResourceProperties: {problem}"


def test_a_stacks_properties_must_be_an_object() -> None:
    """CloudFormation sends one always; others may invoke the function."""
    with pytest.raises(InvalidRequestError, match="ResourceProperties: required, an object"):
        resource(None)


@pytest.mark.parametrize("request_type", ["Create", "Delete", "Refresh", "List"])
def test_a_function_in_place_of_all_properties_is_told_as_that(request_type: str) -> None:
    """Not as three members that are missing."""
    for value, problem in (
        ({"Ref": CANARY}, UNRESOLVED),
        ({"ValueFrom": CANARY}, "a reference is not allowed here"),
    ):
        assert refusal(value, request_type) == f"ResourceProperties: {problem}"


@pytest.mark.parametrize("member", [{"Ref": CANARY}, {"ValueFrom": secret_arn()}])
def test_a_function_beside_our_own_members_is_refused_as_well(member: dict[str, str]) -> None:
    """The request is refused as one that lacks what a connection needs."""
    reason = refusal({**member, "OnExisting": "Fail"})
    assert "AuthorizationType: required" in reason
    assert f"{next(iter(member))}: unknown member" in reason
    assert CANARY not in reason


@pytest.mark.parametrize("document", [None, [BASIC], "text"])
def test_what_is_no_object_is_refused(document: object) -> None:
    """As a whole."""
    with pytest.raises(InvalidRequestError, match="must be a JSON object"):
        check(read_document(document, REQUEST_QUEUE, "r", START), RULES)


def test_the_longest_waits_are_those_of_the_contract() -> None:
    """They differ."""
    longest = [
        entry_point.longest_wait_seconds for entry_point in (CLOUDFORMATION, REQUEST_QUEUE, DIRECT)
    ]
    assert longest == [2400, 60, 300]


def test_what_is_kept_of_a_request_can_be_asked_again() -> None:
    """The registry's document makes the same request, spellings included."""
    value_from: Any = {"ValueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/connections/crm"}
    request = message(changed(BASIC, {PASSWORD: value_from, HEADERS: parameter(secret("key"))}))
    assert message(request.properties_as_written) == request


def test_a_stacks_delete_without_an_id_looks_for_both_names_that_a_create_may_have_used() -> None:
    """The derived one first, then the one that the properties name."""
    request = resource({"Name": "crm"}, "Delete")
    assert (request.name[:16], request.fallback_name) == ("shop-Connection-", "crm")


def test_a_named_resource_has_no_other_name_and_terraforms_keeps_the_one_before() -> None:
    """What a rename leaves behind is deleted later."""
    named = resource(BASIC, "Update", PhysicalResourceId="old")
    assert (named.fallback_name, named.previous_name) == ("", "")
    nameless = resource(NAMELESS, "Update")
    assert nameless.fallback_name == nameless.name
    before = {"ResourceProperties": {**BASIC, "Name": "before"}}
    change = {"tf": {"action": "update", "prev_input": before}}
    document = {"ResourceProperties": BASIC, **change}
    renamed = check(read_document(document, DIRECT, "request-1", START), RULES)
    assert renamed.previous_name == "before"
