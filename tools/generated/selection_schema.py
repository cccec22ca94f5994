"""JSON Schema of the requests about what is registered already: Refresh, Reconcile, List."""

from collections.abc import Iterator, Mapping

from handler.requests.selection import MEMBERS, MEMBERS_OF_TYPE
from tools.generated.reference_schema import Schema, anchored

NAMES_OF_TYPE = {str(each): accepted.names for each, accepted in MEMBERS_OF_TYPE.items()}
SUBJECT: Schema = {
    "anyOf": [{"required": [name]} for name in ("Name", "SecretId", "ParameterName")],
    "not": {"required": ["SecretId", "ParameterName"]},
    "dependentRequired": {"AccountId": ["SecretId"], "VersionId": ["SecretId"]},
}


def selection_definitions(members: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Yield the properties of each such request, beside ``members``, which are of all requests."""
    for request_type, names in NAMES_OF_TYPE.items():
        allowed = {name: members.get(name) or _pattern(name) for name in names}
        allowed["WaitTimeoutSeconds"] = members["WaitTimeoutSeconds"]
        schema: Schema = {"type": "object", "properties": allowed, "additionalProperties": False}
        yield f"{request_type}Properties", schema | (SUBJECT if "SecretId" in names else {})


def _pattern(name: str) -> Schema:
    pattern = MEMBERS[name][0].pattern
    # Python and ECMAScript differ in what else is a letter or a digit.
    pattern = pattern.replace(r"\w", "A-Za-z0-9_").replace(r"\d", "[0-9]")
    return {"type": "string", "pattern": anchored(pattern)}
