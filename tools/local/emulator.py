"""
MiniStack with its authorization corrected; a program of its own, which ``ministack`` starts.

It runs by its path and imports nothing of the project. Functions run by the interpreter of
``.venv-runtime``, whose bytecode the build holds; MiniStack's own would compile the layer at each
cold start, for seconds, and has libraries of MiniStack's to import.

CloudFormation acts with the permissions of whoever calls it, as on AWS: those that AWS's schemas
of resource types name for their handlers, as far as the template's properties need them.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hypercorn import asyncio as server
from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import stacks

CONNECTION_ACTION = re.compile(r"AWSEvents\.(Create|Update|Delete|Describe|Deauthorize)Connection")
action_as_ministack_reads_it = iam_actions.extract_iam_action
resource_as_ministack_reads_it = iam_actions.extract_resource_arn
condition_key_as_ministack_resolves_it = iam_evaluator._resolve_condition_key  # noqa: SLF001
serve_as_ministack_does = server.serve
program_as_ministack_finds_it = lambda_runtime._detect_runtime_binary  # noqa: SLF001
PERMISSIONS = json.loads(Path(__file__).with_name("cloudformation_permissions.json").read_text())
RUNTIME_PYTHON = Path(__file__).resolve().parents[2] / ".venv-runtime" / "bin" / "python"
KEY_OF_TABLE = "SSESpecification.KMSMasterKeyId"
NAMED_BY = ("FunctionName", "LogGroupName", "LayerName", "DashboardName", "BucketName", "Bucket")


async def serve(application: Any, config: Any) -> None:
    """Listen also at OTHER_ADDRESS: where Docker's containers reach this machine."""
    if other := os.environ.get("OTHER_ADDRESS"):
        config.bind.append(f"{other}:{os.environ['GATEWAY_PORT']}")
    await serve_as_ministack_does(application, config)


def program(runtime: str) -> tuple[str, str]:
    """Name the interpreter of a function, and what it runs."""
    interpreter, text = program_as_ministack_finds_it(runtime)
    is_ours = runtime.startswith("python") and RUNTIME_PYTHON.exists()
    return str(RUNTIME_PYTHON) if is_ours else interpreter, text


def action(*arguments: Any, **keywords: Any) -> str | None:
    """Name the permission, which on AWS is the same for a batch as for one message."""
    found: str | None = action_as_ministack_reads_it(*arguments, **keywords)
    return found.removesuffix("Batch") if found and found.startswith("sqs:") else found


def resource(service: str, *arguments: Any, **keywords: Any) -> str:
    """Name the connection that a request is about, which MiniStack takes for a rule."""
    arn: str = resource_as_ministack_reads_it(service, *arguments, **keywords)
    _, _, headers, body, *_ = arguments
    if service == "events" and CONNECTION_ACTION.fullmatch(headers.get("x-amz-target", "")):
        name = json.loads(body).get("Name", "")
        return re.sub(r":rule/.*", lambda _: f":connection/{name}", arn)
    return arn


def condition_key(key: str, context: Any) -> Any:
    """Give the role's ARN as aws:PrincipalArn, not that of its session."""
    found = condition_key_as_ministack_resolves_it(key, context)
    if key.lower() != "aws:principalarn":
        return found
    return re.sub(r":sts:(:\d+:)assumed-role/([^/]+)/.*", r":iam:\1role/\2", found)


def create_resource(kind: str, logical_id: str, properties: Any, stack: str, *rest: Any) -> Any:
    """Create a resource, if the stack's caller may."""
    ask(kind, "create", f"{stack}-{logical_id}-0", properties)
    return create(kind, logical_id, properties, stack, *rest)


def update_resource(kind: str, physical_id: str, old: Any, new: Any, *rest: Any) -> Any:
    """Update a resource, if the stack's caller may."""
    if old != new:
        ask(kind, "update", physical_id, new)
    return update(kind, physical_id, old, new, *rest)


def delete_resource(kind: str, physical_id: str, properties: Any, *rest: Any) -> Any:
    """Delete a resource, if the stack's caller may."""
    ask(kind, "delete", physical_id, properties)
    return delete(kind, physical_id, properties, *rest)


