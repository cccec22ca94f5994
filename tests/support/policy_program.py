"""The program of ``policy_evaluation``: asks MiniStack's evaluator; reads and writes a pipe."""

import json
import sys

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

asked = json.load(sys.stdin)
context = EvalContext(
    principal_arn="*",
    principal_type="Service",
    principal_account="",
    action="sqs:SendMessage",
    resource_arn=asked["queue_arn"],
    region=asked["queue_arn"].split(":")[3],
    secure_transport=True,
    service_context={f"aws:{name}": value for name, value in asked["keys"].items()},
)
found = evaluate_resource_policy(asked["policy"], context, service=asked["service"])
sys.stdout.write(str(found.decision))
