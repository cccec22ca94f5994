"""The Docker engine of this machine, and how SAM's containers run on it."""

import json
import socket
import subprocess
from contextlib import closing
from dataclasses import dataclass

from tools.local.deployment import ARCHITECTURE, SAM

HOST = "host.docker.internal"  # this machine, as a container knows it
IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"
TIMEOUT_SECONDS = 20
# Asked with the client that the SAM CLI itself uses, so that both find the same engine.
QUESTION = """
import docker, json
client = docker.from_env(timeout=5)
ranges = client.networks.get("bridge").attrs["IPAM"]["Config"] or []
addresses = [each["Gateway"] for each in ranges if "Gateway" in each]
images = [tag for image in client.images.list() for tag in image.tags]
print(json.dumps({"addresses": addresses, "images": images}))
"""


@dataclass(frozen=True, slots=True)
class DockerEngine:
    """An engine; ``bridge`` is this machine's address in its network, "" if it has none."""

    bridge: str = ""
    has_image: bool = False

    @property
    def options(self) -> list[str]:
        """Give the options that SAM needs with this engine."""
        host = ["--add-host", f"{HOST}:{self.bridge}"] if self.bridge else []  # Desktop knows it
        # SAM would ask the image's registry each time whether it has a newer one.
        return ["--skip-pull-image", *host] if self.has_image else host


def find() -> DockerEngine | None:
    """Find the engine; None if none answers."""
    python = SAM.with_name("python")
    try:
        answer = subprocess.run(
            [python, "-c", QUESTION], capture_output=True, check=True, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = json.loads(answer.stdout)
    bridge = next(filter(_is_ours, found["addresses"]), "")
    return DockerEngine(bridge, has_image=IMAGE in found["images"])


def _is_ours(address: str) -> bool:
    # In Docker Desktop the bridge is that of a virtual machine.
    with closing(socket.socket()) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
