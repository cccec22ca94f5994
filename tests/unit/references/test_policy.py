"""Which secrets and parameters may be referenced."""

from dataclasses import replace

import pytest

from handler.references.policy import AllowedSources
from handler.references.source import Service, Source
from tests.support.bad_requests import OTHER_ACCOUNT, secret_arn
from tests.support.fakes import ACCOUNT, POLICY, REGION

PREFIX = "; AllowedSecretPrefixes (ALLOWED_SECRET_PREFIXES): "
PARAMETER_PREFIX = "; AllowedParameterPrefixes (ALLOWED_PARAMETER_PREFIXES): "
AWSS_OWN = "below /aws/"
REGIONAL, ACCOUNTS, OWNED = "Region", "; AllowedAccounts (ALLOWED_ACCOUNTS), for secrets only", "!"
TWO_PREFIXES = replace(POLICY, secret_prefixes=("connections/", "shared/"))
NO_PREFIX = replace(POLICY, secret_prefixes=(), parameter_prefixes=())
AWS_TOO = replace(POLICY, parameter_prefixes=("/", "/aws/", "aws/", "/AWS/"))
PAY_A = replace(POLICY, secret_prefixes=("connections/pay-a",))
TWO_ACCOUNTS = replace(POLICY, accounts=(OTHER_ACCOUNT,))
CHINA = replace(POLICY, partition="aws-cn", region="cn-north-1")


def secret(secret_id: str) -> Source:
    """Give a secret as a source."""
    return Source(Service.SECRETS_MANAGER, secret_id)


def parameter_arn(name: str, region: str = REGION, account: str = ACCOUNT) -> Source:
    """Give a parameter named by its ARN."""
    return Source(Service.SSM_ARN, f"arn:aws:ssm:{region}:{account}:parameter{name}")


@pytest.mark.parametrize(
    ("policy", "source", "told"),
    [
        (POLICY, secret("connections/crm"), []),
        (POLICY, secret("connections/"), []),
        (POLICY, secret("connections"), [PREFIX]),
        (POLICY, secret("Connections/crm"), [PREFIX]),
        (POLICY, secret("production/connections/crm"), [PREFIX]),
        (POLICY, secret("/connections/crm"), [PREFIX]),
        (TWO_PREFIXES, secret("shared/crm"), []),
        (TWO_PREFIXES, secret("share"), [PREFIX]),
        (NO_PREFIX, secret("connections/crm"), [PREFIX]),
        (NO_PREFIX, Source(Service.SSM, "/connections/crm"), [PARAMETER_PREFIX]),
        (POLICY, secret("events!connection/crm/0f"), [OWNED]),
        (POLICY, secret("connections/x!y"), [OWNED]),
        (POLICY, secret(secret_arn("events!connection/crm/0f-Ab12Cd")), [OWNED]),
        (POLICY, secret(secret_arn()), []),
        (POLICY, secret(secret_arn("production/crm-Ab12Cd")), [PREFIX]),
        (POLICY, secret(secret_arn("connections/plain")), []),
        (POLICY, secret(secret_arn("production/plain")), [PREFIX]),
        (PAY_A, secret(secret_arn("connections/pay-apikey")), []),
        (PAY_A, secret("connections/pay"), [PREFIX]),
        (POLICY, secret(secret_arn("connections/plain", "eu-west-1")), [REGIONAL]),
        (POLICY, secret(secret_arn("connections/x", account=OTHER_ACCOUNT)), [ACCOUNTS]),
        (TWO_ACCOUNTS, secret(secret_arn("connections/x", account=OTHER_ACCOUNT)), ["six"]),
        (POLICY, secret(secret_arn(region="eu-west-1")), [REGIONAL]),
        (POLICY, secret(secret_arn().replace("arn:aws:", "arn:aws-cn:")), [REGIONAL]),
        (CHINA, secret(secret_arn()), [REGIONAL]),
        (POLICY, secret(secret_arn(account=OTHER_ACCOUNT)), [ACCOUNTS]),
        (TWO_ACCOUNTS, secret(secret_arn(account=OTHER_ACCOUNT)), []),
        (TWO_ACCOUNTS, secret(secret_arn()), []),
        (TWO_ACCOUNTS, secret(secret_arn(account="000000000000")), [ACCOUNTS]),
        (
            POLICY,
            secret(secret_arn("production/crm-Ab12Cd", "eu-west-1", OTHER_ACCOUNT)),
            [PREFIX, REGIONAL, ACCOUNTS],
        ),
        (POLICY, Source(Service.SSM, "/connections/crm"), []),
        (POLICY, Source(Service.SSM_SECURE, "/connections/crm"), []),
        (POLICY, Source(Service.SSM, "connections/crm"), [PARAMETER_PREFIX]),
        (POLICY, Source(Service.SSM_SECURE, "/production/crm"), [PARAMETER_PREFIX]),
        (POLICY, parameter_arn("/connections/crm"), []),
        (POLICY, parameter_arn("/production/crm"), [PARAMETER_PREFIX]),
        (POLICY, parameter_arn("/connections/crm", "eu-west-1"), [REGIONAL]),
        (POLICY, parameter_arn("/connections/crm", account=OTHER_ACCOUNT), [ACCOUNTS]),
        (TWO_ACCOUNTS, parameter_arn("/connections/crm", account=OTHER_ACCOUNT), [ACCOUNTS]),
        (TWO_ACCOUNTS, parameter_arn("/connections/crm"), []),
        (AWS_TOO, Source(Service.SSM, "/aws/service/ecs"), [AWSS_OWN]),
        (AWS_TOO, Source(Service.SSM_SECURE, "/aws/reference/secretsmanager/x"), [AWSS_OWN]),
        (AWS_TOO, Source(Service.SSM_SECURE, "/AWS/Reference/secretsmanager/x"), [AWSS_OWN]),
        (AWS_TOO, Source(Service.SSM, "aws/service/ecs"), [AWSS_OWN]),
        (AWS_TOO, Source(Service.SSM, "//aws/service/ecs"), [AWSS_OWN]),
        (AWS_TOO, parameter_arn("/aws/service/ecs", account=""), [AWSS_OWN, ACCOUNTS]),
        (AWS_TOO, parameter_arn("/aws/reference/secretsmanager/x"), [AWSS_OWN]),
        (AWS_TOO, Source(Service.SSM, "/awsome/crm"), []),
        (AWS_TOO, secret("connections/aws/crm"), []),
    ],
)
def test_everything_out_of_bounds_is_told(
    policy: AllowedSources, source: Source, told: list[str]
) -> None:
    """Name, Region and account are judged each for itself."""
    problems = list(policy.problems(source))
    assert len(problems) == len(told)
    assert all(word in problem for word, problem in zip(told, problems, strict=True))
