"""Sends an event through a connection: destination, rule, role, event; as an owner of one would."""

import json

from tools.local.local_stack import LocalStack

SOURCE = "demo"
ROLE_NAME = "demo-invokes-api-destinations"


def create_role(stack: LocalStack) -> str:
    """Create the role with which EventBridge's rules call API destinations; return its ARN."""
    role = stack.iam.create_role(
        RoleName=ROLE_NAME,
        AssumeRolePolicyDocument=_policy(
            Principal={"Service": "events.amazonaws.com"}, Action="sts:AssumeRole"
        ),
    )
    stack.iam.put_role_policy(
        RoleName=ROLE_NAME,
        PolicyName=ROLE_NAME,
        PolicyDocument=_policy(Action="events:InvokeApiDestination", Resource="*"),
    )
    return role["Role"]["Arn"]


def route(stack: LocalStack, connection_arn: str, url: str, name: str, role_arn: str) -> None:
    """Make events whose detail-type is ``name`` go to ``url`` through the connection."""
    destination = stack.events.create_api_destination(
        Name=name, ConnectionArn=connection_arn, InvocationEndpoint=url, HttpMethod="POST"
    )
    stack.events.put_rule(
        Name=name, EventPattern=json.dumps({"source": [SOURCE], "detail-type": [name]})
    )
    target = destination["ApiDestinationArn"]
    answer = stack.events.put_targets(
        Rule=name, Targets=[{"Id": name, "Arn": target, "RoleArn": role_arn}]
    )
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"the rule's target was refused: {answer['FailedEntries']}")


def send(stack: LocalStack, name: str) -> None:
    """Publish an event that the route of that name picks up."""
    answer = stack.events.put_events(
        Entries=[{"Source": SOURCE, "DetailType": name, "Detail": json.dumps({"hello": name})}]
    )
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"the event was refused: {answer['Entries']}")


def _policy(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
