"""Adapter: Secrets Manager and Parameter Store."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from handler.aws import Caller
from handler.errors import ProvisionerError, SecretNotUsableError
from handler.ownership import GRACE, instant
from handler.reference import shortened
from handler.source import SecretValue, Service, Source


@dataclass(frozen=True, slots=True)
class SecretSources:
    """Reads secrets and parameters, and remembers them for the invocation it lives in only."""

    secrets_manager: Caller
    make_parameter_store: Callable[[], Caller]  # few requests name a parameter
    _read: dict[Source, tuple[datetime, SecretValue]] = field(default_factory=dict, repr=False)
    _failed: dict[Source, tuple[datetime, ProvisionerError]] = field(
        default_factory=dict, repr=False
    )
    _locks: dict[Source, Lock] = field(default_factory=dict, repr=False)

    def fetch(self, source: Source, since: datetime | None) -> SecretValue:
        """
        Read a source, or give what was read of it after that time.

        What was read before a connection's links were written may be older than the rotation that
        they did not hear of. A failure is shared by those who asked before it began.

        Raises:
            SecretNotUsableError: it is not there, or holds no text.
        """
        asked_at = instant(self.secrets_manager.clock.now())
        with self._locks.setdefault(source, Lock()):  # messages of a batch are handled at once
            known = self._read.get(source)
            # What another began to read after this question was asked is as good as its own.
            if known and (since is None or known[0] > asked_at or known[0] >= since + GRACE):
                return known[1]
            failed_at, failure = self._failed.get(source, (asked_at, None))
            if failure and failed_at > asked_at:
                raise copy(failure)  # each request notes its own things in it
            return self._newly_read(source)

    def _newly_read(self, source: Source) -> SecretValue:
        read_at = instant(self.secrets_manager.clock.now())
        try:
            value = self._fetch(source)
        except ProvisionerError as error:
            self._failed[source] = read_at, copy(error)
            raise
        self._read[source] = read_at, value
        return value

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
        answer: dict[str, Any] = self.make_parameter_store()(
            "get_parameter", f"parameter {shortened(name)}", Name=name, WithDecryption=True
        )["Parameter"]
        is_secret = answer["Type"] == "SecureString"
        return SecretValue(answer["Value"], str(answer["Version"]), is_secret=is_secret)