create: Callable[..., Any] = stacks._provision_resource  # noqa: SLF001 - nothing public does it
update: Callable[..., Any] = stacks._update_resource  # noqa: SLF001
delete: Callable[..., Any] = stacks._delete_resource  # noqa: SLF001


def ask(kind: str, operation: str, physical_id: str, properties: Mapping[str, Any]) -> None:
    """
    Ask IAM for every permission that AWS's handler needs.

    Raises:
        ValueError: the stack's caller lacks one; it becomes the resource's StatusReason.
    """
    caller = iam_evaluator._verified_key.get()  # noqa: SLF001 - the root user's is not verified
    if not caller or kind not in PERMISSIONS:
        return
    own = [arn(PERMISSIONS[kind]["resource"], name) for name in names(physical_id, properties)]
    for needed in permissions(PERMISSIONS[kind], operation, properties):
        service = needed.partition(":")[0]
        for at in others(needed, properties) or own:
            refused = iam_evaluator.enforce(
                caller, needed, service, get_region(), at, context(properties)
            )
            if refused:
                raise ValueError(f"AccessDenied: the stack's caller lacks {needed} on {at}")


def permissions(
    asked: Mapping[str, Any], operation: str, properties: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what an operation needs, and what it needs more for some of the properties."""
    yield from asked.get(operation, ())
    for name, more in asked.get("with", {}).items():
        if property_named(name, properties):
            yield from more.get(operation, ())


def property_named(name: str, properties: Mapping[str, Any]) -> Any:
    """Give a property, whose name may have a point in it, or what stands for none."""
    for part in name.split("."):
        properties = properties.get(part) or {}
    return properties


def names(physical_id: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of what a resource, or its policy, is about."""
    name = next((properties[key] for key in NAMED_BY if key in properties), physical_id)
    path = properties.get("Path", "/").removeprefix("/")
    for identity in properties.get("Queues", [name]):
        yield path + re.sub(r"^https?://.*/|^arn:.*:(function|layer):", "", identity)


def others(needed: str, properties: Mapping[str, Any]) -> list[str]:
    """Give what an action is about where that is not the resource itself."""
    code = properties.get("Code") or properties.get("Content") or {}
    match needed.partition(":")[::2]:
        case "iam", "PassRole":
            return [properties["Role"]]
        case "s3", "GetObject" | "GetObjectVersion" if "S3Bucket" in code:
            return [f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}"]
        case "lambda", "GetLayerVersion" if "Layers" in properties:
            return list(properties["Layers"])
        case ("logs", "DescribeResourcePolicies") | ("ec2", _) | ("kms", "ListAliases"):
            return ["*"]
        case "kms", _:
            return [property_named(KEY_OF_TABLE, properties)]
        case _:
            return []


def context(properties: Mapping[str, Any]) -> dict[str, str]:
    """Give the condition keys of the actions."""
    function = re.sub(r"^arn:.*:function:", "", str(properties.get("FunctionName", "")))
    return {
        "iam:PassedToService": "lambda.amazonaws.com",
        "iam:PermissionsBoundary": properties.get("PermissionsBoundary", ""),
        "kms:ViaService": f"dynamodb.{get_region()}.amazonaws.com",
        "lambda:FunctionArn": arn("arn:aws:lambda:{region}:{account}:function:{name}", function),
    }


def arn(pattern: str, name: str) -> str:
    """Put Region, account and name into an ARN."""
    return pattern.format(region=get_region(), account=get_account_id(), name=name)


if __name__ == "__main__":
    iam_actions.extract_iam_action = action
    iam_actions.extract_resource_arn = resource
    iam_evaluator._resolve_condition_key = condition_key  # noqa: SLF001
    stacks._provision_resource = create_resource  # noqa: SLF001
    stacks._update_resource = update_resource  # noqa: SLF001
    stacks._delete_resource = delete_resource  # noqa: SLF001
    lambda_runtime._detect_runtime_binary = program  # noqa: SLF001
    # As root it would listen on 443 as well, for Cognito, which nothing here needs.
    app._port_is_bindable = lambda *_: False  # noqa: SLF001 - there is no setting for it
    vars(server)["serve"] = serve  # hypercorn's own, as app.main() calls it
    app.main()
