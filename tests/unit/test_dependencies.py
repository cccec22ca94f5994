"""The dependency layer: pinned to the last package and pure Python."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from tests.unit.resolved_template import ROOT
from tools import deployment

REQUIREMENTS = ROOT / "layers" / "dependencies" / "requirements.txt"
BUILD = ROOT / ".aws-sam" / "build"
RUNTIME_MAGIC = (3571).to_bytes(2, "little")  # of Python 3.13, the template's
UNCHECKED_HASH = (1).to_bytes(4, "little")


def canonical(name: str) -> str:
    """Spell a package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path = REQUIREMENTS) -> dict[str, str]:
    """Give the pinned version of each package."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    requirements = [line.split("==") for line in lines if line]
    return {canonical(name): version for name, version in requirements}


def needs(package: str) -> set[str]:
    """Give what a package cannot be imported without."""
    requirements = metadata.requires(package) or []
    mandatory = (text for text in requirements if "extra ==" not in text)
    return {canonical(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in mandatory}


def built_site() -> Path:
    """Give the built layer's packages, where the build is not older than what it is made from."""
    site = BUILD / "Dependencies" / "python"
    sources = REQUIREMENTS.parent.iterdir()
    template = BUILD / "template.yaml"
    if not template.exists() or any(
        source.stat().st_mtime > template.stat().st_mtime for source in sources
    ):
        pytest.skip("no build, or an old one")
    return site


def test_every_dependency_is_pinned() -> None:
    """What the pinned packages need is pinned, too: two builds give the same layer."""
    pinned = pins()
    assert {"boto3", "aws-lambda-powertools", "crhelper"} <= set(pinned)
    for package in pinned:
        assert needs(package) <= set(pinned), package


def test_tests_run_against_the_layers_versions() -> None:
    """The service model that the tests check requests against is the one that is deployed."""
    assert {package: metadata.version(package) for package in pins()} == pins()


def test_the_built_layer_holds_the_pins() -> None:
    """The artifact contains what was asked for and nothing else."""
    found = (path.name.removesuffix(".dist-info") for path in built_site().glob("*.dist-info"))
    named = (name.rpartition("-") for name in found)
    assert {canonical(name): version for name, _, version in named} == pins()


def test_the_built_layer_is_pure_python() -> None:
    """The same layer serves both architectures and every Python version."""
    suffixes = {path.suffix for path in built_site().rglob("*") if path.is_file()}
    assert not suffixes & {".so", ".pyd", ".dylib"}


def test_the_built_function_is_the_handler_alone() -> None:
    """No test, tool or cache reaches Lambda."""
    built_site()
    assert [path.name for path in (BUILD / "Function").iterdir()] == ["handler"]
    suffixes = {path.suffix for path in (BUILD / "Function").rglob("*") if path.is_file()}
    assert suffixes <= {".py", ".pyc"}


@pytest.mark.parametrize("part", ["Dependencies", "Function"])
def test_bytecode_is_the_runtimes_own_and_names_no_folder_of_this_machine(part: str) -> None:
    """Another version's would be dead weight; one that Python checks against times is none."""
    built_site()
    root = {"Dependencies": "/opt/python/", "Function": "/var/task/"}[part]
    paths = list((BUILD / part).rglob("*.pyc"))
    assert paths or not deployment.BYTECODE_PYTHON.exists()
    for path in paths:
        bytecode = path.read_bytes()
        assert bytecode[:2] == RUNTIME_MAGIC, path
        assert bytecode[4:8] == UNCHECKED_HASH, path
        assert root.encode() in bytecode, path
        assert str(ROOT).encode() not in bytecode, path
