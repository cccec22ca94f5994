"""The bill of materials and the licences are those of the built layer."""

import json
from pathlib import Path

import pytest
from cyclonedx import spdx
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.generated.licences import table
from tools.generated.pins import LAYER, pins, versions
from tools.generated.sbom import bill
from tools.generated.shipped import Package, built_site, licence_files, packages
from tools.local.deployment import ROOT

DOCUMENT = (ROOT / "docs" / "supply-chain.md").read_text("utf-8")


@pytest.fixture(scope="module")
def site() -> Path:
    """Build, and give the folder of the layer's packages."""
    return built_site()


@pytest.fixture(scope="module")
def shipped(site: Path) -> list[Package]:
    """Give what is in it."""
    return list(packages(site))


def test_the_built_layer_holds_the_pins(shipped: list[Package]) -> None:
    """The artifact contains what was asked for and nothing else."""
    assert {package.name: package.version for package in shipped} == versions(LAYER)


def test_the_bill_is_cyclonedx(shipped: list[Package]) -> None:
    """By the strict schema of its version."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill(shipped)))
    assert error is None, error


def test_the_bill_names_every_package_with_its_licence_and_hashes(shipped: list[Package]) -> None:
    """And what needs it."""
    document = bill(shipped)
    hashes = {pin.name: list(pin.hashes) for pin in pins(LAYER)}
    named = {component["name"]: component for component in document["components"]}
    assert named.keys() == hashes.keys()
    for package, component in named.items():
        (archives,) = component["externalReferences"]
        assert [each["content"] for each in archives["hashes"]] == hashes[package]
        assert component["licenses"]
    needed = {ref for each in document["dependencies"] for ref in each["dependsOn"]}
    assert needed == {component["bom-ref"] for component in document["components"]}


def test_the_bill_says_nothing_of_the_machine_that_wrote_it(shipped: list[Package]) -> None:
    """No path, no host and no time: everybody who builds these pins writes the same."""
    document = bill(shipped)
    assert document.pop("$schema").startswith("http://cyclonedx.org/")
    text = json.dumps(document)
    assert "://" not in text
    assert str(ROOT) not in text
    assert "timestamp" not in document["metadata"]
    assert "serialNumber" not in document


def test_every_licence_is_known_to_spdx(shipped: list[Package]) -> None:
    """Where a package says it in words, somebody has to read its licence file."""
    unknown = {package.name: package.licence for package in shipped if not known(package.licence)}
    assert unknown == {}


def known(licence: str) -> bool:
    """Tell whether this is an SPDX id, or an expression of them."""
    return spdx.is_supported_id(licence) or spdx.is_expression(licence)


def test_the_layer_holds_every_licence_and_notice(site: Path) -> None:
    """Whoever gets the layer gets them: none is pruned."""
    for folder in site.glob("*.dist-info"):
        metadata = (folder / "METADATA").read_text("utf-8")
        declared = metadata.partition("\n\n")[0].count("\nLicense-File: ")
        assert len(list(licence_files(folder))) == declared > 0, folder.name


def test_the_document_lists_the_licences(shipped: list[Package]) -> None:
    """``make licences`` prints the table."""
    assert f"\n{table(shipped)}\n" in DOCUMENT


def test_what_packages_hold_of_others_is_in_the_document(site: Path) -> None:
    """It has licences of its own."""
    patterns = ("*vendor*", "*.pem", "*bundled*", "extern*")
    found = {path.relative_to(site).as_posix() for each in patterns for path in site.rglob(each)}
    foreign = {path for path in found if not path.endswith((".py", ".pyc"))}
    assert foreign
    assert [path for path in foreign if f"`{path}`" not in DOCUMENT] == []
