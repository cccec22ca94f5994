"""
MiniStack with its authorization corrected; a program of its own, which ``ministack`` starts.

It runs by its path and imports nothing of the project: what it can import, the function can too.
"""

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_actions

CONNECTION_ACTION = re.compile(r"AWSEvents\.(Create|Update|Delete|Describe|Deauthorize)Connection")
action_as_ministack_reads_it = iam_actions.extract_iam_action
resource_as_ministack_reads_it = iam_actions.extract_resource_arn


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


if __name__ == "__main__":
    iam_actions.extract_iam_action = action
    iam_actions.extract_resource_arn = resource
    # As root it would listen on 443 as well, for Cognito, which nothing here needs.
    app._port_is_bindable = lambda *_: False  # noqa: SLF001 - there is no setting for it
    app.main()
