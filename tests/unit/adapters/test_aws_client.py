"""Calls to AWS: what is sent again, how often, and what of a refusal is told."""

import os

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from handler.adapters import aws_client as aws
from handler.adapters.aws_client import Caller
from handler.errors import (
    AccessDeniedError,
    AlreadyExistsError,
    InvalidRequestError,
    NetworkFailureError,
    ProvisionerError,
    ServiceInternalError,
    ServiceLimitExceededError,
    ThrottlingError,
)
from handler.settings import MOST_CALL_RETRIES
from tests.support.entry_point import CANARY, clock_of
from tests.support.fake_aws import FakeAws, refusal
from tests.support.function import forget_clients

pytestmark = pytest.mark.usefixtures("environment")

NO_LIMIT = 1e9


def caller(fake: FakeAws, service: str = "events", seconds: float = 20) -> Caller:
    """Make a caller whose sleeps take no time."""
    return Caller(service, fake.client(service), clock_of(seconds))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("LimitExceededException", ServiceLimitExceededError),
        ("ResourceAlreadyExistsException", AlreadyExistsError),
        ("ValidationException", InvalidRequestError),
    ],
)
def test_what_stays_is_sent_once_and_awss_text_is_kept_back(
    code: str, error: type[ProvisionerError]
) -> None:
    """AWS's messages echo values."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal(code, CANARY)] * 9)
    with pytest.raises(error) as raised:
        caller(fake)("update_connection", "connection n", Name="n")
    assert len(fake.calls) == 1
    assert CANARY not in raised.value.reason
    assert raised.value.__context__ is None or raised.value.__suppress_context__


@pytest.mark.parametrize(
    "code", ["ConcurrentModificationException", "ThrottlingException", "InternalException"]
)
def test_what_may_pass_is_asked_for_again(code: str) -> None:
    """ConcurrentModification among it, which botocore would not repeat."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal(code)] * 2)
    caller(fake)("update_connection", "connection n", Name="n")
    assert len(fake.calls) == 3


def test_retries_have_an_end() -> None:
    """However much time is left."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal("ThrottlingException")] * 99)
    with pytest.raises(ThrottlingError):
        caller(fake, seconds=NO_LIMIT)("update_connection", "connection n", Name="n")
    assert len(fake.calls) == MOST_CALL_RETRIES + 1


def test_nothing_is_tried_again_where_no_time_is_left() -> None:
    """The answer needs it."""
    fake = FakeAws()
    fake.plan("update_connection", *[refusal("ThrottlingException")] * 9)
    with pytest.raises(ThrottlingError):
        caller(fake, seconds=-1)("update_connection", "connection n", Name="n")
    assert len(fake.calls) == 1


def test_botocore_itself_repeats_nothing() -> None:
    """It would send a quota's refusal again, and take the time that is kept for the answer."""
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    try:
        config = aws.client("events", 1, 1).meta.config
    finally:
        forget_clients()
        del os.environ["AWS_DEFAULT_REGION"]
    assert config.retries["total_max_attempts"] == 1


def test_a_refusal_is_meant(fake_aws: FakeAws) -> None:
    """It is sent once, told with what may be missing, and without AWS's own text."""
    fake_aws.plan("describe_connection", refusal("AccessDeniedException", CANARY))
    with pytest.raises(AccessDeniedError) as raised:
        caller(fake_aws)("describe_connection", "connection n", Name="n")
    assert CANARY not in raised.value.reason
    assert "the function's role needs" in raised.value.reason
    assert len(fake_aws.calls) == 1


@pytest.mark.parametrize(
    ("raised", "error", "reason"),
    [
        (
            ParamValidationError(report=CANARY),
            InvalidRequestError,
            "does not accept the request's form",
        ),
        (
            ReadTimeoutError(endpoint_url=CANARY),
            NetworkFailureError,
            "got no answer (ReadTimeoutError)",
        ),
        (
            EndpointConnectionError(endpoint_url=CANARY),
            NetworkFailureError,
            "got no answer (EndpointConnectionError)",
        ),
        (NoCredentialsError(), ServiceInternalError, "could not be made (NoCredentialsError)"),
    ],
)
def test_what_botocore_raises_itself_is_told_by_its_kind_alone(
    raised: Exception, error: type[ProvisionerError], reason: str
) -> None:
    """Its messages echo what was sent, and where to."""
    fake = FakeAws()
    fake.always["update_connection"] = raised
    with pytest.raises(error) as failed:
        caller(fake, seconds=-1)("update_connection", "connection n", Name="n")
    assert failed.value.reason == f"events:UpdateConnection on connection n {reason}"
