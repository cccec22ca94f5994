"""
Plays CloudFormation: keeps a stack's custom resource as it does, and judges every answer.

Lambda is played, too: an invocation that raises, or is killed, is tried again, three times in all;
what fails each time is handed over.

Source: what CloudFormation sends after which answer, as users and the CDK's authors report it.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
    https://github.com/aws/aws-cdk/pull/29581
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from handler.errors import ProvisionerError
from tests.support.response_url_server import ResponseUrlServer
from tests.support.stack_requests import CustomResource, Signer

MADE_UP = "shop-Connection-1A2B3C4D5E6F"
ATTEMPTS = 3
RETRY_SECONDS = (60.0, 120.0, 0.0)  # Lambda's pauses after an attempt
MOST_BYTES = 4096
INVOCATION_SECONDS = 30.0
NO_PROPERTIES: Mapping[str, Any] = {}


class Killed(BaseException):
    """When Lambda ends an invocation."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What CloudFormation reads of an answer."""

    status: str
    physical_resource_id: str
    reason: str
    data: Mapping[str, str]

    @property
    def is_success(self) -> bool:
        """Tell whether the request succeeded."""
        return self.status == "SUCCESS"


@dataclass(slots=True)
class CloudFormation:
    """Sends requests in order of time, and knows what was answered to each."""

    function: Callable[[Any, float], Any]
    server: ResponseUrlServer
    threads: ThreadPoolExecutor
    sleep: Callable[[float], None] = lambda _: None
    hand_over: Callable[[Mapping[str, Any]], None] = lambda _: None  # to the UnansweredQueue
    _signer: Signer = field(default_factory=Signer)
    _sent: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _invocations: Counter[str] = field(default_factory=Counter)

    def stack(self) -> "Stack":
        """Make a stack."""
        return Stack(self, CustomResource(self.server.origin, signer=self._signer))

    def deliver(
        self, request: Mapping[str, Any], seconds: float = INVOCATION_SECONDS
    ) -> Answer | None:
        """Let Lambda deliver a request, and give its answer; None where none was acknowledged."""
        for pause in RETRY_SECONDS:
            known = len(self.answers(request))
            try:
                self.function(dict(request), seconds)
            except (ProvisionerError, Killed):
                # It may have answered, unacknowledged, or left that to the next attempt.
                self._invocations[self._target(request)] += len(self.answers(request)) - known
                self.sleep(pause)
            else:
                self._invocations[self._target(request)] += 1
                return self.answers(request)[-1]
        known = len(self.answers(request))
        self.hand_over(request)
        handed_over = self.answers(request)[known:]
        self._invocations[self._target(request)] += len(handed_over)
        return handed_over[-1] if handed_over else None

    def begin(
        self, request: Mapping[str, Any], seconds: float = INVOCATION_SECONDS
    ) -> Future[Answer | None]:
        """Deliver a request while the test goes on."""
        return self.threads.submit(self.deliver, request, seconds)

    def expect_answer(self, request: Mapping[str, Any]) -> None:
        """Expect the answer of an invocation that is made elsewhere."""
        self._invocations[self._target(request)] += 1

    def answers(self, request: Mapping[str, Any]) -> list[Answer]:
        """Give the answers to a request so far, in the order in which they came."""
        target = self._target(request)
        given = [put.answer for put in list(self.server.puts) if put.target == target]
        return [
            Answer(each["Status"], each["PhysicalResourceId"], each["Reason"], each["Data"])
            for each in given
        ]

    def judge(self) -> None:
        """Check every answer, once nothing runs any more."""
        assert Counter(put.target for put in self.server.puts) == self._invocations
        for target, request in self._sent.items():
            puts = [put for put in self.server.puts if put.target == target]
            assert all(len(put.body) <= MOST_BYTES for put in puts)
            assert len({put.answer["PhysicalResourceId"] for put in puts}) == 1
            for put in puts:
                judge(put.answer, request)

    def _target(self, request: Mapping[str, Any]) -> str:
        target: str = request["ResponseURL"].removeprefix(self.server.origin)
        self._sent[target] = request
        return target


