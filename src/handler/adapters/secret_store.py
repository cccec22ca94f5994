"""Adapter: Secrets Manager and Parameter Store."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from handler.adapters.aws_client import Caller
from handler.errors import SecretNotUsableError
from handler.references.reference import shortened
from handler.references.secret_value import SecretValue
from handler.references.source import Service, Source

NOT_FOUND = "ResourceNotFoundException"


class SecretStore(NamedTuple):
    """Reads secrets and parameters, and remembers nothing."""

    secrets_manager: Caller
    make_parameter_store: Callable[[], Caller]  # few requests name a parameter
    account: str

    def fetch(self, source: Source) -> SecretValue:
        """
        Read a source; an ARN of this account that is not found is read as a name.

        Raises:
            SecretNotUsableError: it is not there, or holds no text.
        """
        if source.service is not Service.SECRETS_MANAGER:
            return self._parameter(source)
        try:
            return self._secret(source)
        except SecretNotUsableError as error:
            is_ours = source.account == self.account and error.aws_code == NOT_FOUND
            for named in source.candidates[1:] if is_ours else ():
                with suppress(SecretNotUsableError):
                    return self._secret(replace(named, source_id=named.name))
            raise error from None

    def _secret(self, source: Source) -> SecretValue:
        given = {"VersionStage": source.version_stage, "VersionId": source.version_id}
        wanted = {name: value for name, value in given.items() if value}
        subject = f"secret {shortened(source.source_id)}"
        answer = self.secrets_manager(
            "get_secret_value", subject, SecretId=source.source_id, **wanted
        )
        if "SecretString" not in answer:
            raise SecretNotUsableError(f"{subject} is binary; only text can be referenced")
        text, version_id = answer["SecretString"], answer["VersionId"]
        return SecretValue(text, version_id, is_secret=True, name=answer["Name"])

    def _parameter(self, source: Source) -> SecretValue:
        name = f"{source.source_id}:{source.version_id}" if source.version_id else source.source_id
        answer: dict[str, Any] = self.make_parameter_store()(
            "get_parameter", f"parameter {shortened(name)}", Name=name, WithDecryption=True
        )["Parameter"]
        is_secret = answer["Type"] == "SecureString"
        version = str(answer["Version"])
        return SecretValue(answer["Value"], version, is_secret=is_secret, name=source.name)
