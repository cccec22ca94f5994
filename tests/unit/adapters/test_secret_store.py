"""The adapter of Secrets Manager and Parameter Store: what is asked for, and by which name."""

import pytest

from handler.adapters.aws_client import Caller
from handler.adapters.secret_store import SecretStore
from handler.errors import AccessDeniedError, SecretNotUsableError
from handler.references.secret_value import SecretValue
from handler.references.source import Service, Source
from tests.support.bad_requests import OTHER_ACCOUNT, secret_arn
from tests.support.fake_aws import FakeAws, refusal
from tests.support.fakes import ACCOUNT, FakeTime

SECRET = Source(Service.SECRETS_MANAGER, "connections/crm")
PARAMETER = Source(Service.SSM_SECURE, "/connections/crm")
NOT_FOUND = "ResourceNotFoundException"


@pytest.fixture
def aws() -> FakeAws:
    """Give AWS, with nothing in it."""
    return FakeAws()


@pytest.fixture
def secrets(aws: FakeAws) -> SecretStore:
    """Give the adapter of one invocation."""
    clock = FakeTime().clock
    return SecretStore(
        Caller("secretsmanager", aws.client("secretsmanager"), clock),
        lambda: Caller("ssm", aws.client("ssm"), clock),
        ACCOUNT,
    )


def held(name: str, version: str = "1") -> dict[str, str]:
    """Answer as Secrets Manager does."""
    return {"Name": name, "SecretString": f"value {version}", "VersionId": version}


def asked(aws: FakeAws) -> list[str]:
    """Give by what secrets were asked for."""
    return [parameters["SecretId"] for parameters in aws.of("get_secret_value")]


def test_nothing_is_remembered(secrets: SecretStore, aws: FakeAws) -> None:
    """What was read for one request may be older than the rotation that the next one follows."""
    aws.plan("get_secret_value", held("connections/crm"), held("connections/crm", "2"))
    found = [{"Value": each, "Version": int(each), "Type": "SecureString"} for each in ("1", "2")]
    aws.plan("get_parameter", *({"Parameter": each} for each in found))
    assert [secrets.fetch(SECRET).version_id for _ in range(2)] == ["1", "2"]
    assert [secrets.fetch(PARAMETER).version_id for _ in range(2)] == ["1", "2"]


def test_a_failure_is_not_remembered(secrets: SecretStore, aws: FakeAws) -> None:
    """The next request asks again."""
    aws.plan("get_secret_value", refusal(NOT_FOUND), held("connections/crm"))
    with pytest.raises(SecretNotUsableError):
        secrets.fetch(SECRET)
    assert secrets.fetch(SECRET).version_id == "1"


def test_the_name_is_as_it_was_answered(secrets: SecretStore, aws: FakeAws) -> None:
    """An ARN does not tell for sure."""
    source = Source(Service.SECRETS_MANAGER, secret_arn("connections/pay-apikey"))
    aws.plan("get_secret_value", held("connections/pay-apikey"), held("connections/pay"))
    names = [secrets.fetch(source).name for _ in range(2)]
    assert names == ["connections/pay-apikey", "connections/pay"]
    assert asked(aws) == [source.source_id] * 2


@pytest.mark.parametrize("name", ["connections/pay-apikey", "connections/plain"])
def test_an_arn_that_is_not_found_is_read_as_a_name(
    secrets: SecretStore, aws: FakeAws, name: str
) -> None:
    """Partial, or of a name that ends like an ARN; in the same version."""
    source = Source(Service.SECRETS_MANAGER, secret_arn(name), "AWSPREVIOUS")
    aws.plan("get_secret_value", refusal(NOT_FOUND), held(name))
    assert secrets.fetch(source).name == name
    assert asked(aws) == [source.source_id, name]
    assert {each["VersionStage"] for each in aws.of("get_secret_value")} == {"AWSPREVIOUS"}


def test_what_is_found_neither_way_is_told_as_it_was_written(
    secrets: SecretStore, aws: FakeAws
) -> None:
    """By the ARN that the requester knows."""
    source = Source(Service.SECRETS_MANAGER, secret_arn("connections/pay-apikey"))
    aws.plan("get_secret_value", refusal("InvalidRequestException"), refusal(NOT_FOUND))
    with pytest.raises(SecretNotUsableError, match=r"arn:aws:.*InvalidRequestException"):
        secrets.fetch(source)


