"""The dependency layer is pinned to the last package."""

import re
from importlib import metadata

from tests.support.pins import canonical, pins


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
