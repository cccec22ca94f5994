"""A template of ``examples/``, deployed beside the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.local.local_stack import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import WaiterConfigTypeDef

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class ExampleStack:
    """What an example's stack made."""

    stack: LocalStack
    name: str

    def output(self, key: str) -> str:
        """Give an output."""
        return self.stack.outputs_of(self.name)[key]

    def resource(self, logical_id: str) -> str:
        """Give a resource's physical id."""
        found = self.stack.cloudformation.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]


@contextmanager
def example_stack(
    stack: LocalStack, file: str, name: str, **parameters: str
) -> Iterator[ExampleStack]:
    """Deploy an example, and delete it with the block."""
    body = (EXAMPLES / file).read_text(encoding="utf-8")
    with template_stack(stack, body, name, **parameters) as example:
        yield example


@contextmanager
def template_stack(
    stack: LocalStack, body: str, name: str, **parameters: str
) -> Iterator[ExampleStack]:
    """Deploy a template, and delete it with the block."""
    stack.cloudformation.create_stack(
        StackName=name,
        TemplateBody=body,
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    quick: WaiterConfigTypeDef = {"Delay": 1}
    stack.cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig=quick
    )
    yield ExampleStack(stack, name)
    stack.cloudformation.delete_stack(StackName=name)
    stack.cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig=quick
    )
