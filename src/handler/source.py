"""Where a referenced value lives: a secret or a parameter, and one version of it."""

from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    """Where a referenced value lives."""

    SECRETS_MANAGER = "secretsmanager"
    SSM_SECURE = "ssm-secure"
    SSM = "ssm"
    SSM_ARN = "ssm-arn"  # plain or secure: known once it is fetched


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret or a parameter by its name, whatever the version: what an event tells about."""

    name: str
    is_parameter: bool = False
    account: str = ""  # "" means: the function's own

    @property
    def selector(self) -> dict[str, str]:
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
    account: str = ""  # "" means: the function's own

    def __str__(self) -> str:
        """Name what is fetched, as the registry keys its versions."""
        return f"{self.service}:{self.source_id}:{self.version_stage}:{self.version_id}"

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Understand what __str__ wrote."""
        service, _, rest = text.partition(":")
        source_id, version_stage, version_id = rest.rsplit(":", 2)
        account = source_id.split(":")[4] if source_id.startswith("arn:") else ""
        return cls(Service(service), source_id, version_stage, version_id, account)

    @property
    def secret(self) -> Secret:
        """Give what it is a version of."""
        if self.service is Service.SECRETS_MANAGER:
            return Secret(self.name, account=self.account)
        return Secret("/" + self.name.lstrip("/"), is_parameter=True, account=self.account)

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
