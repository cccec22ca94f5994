"""
``sam local invoke`` as ``make demo KEEP=1`` prints it: in Docker, on the deployed application.

Without an engine that has Lambda's image, all is tested but the containers.
"""

import json
import os
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from samtranslator.yaml_helper import yaml_parse

from tools.local import docker_engine, sam_local
from tools.local.deployment import BUILD_DIRECTORY, ROOT
from tools.local.docker_engine import HOST, IMAGE, DockerEngine
from tools.local.local_stack import LocalStack, local_stack

EVENTS = ROOT / "events"
ENGINE = docker_engine.find() or DockerEngine()
TIMEOUT_SECONDS = 300
NO_IMAGE = f"no Docker engine here has {IMAGE}; docker pull {IMAGE}"


@pytest.fixture(scope="module")
def reached(request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    """Give an application that containers reach, if there can be any."""
    if not ENGINE.has_image:
        yield request.getfixturevalue("stack")
        return
    with local_stack(ENGINE.bridge) as stack:
        yield stack


@pytest.fixture(scope="module")
def folder(reached: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the printed line names."""
    folder = tmp_path_factory.mktemp("sam-local")
    sam_local.prepare(reached, folder)
    return folder


def run(command: Sequence[str], **changed: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does who has copied it."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**variables, "SAM_CLI_TELEMETRY": "0", **changed},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def invoked(name: str, stack: LocalStack, folder: Path) -> Any:
    """Invoke in a container and give what the function returned."""
    if not ENGINE.has_image:
        pytest.skip(NO_IMAGE)
    sam_local.fit(EVENTS / name, stack, folder)
    finished = run(sam_local.command(ENGINE, folder))
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def answer(stack: LocalStack) -> Any:
    """Give what CloudFormation was told last."""
    return json.load(stack.s3.get_object(Bucket=sam_local.BUCKET, Key=sam_local.KEY)["Body"])


def test_a_container_validates(reached: LocalStack, folder: Path) -> None:
    """By references to a secret that fitting the event has stored."""
    result = invoked("direct-validate.json", reached, folder)
    assert (result["Status"], result["Outcome"]) == ("SUCCESS", "Validated")


def test_a_container_creates_a_connection(reached: LocalStack, folder: Path) -> None:
    """From parameters, as the function's role."""
    result = invoked("direct-create-basic.json", reached, folder)
    assert (result["ConnectionState"], result["Outcome"]) == ("AUTHORIZED", "Created")


def test_a_container_buries_the_bad_message_of_a_batch(reached: LocalStack, folder: Path) -> None:
    """No other is harmed, and none comes back."""
    assert invoked("sqs-batch-one-bad.json", reached, folder) == {"batchItemFailures": []}
    letters = reached.sqs.receive_message(
        QueueUrl=reached.outputs["DeadLetterQueueUrl"], MessageAttributeNames=["RequestId"]
    )
    (letter,) = letters["Messages"]
    assert letter["MessageAttributes"]["RequestId"]["StringValue"] == "request-3"


def test_a_container_answers_cloudformation(reached: LocalStack, folder: Path) -> None:
    """At the bucket where the printed command reads it."""
    assert invoked("cloudformation-create-basic.json", reached, folder) is None
    told = answer(reached)
    assert (told["Status"], told["Data"]["Outcome"]) == ("SUCCESS", "Created")


def test_sam_passes_on_every_variable_that_is_written(folder: Path) -> None:
    """It drops those that the template does not declare, and says nothing."""
    template = yaml_parse((BUILD_DIRECTORY / "template.yaml").read_text("utf-8"))
    declared = template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    (written,) = json.loads((folder / "env.json").read_text("utf-8")).values()
    assert written.keys() == declared.keys()
    assert "localhost" not in json.dumps(written)


def test_the_printed_line_gets_as_far_as_docker(reached: LocalStack, folder: Path) -> None:
    """So SAM takes its options, files and profile; without an engine it says what is missing."""
    sam_local.fit(EVENTS / "direct-validate.json", reached, folder)
    finished = run(sam_local.command(DockerEngine(), folder), DOCKER_HOST="unix:///nowhere.sock")
    assert finished.returncode != 0
    assert "requires a container runtime" in finished.stderr


def test_a_fitted_event_is_of_this_account_and_can_be_answered(
    reached: LocalStack, folder: Path
) -> None:
    """Its ResponseURL names this machine as a container knows it, and needs nothing but itself."""
    sam_local.fit(EVENTS / "cloudformation-create-basic.json", reached, folder)
    event = json.loads((folder / sam_local.EVENT).read_text("utf-8"))
    assert "123456789012" not in json.dumps({**event, "ResponseURL": ""})
    url = urlsplit(event["ResponseURL"])
    assert url.hostname == HOST
    trusted = ssl.create_default_context(cafile=str(folder / "Function" / sam_local.CERTIFICATE))
    with closing(HTTPSConnection("localhost", url.port or 443, context=trusted)) as connection:
        path = f"{url.path}?{url.query}"
        connection.request("PUT", path, '{"Status": "SUCCESS"}', {"Host": url.netloc})
        assert connection.getresponse().status == 200
    assert answer(reached) == {"Status": "SUCCESS"}


def test_no_engine_is_found_where_none_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo then leaves out what only an engine can tell."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert docker_engine.find() is None
