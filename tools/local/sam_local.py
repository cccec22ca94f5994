"""
What ``sam local invoke`` needs besides Docker to run the built function on the local stack.

The folder's links lead to the last build, so that the next one is run as soon as it is made. The
emulator's certificate lies beside the handler: a container sees nothing else of this machine.

Run by ``make event``, which fits one of ``events/`` to the stack that ``make demo KEEP=1`` left.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from tools.local import invoke, kept_stack, recorded_event
from tools.local.deployment import ARCHITECTURE, BUILD_DIRECTORY, ROOT
from tools.local.docker_engine import HOST, DockerEngine
from tools.local.local_stack import LocalStack
from tools.local.ministack import REGION
from tools.local.runtime import FUNCTION_ID, LAYER_ID

FOLDER = kept_stack.SAM_FOLDER
EVENT = "event.json"
CREDENTIALS = "credentials"
PROFILE = "function"
CERTIFICATE = "emulator.crt"
# CloudFormation's answers go to a bucket on AWS, too.
BUCKET, KEY = "custom-resource-answers", "answer.json"


def prepare(stack: LocalStack, folder: Path = FOLDER) -> None:
    """Write template, function and environment for ``sam local invoke``."""
    shutil.rmtree(folder, ignore_errors=True)
    function = folder / FUNCTION_ID
    function.mkdir(parents=True)
    (function / "handler").symlink_to(BUILD_DIRECTORY / FUNCTION_ID / "handler")
    (folder / LAYER_ID).symlink_to(BUILD_DIRECTORY / LAYER_ID)
    # SAM follows a link to a template, and looks for all the rest where that leads.
    shutil.copyfile(BUILD_DIRECTORY / "template.yaml", folder / "template.yaml")
    shutil.copyfile(stack.ministack.ca_bundle, function / CERTIFICATE)
    variables = {FUNCTION_ID: dict(environment(stack))}
    (folder / "env.json").write_text(json.dumps(variables, indent=2) + "\n")


def environment(stack: LocalStack) -> Mapping[str, str]:
    """Give the variables of the deployed function, as they must be in a container."""
    certificate = f"/var/task/{CERTIFICATE}"
    deployed = stack.function_configuration["Environment"]["Variables"]
    return {
        **{
            name: value.replace(stack.endpoint_url, _url(stack)) for name, value in deployed.items()
        },
        "AWS_ENDPOINT_URL": _url(stack),
        "AWS_CA_BUNDLE": certificate,
        "SSL_CERT_FILE": certificate,
        "RESPONSE_URL_HOSTS": HOST,
    }


def command(engine: DockerEngine, folder: Path = FOLDER) -> list[str]:
    """Give the command that runs the function, as its role, on what was fitted last."""
    return [
        *("env", f"AWS_SHARED_CREDENTIALS_FILE={_shown(folder / CREDENTIALS)}"),
        *(".venv/bin/sam", "local", "invoke", FUNCTION_ID, "--event", _shown(folder / EVENT)),
        *("--profile", PROFILE, "--region", REGION),
        *("--template", _shown(folder / "template.yaml")),
        *("--env-vars", _shown(folder / "env.json"), "--mount-symlinks"),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
        *engine.options,
    ]


def fit(path: Path, stack: LocalStack, folder: Path = FOLDER) -> None:
    """
    Write an event of ``events/`` as if it came now, from the stack's own account and queues.

    With it credentials of the function's role: SAM would pass on whose shell it is, else invalid
    ones.
    """
    with suppress(stack.s3.exceptions.BucketAlreadyOwnedByYou):
        stack.s3.create_bucket(Bucket=BUCKET)
    event = recorded_event.load(path, stack, stack.presigned(BUCKET, KEY, _url(stack)))
    (folder / EVENT).write_text(json.dumps(event, indent=2) + "\n")
    session = stack.session_of(stack.function_configuration["Role"])
    lines = [f"[{PROFILE}]", *(f"{name.lower()} = {value}" for name, value in session.items())]
    (folder / CREDENTIALS).write_text("\n".join(lines) + "\n")


def main() -> int:
    """Fit an event to the stack that was left running."""
    parser = argparse.ArgumentParser(prog="make event", description=__doc__)
    parser.add_argument("event", type=Path, help="a file of events/")
    path = parser.parse_args().event
    kept = kept_stack.find()
    problem = invoke.problem(path) or _missing(is_running=bool(kept))
    if problem or not kept:
        print(f"{path}: {problem}", file=sys.stderr)
        return 2
    with closing(LocalStack(kept)) as stack:
        fit(path, stack)
    print(f"{path}, fitted to {kept.endpoint_url}: {_shown(FOLDER / EVENT)}")
    return 0


def _missing(*, is_running: bool) -> str:
    if not is_running or not FOLDER.exists():
        return "no emulator is running here: `make demo KEEP=1` starts one"
    if not (FOLDER / LAYER_ID).exists():
        return "nothing is built: `make build`"
    return ""


def _url(stack: LocalStack) -> str:
    return f"https://{HOST}:{stack.ministack.port}"


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    sys.exit(main())
