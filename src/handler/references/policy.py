"""Which secrets and parameters this installation may read; IAM says the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handler.references.source import Service, Source

# The template's parameter, and the variable that it sets.
SETTING_OF_SECRETS = "AllowedSecretPrefixes (ALLOWED_SECRET_PREFIXES)"
SETTING_OF_PARAMETERS = "AllowedParameterPrefixes (ALLOWED_PARAMETER_PREFIXES)"
# GetParameter of /aws/reference/secretsmanager/name gives the secret of that name.
RESERVED = re.compile(r"/*aws(/|$)", re.ASCII | re.IGNORECASE)


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
        is_secret = source.service is Service.SECRETS_MANAGER
        prefixes = self.secret_prefixes if is_secret else self.parameter_prefixes
        setting = SETTING_OF_SECRETS if is_secret else SETTING_OF_PARAMETERS
        if "!" in source.name:
            yield "secrets that an AWS service owns (with ! in their name) cannot be referenced"
        elif not is_secret and RESERVED.match(source.name):
            yield "parameters under /aws/ are AWS's own, also where they lead to a secret"
        elif not any(each.name.startswith(prefixes) for each in source.candidates):
            yield f"its name must begin with an allowed prefix; {setting}: {', '.join(prefixes)}"
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
