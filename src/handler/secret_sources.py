"""Adapter: Secrets Manager and Parameter Store."""

from dataclasses import dataclass, field
from typing import Any

from handler.aws import Caller
from handler.errors import ProvisionerError, SecretNotUsableError
from handler.reference import SecretValue, Service, Source, shortened


@dataclass(frozen=True, slots=True)
class SecretSources:
    """
    Reads secrets and parameters, each once for the invocation it lives in; it must not outlive
    that.
    """

    secrets_manager: Caller
    parameter_store: Caller
    _read: dict[Source, SecretValue | ProvisionerError] = field(default_factory=dict, repr=False)

    def fetch(self, source: Source) -> SecretValue:
        """
        Read a source.

        Raises:
            SecretNotUsableError: it is not there, or holds no text.
        """
        if source not in self._read:
            try:
                self._read[source] = self._fetch(source)
            except SecretNotUsableError as error:
                self._read[source] = error
        found = self._read[source]
        if isinstance(found, ProvisionerError):
            raise found
        return found

    def _fetch(self, source: Source) -> SecretValue:
        if source.service is Service.SECRETS_MANAGER:
            return self._secret(source)
        return self._parameter(source)

    def _secret(self, source: Source) -> SecretValue:
        given = {"VersionStage": source.version_stage, "VersionId": source.version_id}
        wanted = {name: value for name, value in given.items() if value}
        subject = f"secret {shortened(source.source_id)}"
        answer = self.secrets_manager(
            "get_secret_value", subject, SecretId=source.source_id, **wanted
        )
        if "SecretString" not in answer:
            raise SecretNotUsableError(f"{subject} is binary; only text can be referenced")
        return SecretValue(answer["SecretString"], answer["VersionId"], is_secret=True)

    def _parameter(self, source: Source) -> SecretValue:
        name = f"{source.source_id}:{source.version_id}" if source.version_id else source.source_id
        answer: dict[str, Any] = self.parameter_store(
            "get_parameter", f"parameter {shortened(name)}", Name=name, WithDecryption=True
        )["Parameter"]
        is_secret = answer["Type"] == "SecureString"
        return SecretValue(answer["Value"], str(answer["Version"]), is_secret=is_secret)
