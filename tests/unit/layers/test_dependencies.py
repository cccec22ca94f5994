"""Every environment is pinned to the last package, with hashes; the tests have the layer's pins."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from tools.generated.pins import LAYER, asked, canonical, included, needs, pins, versions
from tools.local.deployment import ROOT


def requirements(ending: str) -> list[Path]:
    """Give the requirements of every environment."""
    places = ("layers/*", ".", "tools/*", "examples/*")
    return [path for place in places for path in ROOT.glob(f"{place}/requirements*{ending}")]


SOURCES = requirements(".in")
COMPILED = [source.with_suffix(".txt") for source in SOURCES]
INSTALLING = [ROOT / "Makefile", ROOT / "layers" / "dependencies" / "Makefile"]


def name(path: Path) -> str:
    """Name a file as ``make pins`` does."""
    return path.relative_to(ROOT).as_posix()


def test_every_list_of_requirements_is_compiled() -> None:
    """None is installed as somebody typed it."""
    assert len(SOURCES) >= 5
    assert set(COMPILED) == set(requirements(".txt"))


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_what_is_asked_for_is_what_is_pinned(source: Path) -> None:
    """After a change of one, ``make pins`` brings the other."""
    compiled = source.with_suffix(".txt")
    direct = {pin.name: pin.version for pin in pins(compiled) if name(source) in pin.asked_in}
    assert direct.keys() == asked(source).keys()
    assert {package: version or direct[package] for package, version in asked(source).items()} == (
        direct
    )


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_what_a_list_includes_is_pinned_alike(source: Path) -> None:
    """The function's packages, and what judges them, have one version in all environments."""
    pinned = versions(source.with_suffix(".txt"))
    for other in included(source, "-r"):
        assert versions(other).items() <= pinned.items()
    for other in included(source, "-c"):
        wanted = versions(other) if other.suffix == ".txt" else asked(other)
        shared = {package: at for package, at in wanted.items() if package in pinned}
        assert shared
        assert shared.items() <= pinned.items()


def test_what_sam_does_without_comes_with_the_linters() -> None:
    """The demo imports none of it; ``sam validate --lint`` imports it all."""
    source = ROOT / "tools" / "local" / "requirements-sam.in"
    (without,) = re.findall(r"^# without: (.*)$", source.read_text("utf-8"), re.MULTILINE)
    added = versions(source.with_name("requirements-sam-lint.txt"))
    assert set(without.split()) <= added.keys() - versions(source.with_suffix(".txt")).keys()


@pytest.mark.parametrize("compiled", COMPILED, ids=name)
def test_every_pin_has_hashes(compiled: Path) -> None:
    """Else any archive of that version would do."""
    entries = re.findall(r"^[^#\s]", compiled.read_text("utf-8"), re.MULTILINE)
    pinned = list(pins(compiled))
    assert len(entries) == len(pinned)
    assert [pin for pin in pinned if not pin.hashes] == []


@pytest.mark.parametrize("file", [*SOURCES, *COMPILED], ids=name)
def test_where_packages_come_from_is_left_to_the_machine(file: Path) -> None:
    """A mirror of one is no business of others; the hashes say what may come."""
    assert not re.search(r"://|--(extra-)?index-url|--find-links", file.read_text("utf-8"))


@pytest.mark.parametrize("makefile", INSTALLING, ids=name)
def test_nothing_is_installed_without_hashes(makefile: Path) -> None:
    """Neither by uv nor by pip."""
    text = makefile.read_text("utf-8").replace("\\\n", " ")
    commands = re.findall(r"-m (?:uv )?pip install[^|;}\n]*", text)
    assert commands
    assert [command for command in commands if "--require-hashes" not in command] == []


def test_every_dependency_of_the_layer_is_pinned() -> None:
    """What the pinned packages need is pinned, too: two builds give the same layer."""
    pinned = versions(LAYER)
    assert {"boto3", "aws-lambda-powertools", "crhelper"} <= set(pinned)
    for package in pinned:
        assert needs(metadata.distribution(package)) <= set(pinned), package


def test_tests_run_against_the_layers_versions() -> None:
    """The service model that the tests check requests against is the one that is deployed."""
    pinned = versions(LAYER)
    assert {package: metadata.version(package) for package in pinned} == pinned


def test_names_are_compared_as_pypi_does() -> None:
    """Case and separators make no difference."""
    assert canonical("Typing_Extensions") == canonical("typing.extensions") == "typing-extensions"
