"""What ``sam build`` made: the handler and its packages, pure Python, with bytecode."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.local import deployment
from tools.local.deployment import ROOT

SITE = Path("Dependencies", "python")
RUNTIME_MAGIC = (3571).to_bytes(2, "little")  # of Python 3.13, the template's
UNCHECKED_HASH = (1).to_bytes(4, "little")


@pytest.fixture(scope="module")
def built() -> Path:
    """Build, and give the folder."""
    return deployment.build()


def test_the_built_layer_is_pure_python(built: Path) -> None:
    """The same layer serves both architectures and every Python version."""
    suffixes = {path.suffix for path in (built / SITE).rglob("*") if path.is_file()}
    assert not suffixes & {".so", ".pyd", ".dylib"}


def test_the_built_function_is_the_handler_alone(built: Path) -> None:
    """No test, tool or cache reaches Lambda."""
    assert [path.name for path in (built / "Function").iterdir()] == ["handler"]
    suffixes = {path.suffix for path in (built / "Function").rglob("*") if path.is_file()}
    assert suffixes <= {".py", ".pyc"}


@pytest.mark.parametrize("part", ["Dependencies", "Function"])
def test_bytecode_is_the_runtimes_own_and_names_no_folder_of_this_machine(
    part: str, built: Path
) -> None:
    """Another version's would be dead weight; one that Python checks against times is none."""
    root = {"Dependencies": "/opt/python/", "Function": "/var/task/"}[part]
    paths = list((built / part).rglob("*.pyc"))
    assert paths or not deployment.BYTECODE_PYTHON.exists()
    for path in paths:
        bytecode = path.read_bytes()
        assert bytecode[:2] == RUNTIME_MAGIC, path
        assert bytecode[4:8] == UNCHECKED_HASH, path
        assert root.encode() in bytecode, path
        assert str(ROOT).encode() not in bytecode, path


COMPILED = """
import importlib, sys
def note(event, args):
    if event == "compile" and "/Dependencies/" in str(args[1]):
        print(args[1])
sys.addaudithook(note)
for name in sys.argv[1:]:
    importlib.import_module(f"handler.{name}")
"""
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
LOADED = ("app", *(f"entrypoints.{name}" for name in ("sqs_batch", "cloudformation", "direct")))


@pytest.mark.skipif(
    not deployment.BYTECODE_PYTHON.exists(), reason="only the runtime's own Python makes bytecode"
)
def test_whatever_a_cold_start_loads_has_bytecode(built: Path) -> None:
    """Else each cold start would compile it, also what is tried and found wanting."""
    path = os.pathsep.join(map(str, (built / SITE, built / "Function")))
    ended = subprocess.run(
        [str(deployment.BYTECODE_PYTHON), "-B", "-c", COMPILED, *LOADED],
        env={"PYTHONPATH": path, "AWS_LAMBDA_FUNCTION_NAME": "makes clients"} | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == ""
