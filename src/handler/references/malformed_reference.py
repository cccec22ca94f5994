"""Tell what is meant as a reference, and explain what is wrong with one that is malformed."""

import re
from collections.abc import Mapping

# Matches another case, blanks, $, one brace, other brackets or URL-encoded braces, but no JSON key
# "resolve". No second opening may follow the first, so that the time is linear.
LIKE_REFERENCE = re.compile(
    r"(?:[{$]\{|\[\[|%7b%7b)[^\w\"'{}\[]*resolve\b|\{[^\w\"'{}]*resolve\s*:",
    re.IGNORECASE | re.ASCII,
)
VALUE_FROM = re.compile(r"\s*value[\s_-]?from\s*", re.IGNORECASE)
INTRINSIC = re.compile(r"\s*(ref\s*|fn::.*)", re.IGNORECASE | re.DOTALL)
NAME = re.compile(r"[\w/+=.@!-]+(:.*)?", re.ASCII)

RIGHT = "{{resolve:secretsmanager:name:SecretString:key}}"
MALFORMED = (
    "holds a malformed reference: no blanks in {{resolve:…}}, two braces, all in lower case,"
    f" such as {RIGHT}"
)
UNRESOLVED = (
    "an intrinsic function arrived unresolved; write its value, for a secret a reference as"
    f' {RIGHT} or {{"ValueFrom": "<ARN>"}}'
)
MISSPELT = 'write exactly {"ValueFrom": "<ARN>"}'


def looks_like_reference(value: object) -> bool:
    """Tell whether a value is meant as a reference, well spelled or not."""
    match value:
        case str():
            return bool(LIKE_REFERENCE.search(value))
        case Mapping() if len(value) == 1:
            return has_reference_member(value)
        case _:
            return False


def has_reference_member(value: Mapping[str, object]) -> bool:
    """Tell whether an object in place of a scalar has a member meant as a reference."""
    return any(VALUE_FROM.fullmatch(name) or INTRINSIC.fullmatch(name) for name in value)


def problem(value: Mapping[str, object]) -> str:
    """Explain why an object is not {"ValueFrom": "<ARN>"}, without showing its content."""
    if len(value) > 1 or "ValueFrom" not in value:
        return UNRESOLVED if any(map(INTRINSIC.fullmatch, value)) else MISSPELT
    wanted = "ValueFrom must be the full ARN of a secret or of a parameter"
    match value["ValueFrom"]:
        case str(arrived) if LIKE_REFERENCE.search(arrived):
            return f"{wanted}; use {{{{resolve:…}}}} as the value itself, not inside ValueFrom"
        case str(arrived) if arrived.startswith("arn:"):
            return f"{wanted}; this ARN is of another kind, or malformed: no blanks"
        case str(arrived) if NAME.fullmatch(arrived):
            hint = f"this looks like a name (Ref of a secret may return its name); write {RIGHT}"
            return f"{wanted}; {hint}"
        case Mapping() as arrived if any(map(INTRINSIC.fullmatch, arrived)):
            return f"{wanted}; {UNRESOLVED}"
        case _:
            return wanted
