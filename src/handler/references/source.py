"""Where a referenced value lives: a secret or a parameter, and one version of it."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

UNKNOWN_SUFFIX = "-??????"  # as IAM policies write the six unknown characters
# What Secrets Manager appends to a name; a name itself may end in the same form.
SUFFIX = re.compile(r"-([A-Za-z0-9]{6}|\?{6})\Z")


class Service(StrEnum):
    """Where a referenced value lives."""

    SECRETS_MANAGER = "secretsmanager"
    SSM_SECURE = "ssm-secure"
    SSM = "ssm"
    SSM_ARN = "ssm-arn"  # plain or secure: known once it is fetched


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret or a parameter by its name, without a version, as events name it."""

    name: str
    is_parameter: bool = False
    account: str = ""  # "" means: the function's own

    @property
    def refresh_members(self) -> dict[str, str]:
        """Give the members by which a Refresh names it."""
        if self.is_parameter:
            return {"ParameterName": self.name}
        return {"SecretId": self.name} | ({"AccountId": self.account} if self.account else {})


@dataclass(frozen=True, slots=True)
class Source:
    """What one call fetches: a version of a secret, or of a parameter."""

    service: Service
    source_id: str
    version_stage: str = ""
    version_id: str = ""

    def __str__(self) -> str:
        """Name what is fetched, as the registry keys its versions."""
        return f"{self.service}:{self.source_id}:{self.version_stage}:{self.version_id}"

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Understand what __str__ wrote."""
        service, _, rest = text.partition(":")
        source_id, version_stage, version_id = rest.rsplit(":", 2)
        return cls(Service(service), source_id, version_stage, version_id)

    @property
    def is_arn(self) -> bool:
        """Tell whether it is given by an ARN, not by a name."""
        return self.source_id.startswith("arn:")

    @property
    def account(self) -> str:
        """Give the account that an ARN names; "" means the function's own."""
        return self.source_id.split(":")[4] if self.is_arn else ""

    @property
    def secret(self) -> Secret:
        """Give the secret or parameter that it is a version of."""
        if self.service is Service.SECRETS_MANAGER:
            return Secret(self.name, account=self.account)
        return Secret("/" + self.name.lstrip("/"), is_parameter=True, account=self.account)

    @property
    def name(self) -> str:
        """Give the name without ARN and without the six characters that Secrets Manager appends."""
        is_secret = self.service is Service.SECRETS_MANAGER
        return SUFFIX.sub("", self._tail) if is_secret and self.is_arn else self._tail

    @property
    def is_partial(self) -> bool:
        """Tell whether an ARN lacks the six characters, so that it means a name."""
        return self.is_arn and self.name == self._tail

    @property
    def candidates(self) -> tuple["Source", ...]:
        """Give both readings of a secret's ARN: with Secrets Manager's suffix, and partial."""
        if self.service is not Service.SECRETS_MANAGER or not self.is_arn:
            return (self,)
        return self, self._named(self._tail)

    def answered(self, name: str) -> "Source":
        """Give the reading whose name Secrets Manager returned."""
        return self if self.name == name or not self.is_arn else self._named(name)

    def _named(self, name: str) -> "Source":
        begin = self.source_id.removesuffix(self._tail)
        return replace(self, source_id=f"{begin}{name}{UNKNOWN_SUFFIX}")

    @property
    def _tail(self) -> str:
        if not self.is_arn:
            return self.source_id
        kind = "secret:" if self.service is Service.SECRETS_MANAGER else "parameter"
        return self.source_id.split(":", 5)[5].removeprefix(kind)

    @property
    def is_pinned(self) -> bool:
        """Tell whether it names one version, which a rotation does not change."""
        return bool(self.version_id)
