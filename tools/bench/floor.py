"""
The floor: a function that only imports boto3 and makes two clients, built by plain ``sam build``.

That build is what SAM's own builder for Python does: wheels of the same pins, unpacked, nothing
pruned, nothing compiled.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.generated.pins import LAYER
from tools.local.deployment import ROOT, RUNTIME_PYTHON
from tools.local.runtime import Artifact

HANDLER = "floor.lambda_handler"
CODE = '''\
"""Two clients and no work."""

import boto3

CLIENTS = [boto3.client("events"), boto3.client("secretsmanager")]


def lambda_handler(event, context):
    """Answer at once."""
    return {}
'''


@dataclass(frozen=True, slots=True)
class Floor:
    """The floor's function, the same with bytecode, and the measured function built plainly."""

    artifact: Artifact
    compiled: Artifact
    plain: Artifact


def build(directory: Path) -> Floor:
    """Build both into a folder; what was built of the same pins before is kept."""
    layer = directory / "layer"
    compiled = directory / "compiled"
    pins = directory / "requirements.txt"
    if not pins.exists() or pins.read_bytes() != LAYER.read_bytes():
        shutil.rmtree(directory, ignore_errors=True)
        _install(layer / "python")
        _compile(shutil.copytree(layer, compiled))
        shutil.copy(LAYER, pins)
    floor = _written(directory / "floor")
    return Floor(
        Artifact(floor, layer),
        Artifact(floor, compiled),
        Artifact(_copied(directory / "function"), layer),
    )


def _install(folder: Path) -> None:
    options = ["--no-compile", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    target = ["--python-version", "3.13", "--implementation", "py", "--abi", "none"]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", *options, *target, "--platform", "any"),
            *("--require-hashes", "--requirement", str(LAYER), "--target", str(folder)),
        ],
        check=True,
    )


def _compile(folder: Path) -> None:
    options = ["-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([str(RUNTIME_PYTHON), "-m", "compileall", *options, str(folder)], check=True)


def _written(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "floor.py").write_text(CODE)
    return folder


def _copied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "handler", folder / "handler", ignore=ignored)
    return folder
