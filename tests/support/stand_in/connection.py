"""What EventBridge keeps of one connection, and of the secret that it manages for it."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.support.lag import Lag, Past
from tests.support.stand_in.pace import GONE, Course
from tests.support.stand_in.parameters import associated, resource_configuration, shown
from tests.support.stand_in.secret_text import secret_text

PARTITION, REGION, ACCOUNT = "aws", "us-east-1", "123456789012"
SUFFIX_CHARACTERS = string.ascii_letters + string.digits


@dataclass(slots=True)
class ManagedSecret:
    """The secret ``events!connection/NAME/UUID``: its versions, oldest first, and its end."""

    name: str
    created: float
    suffix: str = field(
        default_factory=lambda: "".join(secrets.choice(SUFFIX_CHARACTERS) for _ in range(6))
    )
    versions: list[tuple[str, str]] = field(default_factory=list)
    is_marked_for_deletion: bool = False
    is_gone: bool = False

    @property
    def arn(self) -> str:
        """Return the secret's ARN."""
        return f"arn:{PARTITION}:secretsmanager:{REGION}:{ACCOUNT}:secret:{self.name}-{self.suffix}"

    @property
    def text(self) -> str:
        """Return what the current version holds."""
        return self.versions[-1][1]

    def put(self, text: str) -> None:
        """Make a new current version."""
        self.versions.append((str(uuid4()).upper(), text))


@dataclass(slots=True)
class StoredConnection:
    """A connection with everything that arrived, credentials included."""

    name: str
    authorization_type: str
    auth_parameters: dict[str, Any]
    creation_time: float
    course: Course
    description: str = ""
    kms_key_identifier: str = ""
    invocation_connectivity: dict[str, Any] = field(default_factory=dict)
    last_modified_time: float = 0.0
    past_modified_times: Past[float] = field(default_factory=Past)
    last_authorized_time: float = 0.0
    secret: ManagedSecret | None = None
    uuid: str = field(default_factory=lambda: str(uuid4()))
    association_id: str = field(default_factory=lambda: uuid4().hex[:17])

    @property
    def arn(self) -> str:
        """Return the connection's ARN."""
        return f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:connection/{self.name}/{self.uuid}"

    @property
    def state(self) -> str:
        """Return the state of this moment."""
        return self.course.now().state

    @property
    def state_reason(self) -> str:
        """Return why it is in this state."""
        return self.course.now().reason

    @property
    def is_private(self) -> bool:
        """Tell whether the API lies in a VPC."""
        return bool(resource_configuration(self.invocation_connectivity))

    @property
    def has_private_token_endpoint(self) -> bool:
        """Tell whether the token endpoint lies in a VPC."""
        return "ConnectivityParameters" in self.auth_parameters

    def keep_secret(self, now: float) -> ManagedSecret:
        """Write the parameters to the managed secret, a new one where there is none."""
        if self.secret and self.secret.is_marked_for_deletion:
            self.bury_secret()
        if self.secret is None:
            self.secret = ManagedSecret(f"events!connection/{self.name}/{uuid4()}", now)
        self.secret.put(secret_text(self.auth_parameters))
        return self.secret

    def drop_secret(self) -> None:
        """Delete the managed secret, which cannot be read from this moment."""
        if self.secret:
            self.secret.is_marked_for_deletion = True

    def bury_secret(self) -> None:
        """Forget the managed secret, which is gone."""
        if self.secret:
            self.secret.is_marked_for_deletion = self.secret.is_gone = True
            self.secret = None

    def modify(self, now: float) -> None:
        """Note the time of a change."""
        self.past_modified_times.note(now, self.last_modified_time or now)
        self.last_modified_time = now

    def forget_past(self) -> None:
        """Show everything as it is, also to a reader that lags."""
        self.past_modified_times.forget()
        self.course.past.forget()

    def summary(self, now: float, lag: Lag) -> dict[str, Any]:
        """Give an item of ListConnections."""
        phase = self.course.at(now - lag.state_seconds)
        modified = self.past_modified_times.at(now - lag.modified_seconds, self.last_modified_time)
        reason = {"StateReason": phase.reason} if phase.reason else {}
        return {
            "ConnectionArn": self.arn,
            "Name": self.name,
            "ConnectionState": "DELETING" if phase.state == GONE else phase.state,
            **reason,
            "AuthorizationType": self.authorization_type,
            **self.times(),
            "LastModifiedTime": int(modified),
        }

    def details(self, now: float, lag: Lag) -> dict[str, Any]:
        """Give what DescribeConnection shows."""
        optional = {
            "Description": self.description,
            "KmsKeyIdentifier": self.kms_key_identifier,
            "SecretArn": self.secret.arn if self.secret else "",
            "InvocationConnectivityParameters": self.is_private
            and associated(self.invocation_connectivity, self._association_arn),
        }
        return {
            **self.summary(now, lag),
            **{name: value for name, value in optional.items() if value},
            "AuthParameters": shown(self.auth_parameters, self._association_arn),
        }

    def answer(self, state: str) -> dict[str, Any]:
        """Give what Update, Delete and Deauthorize answer."""
        return {"ConnectionArn": self.arn, "ConnectionState": state, **self.times()}

    def times(self) -> dict[str, int]:
        """Give the times as they are on the wire: whole seconds since the epoch."""
        return {
            "CreationTime": int(self.creation_time),
            "LastModifiedTime": int(self.last_modified_time),
            "LastAuthorizedTime": int(self.last_authorized_time),
        }

    @property
    def _association_arn(self) -> str:
        return (
            f"arn:{PARTITION}:vpc-lattice:{REGION}:{ACCOUNT}:"
            f"servicenetworkresourceassociation/snra-{self.association_id}"
        )
