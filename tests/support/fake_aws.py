"""AWS behind boto3's clients, without any transport: what was called, and what was planned."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import ServiceModel, Shape
from botocore.validate import validate_parameters

from tools.local.operations import OPERATIONS_FILE

Planned = dict[str, Any] | Exception


@cache
def model_of(service: str) -> ServiceModel:
    """Read the installed botocore's model of a service, once."""
    return botocore.session.get_session().get_service_model(service)


@cache
def shipped_methods(service: str) -> dict[str, str]:
    """Name the operations that the layer ships, by their methods; the function knows no other."""
    operations = (each.split(":") for each in OPERATIONS_FILE.read_text("utf-8").split())
    return {xform_name(operation): operation for name, operation in operations if name == service}


@dataclass(slots=True)
class FakeAws:
    """
    Every service: calls are noted, and answered with what was planned for them, or nothing.

    A call that AWS's own model does not know fails, as one that a client would not send.
    """

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    planned: defaultdict[str, deque[Planned]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, Planned] = field(default_factory=dict)  # where nothing is planned
    is_for_a_tool: bool = False  # which uses the whole of boto3, where the function has the layer

    def plan(self, operation: str, *answers: Planned) -> None:
        """Say what the next calls of an operation are answered with."""
        self.planned[operation].extend(answers)

    def client(self, service: str, *_: int, **__: object) -> "FakeClient":
        """Give a client, where boto3 would."""
        return FakeClient(self, service)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """Give the parameters of every call of an operation."""
        return [parameters for called, parameters in self.calls if called == operation]

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the place of AWS for every invocation from now on."""
        monkeypatch.setattr("handler.composition.client", self.client)


class FakeClient:
    """One service's client."""

    def __init__(self, aws: FakeAws, service: str) -> None:
        """Know the service's own model."""
        self._aws = aws
        self.meta = self
        self.service_model = model_of(service)
        self.method_to_api_mapping = shipped_methods(service)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Give an operation; one that the layer does not ship is none of the client's methods."""
        if operation not in self.method_to_api_mapping and not self._aws.is_for_a_tool:
            raise AttributeError(operation)

        def call(**parameters: Any) -> Any:
            validate_parameters(parameters, _input_of(self.service_model, operation))
            self._aws.calls.append((operation, parameters))
            answers = self._aws.planned[operation]
            answer = answers.popleft() if answers else self._aws.always.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@cache
def _input_of(model: ServiceModel, method: str) -> Shape:
    names = {xform_name(each): each for each in model.operation_names}
    shape = model.operation_model(names[method]).input_shape
    assert shape
    return shape


def refusal(code: str, message: str = "", status: int = 400) -> ClientError:
    """Make the error that boto3 raises for a refusal of AWS."""
    told = {"Code": code, "Message": message}
    return ClientError(
        {"Error": told, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Operation",
    )
