"""To which hosts an answer may go, and what another function passed on gets none."""

from typing import Any

import pytest

from handler.app import lambda_handler
from handler.entrypoints import cloudformation as custom_resource
from handler.entrypoints.cloudformation_event import (
    is_answerable,
    refuse_forwarded_event,
    refuse_unanswerable_event,
)
from handler.errors import InvalidRequestError
from tests.support.entry_point import DONE, FUNCTION, handled_as, invoke, stack_event
from tests.support.lambda_context import LambdaContext
from tests.support.response_url_server import ResponseUrlServer

pytestmark = pytest.mark.usefixtures("environment")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://cloudformation-custom-resource-response-uswest2.s3.amazonaws.com/",
        "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com.evil.example/",
        "http://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/",
        "http://listed.example/",
    ],
)
def test_nothing_is_sent_to_a_strangers_host(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only to CloudFormation's bucket of this Region; plain http only to a loopback host."""
    monkeypatch.setenv("RESPONSE_URL_HOSTS", "listed.example")
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = stack_event(ResponseUrlServer("http://localhost"), ResponseURL=url)
    with pytest.raises(InvalidRequestError, match="ResponseURL"):
        invoke(event)
    assert asked == []


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("us-isob-east-1", "sc2s.sgov.gov"),
    ],
)
def test_cloudformations_own_bucket_is_answered_in_its_own_partition(
    region: str, suffix: str
) -> None:
    """Its name lacks the Region's dashes; no other partition's domain will do."""
    bucket = f"https://cloudformation-custom-resource-response-{region.replace('-', '')}.s3"
    for host in (
        f"{bucket}.{suffix}",
        f"{bucket}.{region}.{suffix}",
        f"{bucket}-{region}.{suffix}",
    ):
        assert is_answerable(f"{host}/key?X-Amz-Signature=a", region, suffix, ())
        assert not is_answerable(f"{host}/key", "eu-west-1", suffix, ())
        for other in ("amazonaws.org", suffix.replace(".", "x"), f"{suffix}.example.com"):
            assert not is_answerable(f"{host}/key", region, other, ())
            wrong = host.removesuffix(suffix) + other
            assert not is_answerable(f"{wrong}/key", region, suffix, ())


@pytest.mark.parametrize(
    ("suffix", "is_answered"), [("amazonaws.eu", True), ("amazonaws.com", False), ("", False)]
)
def test_the_european_sovereign_cloud_is_answered_where_the_function_is_in_it(
    suffix: str, is_answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template's own URL suffix decides, and the refusal names it."""
    monkeypatch.setenv("URL_SUFFIX", suffix)
    region = "eusc-de-east-1"
    host = f"cloudformation-custom-resource-response-euscdeeast1.s3.{region}.amazonaws.eu"
    arn = f"arn:aws-eusc:lambda:{region}:123456789012:function:provisioner"
    event = stack_event(ResponseUrlServer("http://x"), ResponseURL=f"https://{host}/k?X-Amz-Date=x")
    context = LambdaContext(arn)
    if is_answered:
        refuse_unanswerable_event(event, context)
        return
    told = rf"ResponseURL: must lead to CloudFormation's bucket in {region} under amazonaws\.com"
    with pytest.raises(InvalidRequestError, match=told):
        refuse_unanswerable_event(event, context)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        *(
            ({name: wrong}, f"{name}: required, a string")
            for name in ("RequestId", "ResponseURL", "StackId", "LogicalResourceId")
            for wrong in ("", None, 5)
        ),
        ({"RequestType": "Read"}, "RequestType: must be Create, Update or Delete"),
        ({"PhysicalResourceId": 5}, "PhysicalResourceId: must be a string"),
        ({"CrHelperData": {}}, "members that begin with CrHelper are not accepted"),
    ],
)
def test_an_event_that_crhelper_could_fail_on_is_refused_by_its_path(
    changes: dict[str, object], problem: str
) -> None:
    """Nobody could be told otherwise."""
    event = stack_event(ResponseUrlServer("https://localhost")) | changes
    with pytest.raises(InvalidRequestError) as refused:
        refuse_unanswerable_event(event, LambdaContext(FUNCTION))
    assert refused.value.reason == problem


def test_everything_wrong_with_an_event_is_told() -> None:
    """All at once."""
    event = {"RequestType": "Create", "PhysicalResourceId": [], "CrHelperPoll": ""}
    with pytest.raises(InvalidRequestError) as refused:
        refuse_unanswerable_event(event, LambdaContext(FUNCTION))
    assert [each.split(" ")[0] for each in refused.value.reason.split(") ")[1:]] == [
        "RequestId:",
        "ResponseURL:",
        "StackId:",
        "LogicalResourceId:",
        "PhysicalResourceId:",
        "members",
    ]