def test_another_accounts_arn_is_never_read_as_a_name_of_ours(
    secrets: SecretStore, aws: FakeAws
) -> None:
    """It would be another secret."""
    arn = secret_arn("connections/pay-apikey", account=OTHER_ACCOUNT)
    aws.plan("get_secret_value", refusal(NOT_FOUND), held("connections/pay-apikey"))
    with pytest.raises(SecretNotUsableError):
        secrets.fetch(Source(Service.SECRETS_MANAGER, arn))
    assert asked(aws) == [arn]


def test_a_refusal_is_not_tried_by_name(secrets: SecretStore, aws: FakeAws) -> None:
    """The secret is there."""
    aws.plan("get_secret_value", refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError):
        secrets.fetch(Source(Service.SECRETS_MANAGER, secret_arn()))
    assert len(asked(aws)) == 1


def test_a_secret_that_is_there_is_not_tried_by_name(secrets: SecretStore, aws: FakeAws) -> None:
    """It is being deleted; another one by that name is not meant."""
    arn = secret_arn("connections/pay-apikey")
    aws.plan("get_secret_value", refusal("InvalidRequestException"), held("connections/pay-apikey"))
    with pytest.raises(SecretNotUsableError):
        secrets.fetch(Source(Service.SECRETS_MANAGER, arn))
    assert asked(aws) == [arn]


def test_a_secret_is_read_in_the_version_named(secrets: SecretStore, aws: FakeAws) -> None:
    """Whatever it holds is a secret."""
    aws.plan("get_secret_value", *[held("connections/crm")] * 3)
    found = SecretValue("value 1", "1", is_secret=True, name="connections/crm")
    versions = [("", ""), ("AWSPREVIOUS", ""), ("", "v" * 32)]
    for stage, version in versions:
        assert secrets.fetch(Source(SECRET.service, "connections/crm", stage, version)) == found
    assert aws.of("get_secret_value") == [
        {"SecretId": "connections/crm"},
        {"SecretId": "connections/crm", "VersionStage": "AWSPREVIOUS"},
        {"SecretId": "connections/crm", "VersionId": "v" * 32},
    ]


@pytest.mark.parametrize(
    ("version", "name"), [("", "/connections/crm"), ("2", "/connections/crm:2")]
)
@pytest.mark.parametrize(("kind", "is_secret"), [("SecureString", True), ("String", False)])
def test_a_parameter_is_read_decrypted_in_the_version_named(
    secrets: SecretStore, aws: FakeAws, version: str, name: str, kind: str, is_secret: bool
) -> None:
    """Whether it is a secret, its own type says."""
    aws.plan("get_parameter", {"Parameter": {"Value": "value", "Version": 2, "Type": kind}})
    source = Source(Service.SSM, "/connections/crm", version_id=version)
    found = SecretValue("value", "2", is_secret=is_secret, name="/connections/crm")
    assert secrets.fetch(source) == found
    assert aws.of("get_parameter") == [{"Name": name, "WithDecryption": True}]


def test_a_binary_secret_is_refused_by_its_name(secrets: SecretStore, aws: FakeAws) -> None:
    """Nobody can tell what text it would be."""
    aws.plan("get_secret_value", {"Name": "connections/crm", "VersionId": "1", "SecretBinary": b""})
    with pytest.raises(SecretNotUsableError) as refused:
        secrets.fetch(SECRET)
    reason = "secret connections/crm is binary; only text can be referenced"
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("operation", "source", "subject"),
    [
        ("get_secret_value", SECRET, "secret connections/crm"),
        ("get_parameter", PARAMETER, "parameter /connections/crm"),
    ],
)
def test_a_refusal_names_the_secret_or_parameter(
    secrets: SecretStore, aws: FakeAws, operation: str, source: Source, subject: str
) -> None:
    """A request may name many of them."""
    aws.plan(operation, refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError, match=f"on {subject}"):
        secrets.fetch(source)


def test_another_refusal_of_the_name_is_told_instead(secrets: SecretStore, aws: FakeAws) -> None:
    """Only that the name is not there, either, says less than the ARN does."""
    source = Source(Service.SECRETS_MANAGER, secret_arn("connections/pay-apikey"))
    aws.plan("get_secret_value", refusal(NOT_FOUND), refusal("AccessDeniedException"))
    with pytest.raises(AccessDeniedError, match="on secret connections/pay-apikey"):
        secrets.fetch(source)
