"""
Whether another function passed CloudFormation's event on, such as the CDK's ``Provider``.

Such a function invokes this one, and then sends its own answer: SUCCESS unless this one raised,
even if this one answered FAILED.

Source: https://github.com/aws/aws-cdk/tree/main/packages/aws-cdk-lib/custom-resources/lib/provider-framework
"""

import re
from collections.abc import Mapping
from typing import Any

from handler.composition import Context
from handler.environment import environment, is_in_sam_local
from handler.errors import InvalidRequestError

# The last group is the qualifier. An SNS topic may be a ServiceToken, too.
FUNCTION_ARN = re.compile(r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+)(:[\w$-]+)?", re.ASCII)


def refuse_forwarded_event(event: Mapping[str, Any], context: Context) -> None:
    """
    Refuse an event whose ServiceToken is another Lambda function, without an answer of our own.

    Raises:
        InvalidRequestError: says what to name as ServiceToken.
    """
    properties = event.get("ResourceProperties")
    token = properties.get("ServiceToken") if isinstance(properties, Mapping) else None
    asked = _function(token)
    invoked = _function(context.invoked_function_arn)
    if asked and invoked and asked != invoked and not is_in_sam_local(environment()):
        raise InvalidRequestError(
            "ServiceToken: it is another function, which passed this request on and answers it,"
            " too; give the export ServiceToken of this function's stack, not a Provider of the CDK"
        )


def _function(arn: object) -> str:
    found = FUNCTION_ARN.fullmatch(arn) if isinstance(arn, str) else None
    return found[1] if found else ""
