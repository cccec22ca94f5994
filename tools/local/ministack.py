"""One MiniStack process: an AWS emulator on a free loopback port, with TLS and IAM enforced."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"
# The account in which the SAM CLI's Runtime Interface Emulator places every function.
ACCOUNT_ID = "012345678912"
START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 1
CLOCK = re.compile("LD_PRELOAD|(NO_)?FAKE")  # how faketime sets a process's clock
PROGRAM = Path(__file__).with_name("emulator.py")
PYTHON = Path(__file__).resolve().parents[2] / ".venv-ministack" / "bin" / "python"


class MiniStackError(RuntimeError):
    """MiniStack did not start."""


@dataclass(frozen=True, slots=True)
class MiniStack:
    """Where a running MiniStack is found, and how it is ended."""

    process_id: int
    port: int
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """Return the one address of all services."""
        return f"https://localhost:{self.port}"

    @property
    def ca_bundle(self) -> Path:
        """Return the certificate to trust."""
        return self.directory / "ministack-tls" / "server.crt"

    @property
    def log(self) -> str:
        """Return what MiniStack itself has logged so far."""
        return (self.directory / "ministack.log").read_text(errors="replace")

    def environment(self) -> dict[str, str]:
        """Return the variables that point any AWS client at this MiniStack, and nowhere else."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # nosec B105 # MiniStack's root user
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }


@contextmanager
def running_ministack(other_address: str = "") -> Iterator[MiniStack]:
    """Run MiniStack for as long as the block lasts."""
    ministack = start(other_address)
    try:
        yield ministack
    finally:
        stop(ministack)


def start(other_address: str = "") -> MiniStack:
    """Start MiniStack, at another address besides loopback if wanted; wait until it answers."""
    with suppress(MiniStackError):
        return _try_to_start(other_address)
    return _try_to_start(other_address)  # somebody may have taken its free port before it did


def _try_to_start(other_address: str) -> MiniStack:
    directory = Path(tempfile.mkdtemp(prefix="ministack-"))
    port = _free_port()
    with (directory / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-P", str(PROGRAM)],
            cwd=directory,
            env={**_server_environment(directory, port), "OTHER_ADDRESS": other_address},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    ministack = MiniStack(process.pid, port, directory, process)
    try:
        _wait_until_healthy(ministack)
    except BaseException:
        stop(ministack)
        raise
    return ministack


def stop(ministack: MiniStack) -> None:
    """End MiniStack with everything it started and remove its files."""
    _signal(ministack, signal.SIGTERM)
    if not _has_ended(ministack):
        # Open keep-alive connections hold its orderly end back for half a minute.
        _signal(ministack, signal.SIGKILL)
        _has_ended(ministack)
    shutil.rmtree(ministack.directory, ignore_errors=True)


def is_running(ministack: MiniStack) -> bool:
    """Tell whether the process is there."""
    if ministack.process:
        return ministack.process.poll() is None
    try:
        os.kill(ministack.process_id, 0)
    except ProcessLookupError:
        return False
    return True


def is_healthy(ministack: MiniStack) -> bool:
    """Tell whether MiniStack answers with the certificate of its own directory."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(
            context=ssl.create_default_context(cafile=str(ministack.ca_bundle))
        ),
    )
    with opener.open(f"{ministack.endpoint_url}/_ministack/health", timeout=5) as response:
        return bool(response.status == 200)


def _has_ended(ministack: MiniStack) -> bool:
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while is_running(ministack) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(ministack)


def _wait_until_healthy(ministack: MiniStack) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while is_running(ministack) and time.monotonic() < deadline:
        with suppress(OSError):
            if is_healthy(ministack):
                return
        time.sleep(0.05)
    raise MiniStackError(f"MiniStack did not start:\n{ministack.log}")


def _server_environment(directory: Path, port: int) -> dict[str, str]:
    # The function inherits MiniStack's environment, so that it must hold nothing of the user's. A
    # clock that was set by faketime must be everybody's, else no signature is valid.
    clock = {name: value for name, value in os.environ.items() if CLOCK.match(name)}
    return {
        **clock,
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "s3"),
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "USE_SSL": "1",
        "AUTH": "true",
        # A second listener, for MQTT, on every interface.
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
    }


def _signal(ministack: MiniStack, number: signal.Signals) -> None:
    # It leads a process group of its own, with the functions' workers in it.
    with suppress(ProcessLookupError):
        os.killpg(ministack.process_id, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
