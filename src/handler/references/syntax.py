"""
The spellings of a reference: read them, wherever they stand in a document.

Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from handler.references.near_miss import MALFORMED, is_near, problem
from handler.references.policy import AllowedSources
from handler.references.reference import Reference, Text
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


class _MalformedError(Exception):
    """When a spelling cannot be understood."""


def read(value: str | Mapping[str, Any], policy: AllowedSources) -> Text:
    """Understand a value for which is_near holds; what is wrong with it is in the result."""
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
    """
    Replace everything in a document that is meant as a reference, wherever it stands, by a Text.
    """
    match value:
        case str() | Mapping() if is_near(value):
            return read(value, policy)
        case Mapping():
            return {name: with_texts(item, policy) for name, item in value.items()}
        case list():
            return [with_texts(item, policy) for item in value]
        case _:
            return value


def _parts(value: str | Mapping[str, Any]) -> Iterator[str | Reference]:
    if not isinstance(value, str):
        yield _value_from(value)
        return
    end = 0
    for match in DYNAMIC.finditer(value):
        yield from _literal(value[end : match.start()])
        yield _dynamic(match.group(0), match.group(1), match.group(2))
        end = match.end()
    yield from _literal(value[end:])


def _literal(text: str) -> Iterator[str]:
    if is_near(text):
        raise _MalformedError(MALFORMED)
    if text:
        yield text


def _dynamic(spelling: str, service: str, body: str) -> Reference:
    match service:
        case "secretsmanager":
            secret_id, rest = _split_secret_id(body)
            secret_string, *options = rest or ["SecretString"]
            if secret_string not in ("", "SecretString"):
                raise _MalformedError(
                    "a secretsmanager reference reads secret-id:SecretString:json-key:…"
                )
            return _secret(spelling, secret_id, options)
        case "ssm-secure" | "ssm":
            match = PARAMETER.fullmatch(body)
            if match is None:
                raise _MalformedError(
                    f"a {service} reference reads {{{{resolve:{service}:name:version}}}}"
                )
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
                raise _MalformedError("in ValueFrom, the key follows the ARN, no SecretString")
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
        raise _MalformedError(
            "the secret's ARN reads arn:aws:secretsmanager:region:account:secret:name, no blanks,"
            " in lower case but for the name"
            if is_arn
            else "the secret's name is missing or malformed: letters, digits and /_+=.@-, no blanks"
        )
    if len(options) > 3:  # noqa: PLR2004 (json-key, version-stage, version-id)
        raise _MalformedError("too many colons: json-key:version-stage:version-id end a reference")
    json_key, version_stage, version_id = [*options, "", "", ""][:3]
    if version_stage and version_id:
        raise _MalformedError("give a version stage or a version id, not both")
    if version_stage and not VERSION_STAGE.fullmatch(version_stage):
        raise _MalformedError(
            "a version stage has at most 256 characters, printable ASCII, no blanks around it"
        )
    if version_id and not VERSION_ID.fullmatch(version_id):
        raise _MalformedError("a version id has 32 to 64 characters, printable ASCII")
    source = Source(Service.SECRETS_MANAGER, secret_id, version_stage, version_id)
    return Reference(spelling, source, json_key)
