"""
The spellings of a reference to a secret: read them, judge them, put values in their place.

Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from handler.errors import SecretNotUsableError

LONGEST_SHOWN = 160


def shortened(text: str) -> str:
    """Cut a text to what an error message can carry."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


class Service(StrEnum):
    """Where a referenced value lives."""

    SECRETS_MANAGER = "secretsmanager"
    SSM_SECURE = "ssm-secure"
    SSM = "ssm"
    SSM_ARN = "ssm-arn"  # plain or secure: known once it is fetched


@dataclass(frozen=True, slots=True)
class Source:
    """What one call fetches: a version of a secret, or of a parameter."""

    service: Service
    source_id: str
    version_stage: str = ""
    version_id: str = ""
    account: str = ""  # "" means: the function's own

    def __str__(self) -> str:
        """Name what is fetched, as the registry keys its versions."""
        return f"{self.service}:{self.source_id}:{self.version_stage}:{self.version_id}"

    @property
    def name(self) -> str:
        """Give the name without ARN and without the six characters that Secrets Manager appends."""
        if not self.source_id.startswith("arn:"):
            return self.source_id
        resource = self.source_id.split(":", 5)[5]
        if self.service is Service.SECRETS_MANAGER:
            return resource.removeprefix("secret:")[:-7]
        return resource.removeprefix("parameter")

    @property
    def is_pinned(self) -> bool:
        """Tell whether a rotation leaves it where it is."""
        return bool(self.version_id)