def judge(answer: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    """Check one answer as far as it says nothing about the others."""
    assert answer["Status"] in ("SUCCESS", "FAILED")
    assert answer["Reason"] or answer["Status"] == "SUCCESS"
    assert isinstance(answer["PhysicalResourceId"], str)
    assert answer["PhysicalResourceId"]
    for echoed in ("StackId", "RequestId", "LogicalResourceId"):
        assert answer[echoed] == request[echoed]
    if request["RequestType"] == "Delete":
        assert answer["PhysicalResourceId"] == request["PhysicalResourceId"]


@dataclass(slots=True)
class Stack:
    """One stack with one connection in its template."""

    cloudformation: CloudFormation
    resource: CustomResource
    physical_resource_id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)

    def request(
        self,
        request_type: str,
        properties: Mapping[str, Any],
        physical_resource_id: str = "",
        old_properties: Mapping[str, Any] = NO_PROPERTIES,
        **members: Any,
    ) -> dict[str, Any]:
        """Make a request as CloudFormation would send it now, each scalar a string."""
        old = {"OldResourceProperties": stringified(old_properties)} if old_properties else {}
        given = stringified(properties)
        return self.resource.request(request_type, given, physical_resource_id, **(old | members))

    def creation(self, properties: Mapping[str, Any], **members: Any) -> dict[str, Any]:
        """Make the Create."""
        return self.request("Create", properties, **members)

    def change(self, properties: Mapping[str, Any], **members: Any) -> dict[str, Any]:
        """Make an Update of what is there."""
        return self.request(
            "Update", properties, self.physical_resource_id, self.properties, **members
        )

    def create(self, properties: Mapping[str, Any]) -> Answer | None:
        """Create the resource; where that fails, delete what was told, or an id made up."""
        answer = self.cloudformation.deliver(self.creation(properties))
        if answer and answer.is_success:
            self.keep(answer, properties)
        else:
            self.clean_up(answer.physical_resource_id if answer else MADE_UP, properties)
        return answer

    def update(self, properties: Mapping[str, Any]) -> Answer | None:
        """Update the resource, and delete what it replaced; where it fails, roll back."""
        answer = self.cloudformation.deliver(self.change(properties))
        if not answer or not answer.is_success:
            self.roll_back(answer, properties)
            return answer
        replaced, old = self.physical_resource_id, self.properties
        self.keep(answer, properties)
        if replaced != answer.physical_resource_id:
            self.clean_up(replaced, old)
        return answer

    def update_beside_a_failure(self, properties: Mapping[str, Any]) -> Answer | None:
        """Update the resource; another one of the stack fails, so that all is rolled back."""
        answer = self.cloudformation.deliver(self.change(properties))
        self.roll_back(answer, properties)
        return answer

    def roll_back(self, answer: Answer | None, failed: Mapping[str, Any]) -> Answer:
        """Update to the properties from before, then delete the id that is not used any more."""
        before, old = self.physical_resource_id, self.properties
        adopted = answer.physical_resource_id if answer else before
        restored = self._succeeded(self.request("Update", old, adopted, failed))
        self.keep(restored, old)
        for unused, properties in {before: old, adopted: failed}.items():
            if unused != restored.physical_resource_id:
                self.clean_up(unused, properties)
        return restored

    def delete(self) -> Answer | None:
        """Delete the resource; where that fails, it stays in the stack (DELETE_FAILED)."""
        answer = self.cloudformation.deliver(self.deletion(self.physical_resource_id))
        if answer and answer.is_success:
            self.physical_resource_id, self.properties = "", {}
        return answer

    def deletion(
        self, physical_resource_id: str, properties: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Make a Delete."""
        given = self.properties if properties is None else properties
        return self.request("Delete", given, physical_resource_id)

    def clean_up(self, physical_resource_id: str, properties: Mapping[str, Any]) -> Answer:
        """Delete what a rollback or a replacement left."""
        return self._succeeded(self.deletion(physical_resource_id, properties))

    def keep(self, answer: Answer, properties: Mapping[str, Any]) -> None:
        """Remember the resource as it is now."""
        self.physical_resource_id = answer.physical_resource_id
        self.properties = properties

    def _succeeded(self, request: Mapping[str, Any]) -> Answer:
        answer = self.cloudformation.deliver(request)
        assert answer
        assert answer.is_success, answer.reason
        return answer


def stringified(value: Any) -> Any:
    """Turn every scalar into a string, as CloudFormation does."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return {name: stringified(item) for name, item in value.items()}
        case list():
            return [stringified(item) for item in value]
        case _:
            return str(value)
