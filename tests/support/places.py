"""Each place of an event where somebody could put a credential, and where it may turn up then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.bad_requests import (
    API_KEY,
    API_KEY_BLOCK,
    BASIC,
    ENDPOINT,
    HEADERS,
    OAUTH,
    PASSWORD,
    USERNAME,
    changed,
    parameter,
    secret,
)
from tests.support.emissions import Sink

MARK = "7d41f0c2"
VALUE = f"mark-{MARK}"  # well-formed wherever any text is
LETTERS = "markofsevendfouronefzero"
KEY = f"{API_KEY_BLOCK}.ApiKeyValue"

NOWHERE: frozenset[Sink] = frozenset()
# What requesters and operators are told.
TOLD = frozenset({Sink.LOG, Sink.ERROR, Sink.RESULT, Sink.TASK, Sink.LETTER, Sink.ANSWER})
RETURNED = frozenset({Sink.RETURNED, Sink.TASK})  # as the bus has it
IDS = frozenset({Sink.LOG, Sink.RESULT, Sink.LETTER, *RETURNED})
REGISTERED = frozenset({Sink.KEY, Sink.REGISTRY})
ASKED = frozenset({Sink.LETTER, Sink.REGISTRY})  # the request as asked, once checked
FANNED_OUT = frozenset({Sink.LETTER, Sink.MAINTENANCE})
EVERYWHERE = TOLD | REGISTERED | RETURNED | {Sink.CONNECTION, Sink.ANSWER_ID}
STACKS_IDS = TOLD | REGISTERED | {Sink.CONNECTION, Sink.ANSWER_ID}
FOLLOWED = TOLD | REGISTERED | {Sink.FETCHED, Sink.MAINTENANCE}


@dataclass(frozen=True, slots=True)
class Place:
    """One place: a request that holds the mark there and nowhere else, and where it may turn up."""

    where: str
    document: Mapping[str, Any]
    may_turn_up: frozenset[Sink]
    mark: str = field(default=MARK)


def of(properties: dict[str, Any], changes: dict[str, object], **members: Any) -> dict[str, Any]:
    """Make a Create of properties, changed, which does not wait."""
    given = changed(properties, {"WaitTimeoutSeconds": "0", **changes})
    return {"RequestType": "Create", "ResourceProperties": given, **members}


def kind(request_type: str, **properties: Any) -> dict[str, Any]:
    """Make a request of another type."""
    return {"RequestType": request_type, "ResourceProperties": properties}


def validate(**members: Any) -> dict[str, Any]:
    """Make a request that succeeds without a write."""
    return {**of(BASIC, {}), "RequestType": "Validate", **members}


def terraform(prev_input: object) -> dict[str, Any]:
    """Make an update by Terraform."""
    return {**of(BASIC, {}), "tf": {"action": "update", "prev_input": prev_input}}


DOCUMENT_PLACES = [
    # The envelope.
    Place("RequestType", kind(f"{VALUE}"), NOWHERE),
    Place("RequestId", of(BASIC, {}, RequestId=VALUE), IDS),
    Place("RequestId of a Validate", validate(RequestId=VALUE), IDS),
    Place("RequestId, too long", of(BASIC, {}, RequestId=VALUE * 100), NOWHERE),
    Place("RequestId, no text", of(BASIC, {}, RequestId=[VALUE]), NOWHERE),
    Place("Owner", of(BASIC, {}, Owner=VALUE), IDS | REGISTERED),
    Place("Owner, malformed", of(BASIC, {}, Owner=f"{VALUE} "), NOWHERE),
    Place("RequestTime, malformed", of(BASIC, {}, RequestTime=VALUE), NOWHERE),
    Place("TaskToken", of(BASIC, {}, TaskToken=VALUE), frozenset({Sink.TASK_TOKEN})),
    Place("TaskToken, too long", of(BASIC, {}, TaskToken=VALUE * 1000), NOWHERE),
    Place("an unknown member's value", of(BASIC, {}, Priority=VALUE), NOWHERE),
    Place("an unknown member's name", of(BASIC, {}, **{VALUE: 1}), NOWHERE),
    Place("an unknown member's name of letters", of(BASIC, {}, **{LETTERS: 1}), TOLD, LETTERS),
    Place("such a name of 41 letters", of(BASIC, {}, **{LETTERS + "x" * 17: 1}), NOWHERE, LETTERS),
    Place("tf, a malformed one", {**of(BASIC, {}), "tf": {"action": VALUE}}, NOWHERE),
    Place("tf.prev_input", terraform({**BASIC, "Description": VALUE}), NOWHERE),
    Place("tf.prev_input, its Name", terraform({**BASIC, "Name": VALUE}), REGISTERED),
    Place("tf.prev_input, a malformed Name", terraform({**BASIC, "Name": f"{VALUE} "}), NOWHERE),
    # Names, and what selects connections.
    Place("Name", of(BASIC, {"Name": VALUE}), EVERYWHERE),
    Place("Name, malformed", of(BASIC, {"Name": f"{VALUE} "}), NOWHERE),
    Place("Name of a Describe", kind("Describe", Name=VALUE), EVERYWHERE),
    Place("Name of a Describe, malformed", kind("Describe", Name=f"{VALUE}/x"), NOWHERE),
    Place("Name of a Delete, malformed", kind("Delete", Name=f"{VALUE}!"), NOWHERE),
    Place("beside a Delete's Name", kind("Delete", Name="n", Description=VALUE), NOWHERE),
    Place("beside a Release's Name", kind("Release", Name="n", Password=VALUE), NOWHERE),
    Place("beside a Refresh's Name", kind("Refresh", Name="n", Password=VALUE), NOWHERE),
    Place("SecretId", kind("Refresh", SecretId=VALUE), FOLLOWED),
    Place("SecretId, malformed", kind("Refresh", SecretId=f"{VALUE}: x"), NOWHERE),
    Place("VersionId", kind("Refresh", SecretId="s", VersionId=VALUE), FANNED_OUT),
    Place("ParameterName", kind("Refresh", ParameterName=f"/{VALUE}"), FOLLOWED),
    Place("ReconcileMode", kind("Reconcile", ReconcileMode=VALUE), NOWHERE),
    Place("NextToken", kind("List", NextToken=VALUE), NOWHERE),
    Place("a List's other members", kind("List", Password=VALUE), NOWHERE),
    # Properties, well-formed: the request as asked, and never told.
    Place("Description", of(BASIC, {"Description": VALUE}), ASKED),
    Place("KmsKeyIdentifier", of(BASIC, {"KmsKeyIdentifier": VALUE}), ASKED),
    Place("Revision", of(BASIC, {"Revision": VALUE}), ASKED),
    Place("Username, a literal", of(BASIC, {USERNAME: VALUE}), ASKED),
    Place("ApiKeyName", of(API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": VALUE}), ASKED),
    Place("text around a reference", of(API_KEY, {KEY: VALUE + secret("api_key")}), ASKED),
    Place("text around an empty one", of(API_KEY, {KEY: VALUE + secret("empty")}), ASKED),
    Place("a public parameter", of(BASIC, {HEADERS: parameter(VALUE, IsValueSecret=False)}), ASKED),
    Place("AuthorizationEndpoint", of(OAUTH, {ENDPOINT: f"https://a.example.com/{VALUE}"}), ASKED),
    # References, which errors name so that their writer finds them.
    Place("a secret's name", of(BASIC, {PASSWORD: secret("p", f"connections/{VALUE}")}), FOLLOWED),
    Place("a JSON key", of(BASIC, {PASSWORD: secret(VALUE)}), TOLD | REGISTERED),
    Place("a secret that is not allowed", of(BASIC, {PASSWORD: secret("p", VALUE)}), TOLD),
    Place("a malformed reference", of(BASIC, {PASSWORD: f"{{{{resolve:{VALUE}}}}}"}), NOWHERE),
    # Where a literal is refused.
    Place("Password", of(BASIC, {PASSWORD: VALUE}), NOWHERE),
    Place("text around a password", of(BASIC, {PASSWORD: VALUE + secret("password")}), NOWHERE),
    Place("ApiKeyValue", of(API_KEY, {KEY: VALUE}), NOWHERE),
    Place("a secret parameter", of(BASIC, {HEADERS: parameter(VALUE)}), NOWHERE),
]

# Members of CloudFormation's event, beside a good request.
STACK_PLACES = [
    Place("RequestId", {"RequestId": VALUE}, frozenset({Sink.LOG, Sink.ANSWER, Sink.LETTER})),
    Place("StackId", {"StackId": f"arn:aws:cloudformation:r:a:stack/{VALUE}/1"}, STACKS_IDS),
    Place("LogicalResourceId", {"LogicalResourceId": VALUE}, STACKS_IDS),
    Place("RequestType", {"RequestType": VALUE}, NOWHERE),
    Place("PhysicalResourceId", {"PhysicalResourceId": VALUE}, EVERYWHERE),
    Place(
        "PhysicalResourceId, malformed",
        {"PhysicalResourceId": f"{VALUE}/[$LATEST]"},
        frozenset({Sink.ANSWER_ID}),
    ),
    Place("PhysicalResourceId, no text", {"PhysicalResourceId": [VALUE]}, NOWHERE),
    Place("RequestId, no text", {"RequestId": [VALUE]}, NOWHERE),
    Place("StackId, no text", {"StackId": {VALUE: VALUE}}, NOWHERE),
    Place("ResponseURL, of another host", {"ResponseURL": f"https://a.test/?{VALUE}"}, NOWHERE),
    Place("ResourceType", {"ResourceType": f"Custom::{VALUE}"}, NOWHERE),
    Place("OldResourceProperties", {"OldResourceProperties": {VALUE: VALUE}}, NOWHERE),
    Place("an unknown member", {VALUE: VALUE}, NOWHERE),
    Place("crhelper's own members", {"CrHelperData": VALUE}, NOWHERE),
]

# Members of a queue's record, which SQS or Lambda writes, but for the attributes of a message.
RECORD_PLACES = [
    Place("messageId", {"messageId": VALUE}, IDS),
    Place("receiptHandle", {"receiptHandle": VALUE}, frozenset({Sink.VISIBILITY})),
    Place("SenderId", {"attributes": {"SenderId": VALUE}}, frozenset({Sink.LOG})),
    Place("SentTimestamp", {"attributes": {"SentTimestamp": VALUE}}, NOWHERE),
    Place("receives", {"attributes": {"ApproximateReceiveCount": VALUE}}, NOWHERE),
    Place("messageAttributes", {"messageAttributes": {VALUE: {"stringValue": VALUE}}}, NOWHERE),
    Place("eventSourceARN", {"eventSourceARN": f"arn:aws:sqs:r:a:{VALUE}"}, NOWHERE),
    Place("md5OfBody", {"md5OfBody": VALUE}, NOWHERE),
    Place("body, no text", {"body": {VALUE: VALUE}}, NOWHERE),
]
