"""Which secrets and parameters this installation may read; IAM says the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from handler.references.source import Service, Source


@dataclass(frozen=True, slots=True)
class AllowedSources:
    """Which sources this installation may read."""

    partition: str
    region: str
    account: str
    secret_prefixes: tuple[str, ...]
    parameter_prefixes: tuple[str, ...]
    accounts: tuple[str, ...]

    def problems(self, source: Source) -> Iterator[str]:
        """Yield every reason why a source is out of bounds."""
        if source.service is Service.SECRETS_MANAGER:
            setting = "AllowedSecretPrefixes (ALLOWED_SECRET_PREFIXES)"
            yield from _name_problems(source, self.secret_prefixes, setting)
        else:
            setting = "AllowedParameterPrefixes (ALLOWED_PARAMETER_PREFIXES)"
            yield from _name_problems(source, self.parameter_prefixes, setting)
        if source.is_arn:
            yield from self._arn_problems(source, *source.source_id.split(":")[1:4:2])

    def _arn_problems(self, source: Source, partition: str, region: str) -> Iterator[str]:
        if (partition, region) != (self.partition, self.region):
            yield f"it lies in another Region; only {self.region} ({self.partition}) is supported"
        others = self.accounts if source.service is Service.SECRETS_MANAGER else ()
        if source.account not in (self.account, *others):
            yield "its account is not allowed; AllowedAccounts (ALLOWED_ACCOUNTS), for secrets only"
        elif source.account != self.account and source.is_partial:
            yield "the ARN of another account's secret ends with the six characters after its name"


def _name_problems(source: Source, prefixes: tuple[str, ...], setting: str) -> Iterator[str]:
    # A setting is told as the template's parameter, and the variable that it sets.
    if "!" in source.name:
        yield "secrets that an AWS service owns (with ! in their name) cannot be referenced"
    elif source.secret.is_parameter and source.secret.name.lower().startswith("/aws/"):
        # AWS's public parameters, and /aws/reference/secretsmanager/: every secret of the account.
        yield "parameters below /aws/ cannot be referenced, whatever the allowed prefixes are"
    elif not any(each.name.startswith(prefixes) for each in source.candidates):
        yield f"its name must begin with an allowed prefix; {setting}: {', '.join(prefixes)}"