@dataclass(frozen=True, slots=True)
class SecretValue:
    """What a source held when it was fetched."""

    text: str
    version_id: str
    is_secret: bool

    def __repr__(self) -> str:
        """Show the version only."""
        return f"SecretValue(version_id={self.version_id!r})"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference, as written and as understood."""

    spelling: str
    source: Source
    json_key: str = ""

    def __str__(self) -> str:
        """Show it as it was written, the end of an overlong one left out."""
        return shortened(self.spelling)

    def pick(self, value: SecretValue) -> str:
        """
        Take this reference's part out of what its source holds.

        Raises:
            SecretNotUsableError: wrong kind, not JSON, key absent, no scalar; never with the value.
        """
        if self.source.service is Service.SSM_SECURE and not value.is_secret:
            raise SecretNotUsableError(f"{self}: the parameter is no SecureString")
        if self.source.service is Service.SSM and value.is_secret:
            raise SecretNotUsableError(f"{self}: the parameter is a SecureString; write ssm-secure")
        if not self.json_key:
            return value.text
        try:
            document = json.loads(value.text, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            raise SecretNotUsableError(f"{self}: the secret is not JSON") from None
        if not isinstance(document, dict):
            raise SecretNotUsableError(f"{self}: the secret is not a JSON object")
        if self.json_key not in document:
            raise SecretNotUsableError(f'{self}: the secret has no key "{self.json_key}"')
        return self._scalar(document[self.json_key])

    def _scalar(self, value: object) -> str:
        match value:
            case str():
                return value
            case bool():
                return json.dumps(value)
            case _:
                kind = "an object" if isinstance(value, dict) else "an array or null"
                raise SecretNotUsableError(f'{self}: key "{self.json_key}" holds {kind}')


@dataclass(frozen=True, slots=True)
class Text:
    """
    A value that holds references: literal pieces and references in order, and what is wrong with
    them.
    """

    spelling: str | Mapping[str, str]
    parts: tuple[str | Reference, ...]
    problems: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[Reference, ...]:
        """Give the references in it."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def resolve(self, fetch: Callable[[Source], SecretValue]) -> str:
        """Put the values in their places."""
        return "".join(
            part.pick(fetch(part.source)) if isinstance(part, Reference) else part
            for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """Which sources this installation may read."""

    partition: str
    region: str
    account: str
    secret_prefixes: tuple[str, ...]
    parameter_prefixes: tuple[str, ...]
    accounts: tuple[str, ...]

    def problems(self, source: Source) -> Iterator[str]:
        """Yield every reason why a source is out of bounds."""
        is_secret = source.service is Service.SECRETS_MANAGER
        prefixes = self.secret_prefixes if is_secret else self.parameter_prefixes
        variable = "ALLOWED_SECRET_PREFIXES" if is_secret else "ALLOWED_PARAMETER_PREFIXES"
        if "!" in source.name:
            yield "secrets that an AWS service owns (with ! in their name) cannot be referenced"
        elif not source.name.startswith(prefixes):
            allowed = ", ".join(prefixes)
            yield f"its name begins with none of the allowed prefixes ({variable}: {allowed})"
        if source.source_id.startswith("arn:"):
            yield from self._arn_problems(*source.source_id.split(":")[1:5])

    def _arn_problems(self, partition: str, _: str, region: str, account: str) -> Iterator[str]:
        if (partition, region) != (self.partition, self.region):
            yield f"it lies in another Region; only {self.region} ({self.partition}) is supported"
        if account not in (self.account, *self.accounts):
            yield "its account is not allowed (ALLOWED_ACCOUNTS)"


DYNAMIC = re.compile(r"\{\{resolve:([^{}:]*):([^{}]*)\}\}")
SECRET_ARN = re.compile(
    r"arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-[A-Za-z0-9]{6}", re.ASCII
)
SECRET_NAME = re.compile(r"[\w/+=.@!-]{1,512}", re.ASCII)
PARAMETER_ARN = re.compile(r"arn:[a-z0-9-]+:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+", re.ASCII)
PARAMETER = re.compile(r"([\w./-]{1,1011})(?::(\d{1,10}))?", re.ASCII)


class _MalformedError(Exception):
    """When a spelling cannot be understood."""


def is_reference(value: object) -> bool:
    """Tell whether a value is meant as a reference, or holds one."""
    match value:
        case str():
            return "{{resolve:" in value
        case {"ValueFrom": str(), **rest}:
            return not rest
        case _:
            return False


def read(value: str | Mapping[str, str], policy: Policy) -> Text:
    """
    Understand a value for which is_reference holds; what is wrong with it is in the result's
    problems.
    """
    try:
        parts = tuple(_parts(value))
    except _MalformedError as error:
        return Text(value, (), (str(error),))
    text = Text(value, parts)
    found = (
        f"{reference}: {problem}"
        for reference in text.references
        for problem in policy.problems(reference.source)
    )
    return replace(text, problems=tuple(dict.fromkeys(found)))


def with_texts(value: object, policy: Policy) -> object:
    """
    Replace everything in a document that is meant as a reference, wherever it stands, by a Text.
    """
    match value:
        case str() | Mapping() if is_reference(value):
            return read(value, policy)
        case Mapping():
            return {name: with_texts(item, policy) for name, item in value.items()}
        case list():
            return [with_texts(item, policy) for item in value]
        case _:
            return value


def replaced(value: object, by: Callable[[Text], object]) -> object:
    """Put something in the place of every Text of a document."""
    match value:
        case Text():
            return by(value)
        case Mapping():
            return {name: replaced(item, by) for name, item in value.items()}
        case list():
            return [replaced(item, by) for item in value]
        case _:
            return value


def _parts(value: str | Mapping[str, str]) -> Iterator[str | Reference]:
    if not isinstance(value, str):
        yield _value_from(value["ValueFrom"])
        return
    end = 0
    for match in DYNAMIC.finditer(value):
        yield from _literal(value[end : match.start()])
        yield _dynamic(match.group(0), match.group(1), match.group(2))
        end = match.end()
    yield from _literal(value[end:])


def _literal(text: str) -> Iterator[str]:
    if "{{resolve:" in text:
        raise _MalformedError("holds a malformed reference; write {{resolve:service:name…}}")
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
            raise _MalformedError("references are to secretsmanager, ssm-secure or ssm only")


def _value_from(arn: str) -> Reference:
    if ":secretsmanager:" in arn and arn.startswith("arn:"):
        secret_id, options = _split_secret_id(arn)
        return _secret(arn, secret_id, options)
    if PARAMETER_ARN.fullmatch(arn):
        source = Source(Service.SSM_ARN, arn, account=arn.split(":")[4])
        return Reference(arn, source)
    raise _MalformedError("ValueFrom must be the full ARN of a secret or of a parameter")


def _split_secret_id(body: str) -> tuple[str, list[str]]:
    pieces = body.split(":")
    length = 7 if body.startswith("arn:") else 1  # an ARN has colons of its own
    return ":".join(pieces[:length]), pieces[length:]


def _secret(spelling: str, secret_id: str, options: list[str]) -> Reference:
    is_arn = secret_id.startswith("arn:")
    if not (SECRET_ARN if is_arn else SECRET_NAME).fullmatch(secret_id):
        raise _MalformedError(
            "the secret's ARN must be complete, with the six characters at its end"
            if is_arn
            else "the secret's name is missing or malformed"
        )
    if len(options) > 3:  # noqa: PLR2004 (json-key, version-stage, version-id)
        raise _MalformedError("too many colons: json-key:version-stage:version-id end a reference")
    json_key, version_stage, version_id = [*options, "", "", ""][:3]
    if version_stage and version_id:
        raise _MalformedError("give a version stage or a version id, not both")
    account = secret_id.split(":")[4] if is_arn else ""
    source = Source(Service.SECRETS_MANAGER, secret_id, version_stage, version_id, account)
    return Reference(spelling, source, json_key)
