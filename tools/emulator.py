"""
MiniStack with two corrections; a program of its own, which ``tools.ministack`` starts.

It runs by its path and imports nothing of the project: what it can import, the function can too.
"""

import json
import re
from typing import Any

from ministack import app
from ministack.core import iam_actions

CONNECTION_ACTION = re.compile(r"AWSEvents\.(Create|Update|Delete|Describe|Deauthorize)Connection")
resource_of_every_other_action = iam_actions.extract_resource_arn


def resource(service: str, *arguments: Any, **keywords: Any) -> str:
    """Name the connection that a request is about, which MiniStack takes for a rule."""
    arn: str = resource_of_every_other_action(service, *arguments, **keywords)
    _, _, headers, body, *_ = arguments
    if service == "events" and CONNECTION_ACTION.fullmatch(headers.get("x-amz-target", "")):
        name = json.loads(body).get("Name", "")
        return re.sub(r":rule/.*", lambda _: f":connection/{name}", arn)
    return arn


if __name__ == "__main__":
    iam_actions.extract_resource_arn = resource
    # As root it would listen on 443 as well, for Cognito, which nothing here needs.
    app._port_is_bindable = lambda *_: False  # noqa: SLF001 - there is no setting for it
    app.main()
