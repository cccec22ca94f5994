"""CloudFormation's requests for one custom resource, as the events of ``events/`` have them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.support.bad_requests import BASIC
from tools.local.ministack import ACCOUNT_ID, REGION

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/9f0c"
EVENT: dict[str, Any] = {
    "RequestType": "Create",
    "RequestId": "request-1",
    "StackId": STACK_ID,
    "LogicalResourceId": "Connection",
    "ResourceProperties": {"ServiceToken": "arn", **BASIC},
}
# As S3 signs it: encoded colons, slashes and bars in the path, a signature in the query.
TARGET = (
    "/arn%3Aaws%3Acloudformation%3Aus-east-1%3A012345678912%3Astack/shop/{id}%7CConnection%7C{id}"
    "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={signed:%Y%m%dT%H%M%SZ}&X-Amz-SignedHeaders=host"
    "&X-Amz-Expires=7200&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{signed:%Y%m%d}%2Fus-east-1%2Fs3"
    "&X-Amz-Signature=f16bffb9992e0d24f5b16c562b15b46f29f7cab238e08768aefd8380a4bc4bdd"
)
FIRST_AGO = timedelta(minutes=5)  # none of a test's requests is signed in the future
BETWEEN_REQUESTS = timedelta(seconds=2)  # what is signed in whole seconds keeps its order


def response_url(origin: str, signed: datetime) -> str:
    """Make the ResponseURL of one request."""
    return origin + TARGET.format(id=uuid4(), signed=signed)


@dataclass(slots=True)
class Signer:
    """Signs ResponseURLs, each later than the one before."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC) - FIRST_AGO)

    def sign(self, origin: str) -> str:
        """Make a ResponseURL."""
        self.now += BETWEEN_REQUESTS
        return response_url(origin, self.now)


@dataclass(frozen=True, slots=True)
class CustomResource:
    """One resource of one stack."""

    origin: str
    logical_resource_id: str = "Connection"
    stack_id: str = field(
        default_factory=lambda: f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/shop/{uuid4()}"
    )
    signer: Signer = field(default_factory=Signer)

    def request(
        self,
        request_type: str,
        properties: Mapping[str, Any],
        physical_resource_id: str = "",
        **members: Any,
    ) -> dict[str, Any]:
        """Make a request as CloudFormation sends it; a further member set to None is left out."""
        given = {"PhysicalResourceId": physical_resource_id} if physical_resource_id else {}
        # No ServiceToken: it must name the function invoked, which is another one in each suite.
        request = {
            "RequestType": request_type,
            "ResponseURL": self.signer.sign(self.origin),
            "StackId": self.stack_id,
            "RequestId": str(uuid4()),
            "LogicalResourceId": self.logical_resource_id,
            "ResourceType": "Custom::EventBridgeConnection",
            "ResourceProperties": {**properties},
            **given,
            **members,
        }
        return {key: value for key, value in request.items() if value is not None}
