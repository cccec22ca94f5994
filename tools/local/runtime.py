"""
The built function and layer under AWS's own runtime client and interface emulator, without Docker.

The SAM CLI ships the emulator. The interpreter is that of ``.venv-runtime``, which holds nothing
but awslambdaric: what the layer lacks is missing here, as it would be on AWS.
"""

import json
import os
import platform
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tools.local.deployment import ARCHITECTURE, BUILD_DIRECTORY, RUNTIME_PYTHON, SAM

HANDLER = "handler.app.lambda_handler"
FUNCTION_ID = "Function"
LAYER_ID = "Dependencies"
INVOCATION_PATH = "/2015-03-31/functions/function/invocations"
START_TIMEOUT_SECONDS = 120
INVOCATION_TIMEOUT_SECONDS = 960


class RuntimeFailedError(RuntimeError):
    """The runtime did not start, or ended before it answered; its log is the message."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What ``sam build`` made: the folders that Lambda has as /var/task and /opt."""

    function: Path
    layer: Path


@dataclass(frozen=True, slots=True)
class Runtime:
    """A running function and where it writes its log."""

    port: int
    log_file: Path
    emulator_id: int

    def interpreter_id(self) -> int:
        """Return the process id of the function's interpreter, once it was invoked."""
        tasks = Path(f"/proc/{self.emulator_id}/task").glob("*/children")
        (child,) = (int(child) for task in tasks for child in task.read_text().split())
        return child

    @property
    def log(self) -> str:
        """Return what runtime and function have written so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def init_milliseconds(self) -> float:
        """
        Return how long the init phase took, once the function was invoked.

        Raises:
            RuntimeFailedError: the log does not tell.
        """
        # "Init Duration" in the REPORT line is wrong in the emulator.
        report = re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", self.log)
        if report is None:
            raise RuntimeFailedError(f"no INIT REPORT:\n{self.log}")
        return float(report[1])

    def invoke(self, event: object) -> object:
        """Invoke the function; return what it returns, an error in Lambda's own shape."""
        with closing(
            HTTPConnection("127.0.0.1", self.port, timeout=INVOCATION_TIMEOUT_SECONDS)
        ) as connection:
            connection.request("POST", INVOCATION_PATH, json.dumps(event))
            return json.load(connection.getresponse())


@contextmanager
def running_function(
    artifact: Artifact, environment: Mapping[str, str], handler: str = HANDLER
) -> Iterator[Runtime]:
    """Run a function with these variables and no others, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="runtime-") as directory:
        variables = {**lambda_variables(artifact, directory), **environment}
        process, runtime = _start(artifact, variables, handler, Path(directory) / "function.log")
        try:
            yield runtime
        finally:
            _stop(process)


def built_artifact() -> Artifact:
    """Return what the last build made."""
    return Artifact(BUILD_DIRECTORY / FUNCTION_ID, BUILD_DIRECTORY / LAYER_ID)


def emulator() -> Path:
    """Return the Runtime Interface Emulator for this machine, as the SAM CLI ships it."""
    program = f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}"
    found = list(SAM.parents[1].glob(program))
    if not found or platform.system() != "Linux":
        raise RuntimeFailedError("the real Lambda runtime client needs Linux and the SAM CLI")
    return found[0]


def lambda_variables(artifact: Artifact, directory: str) -> dict[str, str]:
    """Give the variables that Lambda itself sets, and those that Python needs."""
    return {
        "PATH": os.defpath,
        "HOME": directory,
        "TMPDIR": directory,
        "LANG": "C.UTF-8",
        "LAMBDA_TASK_ROOT": str(artifact.function),
        "PYTHONPATH": str(artifact.layer / "python"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "900",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }


def _command(port: int, api_port: int, handler: str) -> list[str]:
    return [
        str(emulator()),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{api_port}"),
        *("--log-level", "info"),
        *(str(RUNTIME_PYTHON), "-m", "awslambdaric", handler),
    ]


def _start(
    artifact: Artifact, variables: Mapping[str, str], handler: str, log_file: Path
) -> tuple[subprocess.Popen[bytes], Runtime]:
    with suppress(RuntimeFailedError):
        return _try_to_start(artifact, variables, handler, log_file)
    # Somebody may have taken its free ports before it did.
    return _try_to_start(artifact, variables, handler, log_file)


def _try_to_start(
    artifact: Artifact, variables: Mapping[str, str], handler: str, log_file: Path
) -> tuple[subprocess.Popen[bytes], Runtime]:
    port, api_port = _free_ports(2)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            _command(port, api_port, handler),
            cwd=artifact.function,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    runtime = Runtime(port, log_file, process.pid)
    try:
        _wait_until_listening(process, runtime)
    except BaseException:
        _stop(process)
        raise
    return process, runtime


def _wait_until_listening(process: subprocess.Popen[bytes], runtime: Runtime) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", runtime.port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeFailedError(f"the runtime did not start:\n{runtime.log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The emulator leads a process group with the function's interpreter in it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
