"""
Read references, in every spelling, wherever they stand in a document.

Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from handler.references.malformed_reference import MALFORMED, looks_like_reference, problem
from handler.references.policy import AllowedSources
from handler.references.reference import Reference, Text, replaced
from handler.references.source import Service, Source
from handler.settings import MOST_REFERENCES

DYNAMIC = re.compile(r"\{\{resolve:([^{}:]*):([^{}]*)\}\}")
SECRET_ARN = re.compile(
    r"arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]{1,519}", re.ASCII
)
SECRET_NAME = re.compile(r"[\w/+=.@!-]{1,512}", re.ASCII)
VERSION_ID = re.compile(r"[\x21-\x7E]{32,64}")
VERSION_STAGE = re.compile(r"[\x21-\x7E]([\x20-\x7E]{0,254}[\x21-\x7E])?")
PARAMETER_ARN = re.compile(
    r"arn:[a-z0-9-]+:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]{1,1010}", re.ASCII
)
PARAMETER = re.compile(r"([\w./-]{1,1011})(?::(\d{1,10}))?", re.ASCII)
PRINTABLE = "characters, printable ASCII"
MALFORMED_ARN = (
    "the secret's ARN has the form arn:partition:secretsmanager:region:account:secret:name,"
    " no blanks, in lower case but for the name"
)
MALFORMED_NAME = "the secret's name is missing or malformed: letters, digits and /_+=.@-, no blanks"


class _MalformedError(Exception):
    """When a spelling cannot be understood."""


def read(value: str | Mapping[str, Any], policy: AllowedSources) -> Text:
    """Parse a value that looks_like_reference accepts; the result holds what is wrong with it."""
    try:
        parts = tuple(_parts(value))
    except _MalformedError as error:
        return Text(value, (), str(error))
    text = Text(value, parts)
    if len(text.references) > MOST_REFERENCES:
        return Text(value, (), f"holds more than {MOST_REFERENCES} references")
    found = {each: "; ".join(policy.problems(each.source)) for each in text.references}
    told = (f"{reference}: {problem}" for reference, problem in found.items() if problem)
    return replace(text, problem="; ".join(dict.fromkeys(told)))


def with_texts(value: object, policy: AllowedSources) -> object:
    """Replace everything in a document that is meant as a reference by a Text."""
    return replaced(value, lambda item: read(item, policy), looks_like_reference)


def _parts(value: str | Mapping[str, Any]) -> Iterator[str | Reference]:
    if not isinstance(value, str):
        yield _value_from(value)
        return
    # A split by two groups: literal, service, body, literal, service, body, …, literal
    pieces = DYNAMIC.split(value)
    if any(map(looks_like_reference, pieces[::3])):
        raise _MalformedError(MALFORMED)
    for index, piece in enumerate(pieces):
        if index % 3 == 2:  # noqa: PLR2004
            yield _dynamic(pieces[index - 1], piece)
        elif index % 3 == 0 and piece:
            yield piece


def _dynamic(service: str, body: str) -> Reference:
    spelling = f"{{{{resolve:{service}:{body}}}}}"
    match service:
        case "secretsmanager":
            secret_id, rest = _split_secret_id(body)
            secret_string, *options = rest or ["SecretString"]
            if secret_string not in ("", "SecretString"):
                wanted = "has the form secret-id:SecretString:json-key:…"
                raise _MalformedError(f"a secretsmanager reference {wanted}")
            return _secret(spelling, secret_id, options)
        case "ssm-secure" | "ssm":
            match = PARAMETER.fullmatch(body)
            if match is None:
                wanted = f"has the form {{{{resolve:{service}:name:version}}}}"
                raise _MalformedError(f"an {service} reference {wanted}")
            source = Source(Service(service), match.group(1), version_id=match.group(2) or "")
            return Reference(spelling, source)
        case _:
            raise _MalformedError(
                "references are to secretsmanager, ssm-secure or ssm only: no blanks in"
                " {{resolve:…}}, lower case"
            )


def _value_from(value: Mapping[str, Any]) -> Reference:
    match value:
        case {"ValueFrom": str(arn)} if arn.startswith("arn:") and ":secretsmanager:" in arn:
            secret_id, options = _split_secret_id(arn)
            if options[:1] == ["SecretString"]:
                raise _MalformedError("in ValueFrom, the key follows the ARN, without SecretString")
            return _secret(arn, secret_id, options)
        case {"ValueFrom": str(arn)} if PARAMETER_ARN.fullmatch(arn):
            return Reference(arn, Source(Service.SSM_ARN, arn))
        case _:
            raise _MalformedError(problem(value))


def _split_secret_id(body: str) -> tuple[str, list[str]]:
    pieces = body.split(":")
    length = 7 if body.startswith("arn:") else 1  # an ARN has colons of its own
    return ":".join(pieces[:length]), pieces[length:]


def _secret(spelling: str, secret_id: str, options: list[str]) -> Reference:
    is_arn = secret_id.startswith("arn:")
    if not (SECRET_ARN if is_arn else SECRET_NAME).fullmatch(secret_id):
        raise _MalformedError(MALFORMED_ARN if is_arn else MALFORMED_NAME)
    if len(options) > 3:  # noqa: PLR2004 (json-key, version-stage, version-id)
        raise _MalformedError("too many colons: its end must be json-key:version-stage:version-id")
    json_key, version_stage, version_id = [*options, "", "", ""][:3]
    if version_stage and version_id:
        raise _MalformedError("give a version stage or a version id, not both")
    if version_stage and not VERSION_STAGE.fullmatch(version_stage):
        raise _MalformedError(f"a version stage has at most 256 {PRINTABLE}, no blanks around it")
    if version_id and not VERSION_ID.fullmatch(version_id):
        raise _MalformedError(f"a version id has 32 to 64 {PRINTABLE}")
    source = Source(Service.SECRETS_MANAGER, secret_id, version_stage, version_id)
    return Reference(spelling, source, json_key)
