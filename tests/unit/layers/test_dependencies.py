"""The dependency layer is pinned to the last package."""

import re
from importlib import metadata

from tests.support.pins import canonical, pins
from tools.local.deployment import ROOT


def needs(package: str) -> set[str]:
    """Give what a package cannot be imported without."""
    requirements = metadata.requires(package) or []
    mandatory = (text for text in requirements if "extra ==" not in text)
    return {canonical(re.split(r"[^\w.-]", text, maxsplit=1)[0]) for text in mandatory}


def test_every_dependency_is_pinned() -> None:
    """What the pinned packages need is pinned, too: two builds give the same layer."""
    pinned = pins()
    assert {"boto3", "aws-lambda-powertools", "crhelper"} <= set(pinned)
    for package in pinned:
        assert needs(package) <= set(pinned), package


def test_tests_run_against_the_layers_versions() -> None:
    """The service model that the tests check requests against is the one that is deployed."""
    assert {package: metadata.version(package) for package in pins()} == pins()


def test_mutants_are_judged_against_the_versions_of_the_tests() -> None:
    """Its environment is one of its own, since mutmut and the SAM CLI need other clicks."""
    lines = (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()
    others = (ROOT / "tools" / "mutation" / "requirements.txt").read_text("utf-8").splitlines()
    pinned = {line for line in others if "==" in line and not line.startswith("mutmut==")}
    assert pinned
    assert pinned <= set(lines)
