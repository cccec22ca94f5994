"""
Every error that requesters see; none holds a value of a request or of a secret.

ProvisionerError
├── InvalidRequestError         the request can never work as it stands
├── AlreadyExistsError          the name is taken by somebody else
├── NotFoundError               there is no such connection, or it is not the requester's
├── AccessDeniedError           an IAM, resource or key policy refuses
├── ServiceLimitExceededError   a quota is used up
├── NotStabilizedError          the connection did not become usable (transient while it moves)
├── SecretNotUsableError        a referenced secret is missing, or not of the expected form
├── SupersededError             a newer request of the same owner was applied already
└── TransientError              may work later
    ├── ResourceConflictError   somebody else is changing the same thing
    ├── ThrottlingError
    ├── ServiceInternalError
    └── NetworkFailureError

Source:
    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
"""

from collections.abc import Sequence


class ProvisionerError(Exception):
    """Anything that ends a request without success."""

    is_transient = False
    created_name = ""
    aws_code = ""  # AWS's error code, if AWS refused a call
    has_made_nothing = False  # nothing was written: what the registry held is given back
    has_unknown_end = False  # a failed try may have been carried out by AWS

    def __init__(self, reason: str) -> None:
        """Keep a reason that is safe to show to anybody."""
        super().__init__(reason)
        self.reason = reason

    @property
    def code(self) -> str:
        """Give the ErrorCode of results: the class's name without ``Error``."""
        return type(self).__name__.removesuffix("Error")


class InvalidRequestError(ProvisionerError):
    """When a request can never work as it stands."""


class AlreadyExistsError(ProvisionerError):
    """When the name belongs to somebody else."""


class NotFoundError(ProvisionerError):
    """When the connection does not exist or is not the requester's."""


class AccessDeniedError(ProvisionerError):
    """When a policy refuses one of the calls."""


class ServiceLimitExceededError(ProvisionerError):
    """When a quota of the account is used up."""


class NotStabilizedError(ProvisionerError):
    """When the connection did not reach a usable state."""

    def __init__(
        self,
        reason: str,
        *,
        is_transient: bool = False,
        is_moving: bool = False,
        is_private: bool = False,
    ) -> None:
        """Keep whether the connection still moves, is private, and may be usable at a later try."""
        super().__init__(reason)
        self.is_transient = is_transient
        self.is_moving = is_moving
        self.is_private = is_private


class SecretNotUsableError(ProvisionerError):
    """When a referenced secret is missing or not of the expected form."""


class SupersededError(ProvisionerError):
    """When a newer request of the same owner was applied already, so that nothing was done."""


class TransientError(ProvisionerError):
    """When the same request may work later."""

    is_transient = True


class ResourceConflictError(TransientError):
    """When somebody else is changing the same connection."""


class ThrottlingError(TransientError):
    """When AWS asks to slow down."""


class ServiceInternalError(TransientError):
    """When AWS or this function failed internally."""

    code = "ServiceInternalError"  # CloudFormation's name for it ends in Error


class NetworkFailureError(TransientError):
    """When AWS could not be reached."""


def numbered(sentences: Sequence[str]) -> str:
    """Join sentences, each with its number, because they may hold any separator."""
    if len(sentences) < 2:  # noqa: PLR2004 (one needs no number)
        return "".join(sentences)
    return " ".join(f"({number}) {each}" for number, each in enumerate(sentences, 1))


def unusable_environment(problems: Sequence[str]) -> ServiceInternalError:
    """Make the error for an environment of the function, with everything that is wrong with it."""
    return ServiceInternalError(f"the function's environment is not usable: {numbered(problems)}")
