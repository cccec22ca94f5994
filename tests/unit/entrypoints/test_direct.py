"""A direct invocation's result and error, as its caller sees them."""

from typing import Any

import pytest

from handler.entrypoints import direct
from handler.errors import InvalidRequestError
from handler.observability import logger
from tests.support.entry_point import CANARY, DONE, handled_as, invoke
from tests.support.fake_aws import FakeAws
from tests.support.function_output import CurrentStdout, FunctionOutput

pytestmark = pytest.mark.usefixtures("environment")

CREATE: dict[str, Any] = {"RequestType": "Create", "ResourceProperties": {"Name": "crm"}}


@pytest.mark.parametrize(
    ("members", "owner"), [({}, "requests"), ({"Owner": "team-a"}, "requests/team-a")]
)
def test_the_result_shows_the_owner_whole_and_no_installation(
    members: dict[str, str],
    owner: str,
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its caller knows which function it invoked."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")
    handled_as(monkeypatch, direct, DONE)
    result = invoke({**CREATE, **members})
    assert result["Owner"] == owner
    assert "Installation" not in result
    assert fake_aws.calls == []


@pytest.mark.parametrize("owner", [f"{CANARY}!", f"{CANARY}/x", f"{CANARY}\n", [CANARY], None, ""])
def test_a_malformed_owner_is_refused_and_not_repeated(
    owner: object,
    fake_aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither in the error nor in the log."""
    monkeypatch.setattr(logger.registered_handler, "stream", CurrentStdout())
    output = FunctionOutput(capsys)
    with pytest.raises(InvalidRequestError) as raised:
        invoke({"RequestType": "List", "Owner": owner})
    assert raised.value.reason == r"Owner: must be a string of the form [A-Za-z0-9._-]{1,64}"
    (line,) = output.lines
    assert (line["message"], line["owner"]) == ("request failed", "")
    assert CANARY not in output.text
    assert fake_aws.calls == []
