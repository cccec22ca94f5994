"""A real ``sam build`` and ``sam deploy`` of the application to MiniStack."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.local import operations
from tools.local.ministack import REGION, MiniStack

ROOT = Path(__file__).resolve().parents[2]
BUILD_DIRECTORY = ROOT / ".aws-sam" / "build"
CACHE_DIRECTORY = ROOT / ".aws-sam" / "cache"
RECORD = BUILD_DIRECTORY / "built-from"
SOURCES = ("template.yaml", "samconfig.toml", "src", "layers")
SAM = ROOT / ".venv-sam" / "bin" / "sam"
RUNTIME_PYTHON = ROOT / ".venv-runtime" / "bin" / "python"
BYTECODE_PYTHON = RUNTIME_PYTHON.with_name("python3.13")  # there if it is the template's version
STACK_NAME = "eventbridge-connection-provisioner"
SAM_TIMEOUT_SECONDS = 300
# Of this machine, as Lambda and the SAM CLI name it.
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"


class CommandFailedError(RuntimeError):
    """A command ended with an exit code other than 0; what it printed is the message."""


def build() -> Path:
    """Build function and layer, unless that was done; return the folder of the built template."""
    with _alone():
        operations.write()
        wanted = _built_from()
        if not RECORD.exists() or RECORD.read_text() != wanted:
            RECORD.unlink(missing_ok=True)
            _build()
            RECORD.write_text(wanted)
    return BUILD_DIRECTORY


def _build() -> None:
    if BYTECODE_PYTHON.exists() and not has_bytecode():
        # The cache knows nothing of an interpreter that came after it.
        shutil.rmtree(CACHE_DIRECTORY, ignore_errors=True)
    run([str(SAM), "build"], environment={"BYTECODE_PYTHON": str(BYTECODE_PYTHON)})


def _built_from() -> str:
    """Tell sources and interpreter from which a build is made."""
    roots = [ROOT / name for name in SOURCES]
    inside = [path for root in roots for path in (root, *root.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(f"bytecode: {BYTECODE_PYTHON.exists()}".encode())
    for path in sorted(path for path in inside if path.suffix != ".pyc"):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep others that build in this folder, as test workers do, waiting."""
    BUILD_DIRECTORY.parent.mkdir(exist_ok=True)
    with (BUILD_DIRECTORY.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def has_bytecode() -> bool:
    """Tell whether the last build found the runtime's own Python."""
    return any(BUILD_DIRECTORY.glob("Dependencies/python/__pycache__/*.pyc"))


def deploy(ministack: MiniStack, stack_name: str = STACK_NAME) -> None:
    """Deploy what was built last."""
    sam("deploy", ministack.environment(), stack_name=stack_name)


def sam(
    command: str, environment: Mapping[str, str], *options: str, stack_name: str = STACK_NAME
) -> str:
    """Run a command of the SAM CLI about a stack of the application; return its output."""
    local = ("--config-env", "local", "--stack-name", stack_name, "--region", REGION)
    variables = {**environment, "SAM_CLI_POLL_DELAY": "0.2"}
    return run([str(SAM), command, *local, *options], environment=variables)


def run(command: list[str], environment: Mapping[str, str]) -> str:
    """Run a command in the project's folder with some variables changed; return its output."""
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0", **_own_python_first(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SAM_TIMEOUT_SECONDS,
        check=False,
    )
    if finished.returncode:
        raise CommandFailedError(f"{' '.join(command[:2])} failed:\n{finished.stdout}")
    return finished.stdout


def _own_python_first() -> dict[str, str]:
    # The layer's Makefile calls python: the one that runs this, also outside of make.
    own = str(Path(sys.executable).parent)
    return {"PATH": os.pathsep.join([own, os.environ.get("PATH", os.defpath)])}


if __name__ == "__main__":
    print(f"built into {build().relative_to(ROOT)}")
