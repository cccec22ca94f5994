"""What was fetched in an invocation is used again, but never for a connection written since."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from handler.aws import Caller
from handler.clock import Clock
from handler.errors import ProvisionerError, SecretNotUsableError
from handler.ownership import GRACE, instant
from handler.secret_sources import SecretSources
from handler.source import Service, Source
from tests.fake_aws import FakeAws, refusal
from tests.fakes import FakeTime

SECRET = Source(Service.SECRETS_MANAGER, "connections/crm")
PARAMETER = Source(Service.SSM_SECURE, "/connections/crm")


@pytest.fixture
def time() -> FakeTime:
    """Give the time."""
    return FakeTime()


@pytest.fixture
def aws() -> FakeAws:
    """Give AWS with two versions of a secret and of a parameter, one after the other."""
    aws = FakeAws()
    for version in ("1", "2"):
        aws.plan("get_secret_value", {"SecretString": version, "VersionId": version})
        parameter = {"Value": version, "Version": int(version), "Type": "SecureString"}
        aws.plan("get_parameter", {"Parameter": parameter})
    return aws


@pytest.fixture
def secrets(aws: FakeAws, time: FakeTime) -> SecretSources:
    """Give the adapter of one invocation."""
    return SecretSources(
        Caller("secretsmanager", aws.client("secretsmanager"), time.clock),
        lambda: Caller("ssm", aws.client("ssm"), time.clock),
    )


@pytest.mark.parametrize("source", [SECRET, PARAMETER])
def test_a_source_is_fetched_once(secrets: SecretSources, aws: FakeAws, source: Source) -> None:
    """Ten connections of a batch on one secret cost one call."""
    for _ in range(10):
        assert secrets.fetch(source, None).version_id == "1"
    assert len(aws.calls) == 1


@pytest.mark.parametrize("source", [SECRET, PARAMETER])
def test_what_was_fetched_before_a_connection_was_written_is_fetched_anew(
    secrets: SecretSources, time: FakeTime, source: Source
) -> None:
    """Whoever wrote it may have written a newer version, which an older one must not replace."""
    secrets.fetch(source, None)
    written_at = time.now + timedelta(seconds=1)
    time.seconds += 3600
    assert secrets.fetch(source, written_at).version_id == "2"


def test_clocks_that_differ_by_seconds_do_no_harm(secrets: SecretSources, time: FakeTime) -> None:
    """The writer's clock may be late: what was fetched just after it wrote is doubtful, too."""
    written_at = time.now
    time.seconds += GRACE.total_seconds() - 0.1
    assert secrets.fetch(SECRET, None).version_id == "1"
    assert secrets.fetch(SECRET, written_at).version_id == "2"
    time.seconds += 0.2
    assert secrets.fetch(SECRET, written_at - timedelta(seconds=1)).version_id == "2"


def test_what_was_fetched_well_after_the_last_write_is_used(
    secrets: SecretSources, time: FakeTime, aws: FakeAws
) -> None:
    """A fleet that was at rest: one call for all that the invocation refreshes."""
    secrets.fetch(SECRET, None)
    for hours in (1, 2, 3):
        assert secrets.fetch(SECRET, time.now - timedelta(hours=hours)).version_id == "1"
    assert len(aws.calls) == 1


def test_the_time_is_that_of_the_question_not_of_the_answer(
    secrets: SecretSources, time: FakeTime, aws: FakeAws
) -> None:
    """A value that was asked for before a write may be older than it, however late it came."""
    throttled = aws.planned["get_secret_value"]
    throttled.appendleft(refusal("ThrottlingException"))
    start = time.now
    secrets.fetch(SECRET, None)
    time.seconds = start.timestamp() + 60
    secrets.fetch(SECRET, start - GRACE)
    secrets.fetch(SECRET, start + timedelta(milliseconds=1) - GRACE)
    assert len(aws.of("get_secret_value")) == 3


def test_other_stages_and_versions_are_other_sources(secrets: SecretSources) -> None:
    """Each is fetched by itself."""
    other = Source(Service.SECRETS_MANAGER, "connections/crm", version_stage="AWSPREVIOUS")
    assert [secrets.fetch(each, None).version_id for each in (SECRET, other)] == ["1", "2"]


def test_a_failure_is_not_remembered(secrets: SecretSources, aws: FakeAws) -> None:
    """The next connection of the batch asks again."""
    aws.planned["get_secret_value"].appendleft(refusal("ResourceNotFoundException"))
    with pytest.raises(SecretNotUsableError):
        secrets.fetch(SECRET, None)
    assert secrets.fetch(SECRET, None).version_id == "1"


def asked_at_once(aws: FakeAws) -> list[object]:
    """Let ten ask before the first of them has read; give what became of each."""
    start, ticks, all_asked = FakeTime().seconds, itertools.count(), Event()

    def now() -> float:
        tick = next(ticks)
        if tick == 10:  # each has asked, and the first has begun to read
            all_asked.set()
        return start + tick / 1000

    client = aws.client("secretsmanager")
    read: Callable[..., Any] = client.get_secret_value

    def wait_and_read(**parameters: Any) -> Any:
        assert all_asked.wait(60)
        return read(**parameters)

    vars(client)["get_secret_value"] = wait_and_read
    clock = Clock(now, lambda _: None, lambda: 60)
    caller = Caller("secretsmanager", client, clock)
    secrets = SecretSources(caller, lambda: caller)

    def outcome(_: int) -> object:
        try:
            return secrets.fetch(SECRET, instant(start)).version_id
        except ProvisionerError as error:
            return error

    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(outcome, range(10)))


def test_those_who_wait_for_anothers_look_share_the_next_one(aws: FakeAws) -> None:
    """Ten connections made at once from one secret: not ten looks, one after the other."""
    assert set(asked_at_once(aws)) <= {"1", "2"}
    assert len(aws.calls) <= 2


def test_those_who_wait_share_the_next_failure(aws: FakeAws) -> None:
    """An unreachable secret does not take ten times its time-outs from a batch, in a row."""
    aws.planned["get_secret_value"].clear()
    aws.plan("get_secret_value", *[refusal("ResourceNotFoundException")] * 10)
    errors = asked_at_once(aws)
    assert [type(each) for each in errors] == [SecretNotUsableError] * 10
    assert len(aws.calls) <= 2
    assert len({id(each) for each in errors}) == 10  # each request notes its own things in it