def test_the_refusal_of_a_host_says_which_are_answered() -> None:
    """By the names of the settings."""
    event = stack_event(ResponseUrlServer("https://evil.example"))
    with pytest.raises(InvalidRequestError) as refused:
        refuse_unanswerable_event(event, LambdaContext(FUNCTION))
    assert refused.value.reason == (
        "ResponseURL: must lead to CloudFormation's bucket in us-east-1 under amazonaws.com"
        " (URL_SUFFIX), or to a host of ResponseUrlHosts (RESPONSE_URL_HOSTS)"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://listed.example/key", True),
        ("https://listed.example:8443/key", True),
        ("http://listed.example/key", False),
        ("http://localhost:8080/key", True),
        ("https://localhost/key", True),
        ("https://other.example/key", False),
        ("https://listed.example:port/key", False),
        ("https://[::1/key", False),
        ("https://listed.example\\@other.example/key", False),
        ("https://BUCKET/key", True),
        ("https://BUCKET:443/key", True),
        ("https://BUCKET:444/key", False),
        ("http://BUCKET/key", False),
        ("ftp://listed.example/key", False),
        ("https:///key", False),
    ],
)
def test_a_host_is_answered_where_it_is_cloudformations_or_listed(url: str, expected: bool) -> None:
    """By https, and by plain http on this machine alone."""
    bucket = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    listed = ("listed.example", "localhost", "")
    found = is_answerable(url.replace("BUCKET", bucket), "us-east-1", "amazonaws.com", listed)
    assert found is expected


OF_PROVIDER = "arn:aws:lambda:us-east-1:123456789012:function:shop-ProviderframeworkonEvent-1A2B"
REQUEST_TYPES = ("Create", "Update", "Delete")


def event_for(token: object, server: ResponseUrlServer, request_type: str = "Create") -> Any:
    """Make a request of a resource with such a ServiceToken."""
    properties = {"ServiceToken": token, "Name": "crm"}
    return stack_event(server, request_type, ResourceProperties=properties)


@pytest.mark.parametrize("request_type", REQUEST_TYPES)
@pytest.mark.parametrize("qualifier", ["", ":$LATEST", ":stacks"])
@pytest.mark.parametrize(
    "token", [OF_PROVIDER, f"{OF_PROVIDER}:live", f"{FUNCTION}-2", FUNCTION.replace("-1:", "-2:")]
)
def test_what_another_function_passes_on_raises_and_is_not_answered(
    token: str,
    qualifier: str,
    request_type: str,
    monkeypatch: pytest.MonkeyPatch,
    response_url: ResponseUrlServer,
) -> None:
    """That function answers last, and only an error makes it answer FAILED."""
    asked = handled_as(monkeypatch, custom_resource, DONE)
    event = event_for(token, response_url, request_type)
    with pytest.raises(InvalidRequestError, match=r"not a Provider of the CDK$"):
        lambda_handler(event, LambdaContext(FUNCTION + qualifier))
    assert (asked, response_url.answers) == ([], [])


@pytest.mark.parametrize("qualifier", ["", ":$LATEST", ":stacks"])
@pytest.mark.parametrize(
    "token",
    [
        FUNCTION,
        f"{FUNCTION}:stacks",
        f"{FUNCTION}:7",
        "arn:aws:sns:us-east-1:123456789012:custom-resources",
        "arn",
        "",
        None,
        ["arn"],
    ],
)
def test_the_functions_own_arn_and_that_of_no_function_are_taken(
    token: object, qualifier: str, monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Whatever its qualifier; a topic's subscriber passes requests on without an answer."""
    handled_as(monkeypatch, custom_resource, DONE)
    lambda_handler(event_for(token, response_url), LambdaContext(FUNCTION + qualifier))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


def test_the_sam_cli_may_invoke_the_function_by_another_name(
    monkeypatch: pytest.MonkeyPatch, response_url: ResponseUrlServer
) -> None:
    """Its function and account are its own, whatever the event says."""
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    handled_as(monkeypatch, custom_resource, DONE)
    local = "arn:aws:lambda:us-east-1:012345678912:function:Function"
    lambda_handler(event_for(FUNCTION, response_url), LambdaContext(local))
    assert [each["Status"] for each in response_url.answers] == ["SUCCESS"]


@pytest.mark.parametrize("properties", [None, [], "text", {}])
def test_an_event_without_a_service_token_was_not_passed_on(properties: object) -> None:
    """Its form is somebody else's to refuse."""
    refuse_forwarded_event({"ResourceProperties": properties}, LambdaContext(FUNCTION))
