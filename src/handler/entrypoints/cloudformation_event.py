"""
Which events of CloudFormation are refused without an answer: by ResponseURL, ids and ServiceToken.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from handler.composition import Context
from handler.environment import environment, is_in_sam_local, response_url_hosts, url_suffix
from handler.errors import InvalidRequestError
from handler.requests.entry_point import CLOUDFORMATION
from handler.requests.violation import Violation, refuse

REQUIRED = ("RequestType", "RequestId", "ResponseURL", "StackId", "LogicalResourceId")
# No backslash, @, space or control character before the path: parsers disagree about those, and
# the host checked here must be the host called.
PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+(/[\x21-\x5B\x5D-\x7E]*)?")
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
# The last group is the qualifier. An SNS topic may be a ServiceToken, too.
FUNCTION_ARN = re.compile(r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+)(:[\w$-]+)?", re.ASCII)


def refuse_unanswerable_event(event: Mapping[str, Any], context: Context) -> None:
    """
    Refuse an event that crhelper could fail on, or that leads to a foreign host.

    Raises:
        InvalidRequestError: lists everything that is missing or malformed.
    """
    found = [
        Violation(name, "required, a string")
        for name in REQUIRED
        if not isinstance(event.get(name), str) or not event[name]
    ]
    if event.get("RequestType") not in CLOUDFORMATION.request_types:
        found.append(Violation("RequestType", "must be Create, Update or Delete"))
    if not isinstance(event.get("PhysicalResourceId", ""), str):
        found.append(Violation("PhysicalResourceId", "must be a string"))
    if any(name.startswith("CrHelper") for name in event):
        found.append(Violation("", "members that begin with CrHelper are not accepted"))
    refuse(found)
    region = context.invoked_function_arn.split(":")[3]
    suffix = url_suffix(environment())
    if not is_answerable(event["ResponseURL"], region, suffix, response_url_hosts(environment())):
        problem = f"must lead to CloudFormation's bucket in {region} under {suffix} (URL_SUFFIX)"
        others = "or to a host of ResponseUrlHosts (RESPONSE_URL_HOSTS)"
        raise InvalidRequestError(f"ResponseURL: {problem}, {others}")


def is_answerable(url: str, region: str, suffix: str, configured_hosts: tuple[str, ...]) -> bool:
    """
    Tell whether a ResponseURL leads to CloudFormation's bucket of this Region, or to a configured
    host.
    """
    if not PLAIN_URL.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    bucket = f"cloudformation-custom-resource-response-{region.replace('-', '')}"
    aws = rf"{bucket}\.s3([.-](dualstack\.)?{region})?\.{re.escape(suffix)}"
    if parts.scheme == "https" and port in (None, 443) and re.fullmatch(aws, host):
        return True
    is_safe_scheme = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    return host in configured_hosts and is_safe_scheme


def refuse_forwarded_event(event: Mapping[str, Any], context: Context) -> None:
    """
    Refuse an event whose ServiceToken is another Lambda function, such as the CDK's ``Provider``.

    That function passed it on, and sends an answer of its own: SUCCESS unless this one raises, even
    if this one answered FAILED.

    Raises:
        InvalidRequestError: says what to name as ServiceToken.

    Source:
        https://github.com/aws/aws-cdk/tree/main/packages/aws-cdk-lib/custom-resources/lib/provider-framework
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
