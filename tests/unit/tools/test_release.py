"""A release names its version everywhere alike, and holds nothing that is its packer's own."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.resolved_template import parsed_template
from tools.local.deployment import ROOT
from tools.release.__main__ import PATHS, beside, packaged_template, version

APPLICATION: dict[str, Any] = parsed_template()["Metadata"]["AWS::ServerlessRepo::Application"]
# From the API reference of CreateApplication, in which the service tells what it takes.
TAKEN = {
    "Name": r"[a-zA-Z0-9\-]{1,140}",
    "Author": r"(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?",
    "Description": r".{1,256}",
}


@pytest.mark.parametrize("member", TAKEN)
def test_the_application_repository_takes_the_metadata(member: str) -> None:
    """It refuses an author with blanks, when ``sam publish`` has uploaded everything."""
    assert re.fullmatch(TAKEN[member], APPLICATION[member])


def test_the_application_repository_takes_the_labels() -> None:
    """Ten at most."""
    assert len(APPLICATION["Labels"]) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", each) for each in APPLICATION["Labels"])


def test_the_version_is_the_same_wherever_it_stands() -> None:
    """pyproject.toml's; the template's metadata and the changelog's newest section repeat it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert version() == project["version"] == APPLICATION["SemanticVersion"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert changelog.partition("\n## [")[2].startswith(f"{version()}]")


def test_the_licence_is_the_same_wherever_it_stands() -> None:
    """By its SPDX id."""
    first, *_ = (ROOT / APPLICATION["LicenseUrl"]).read_text().splitlines()
    assert first == f"SPDX-License-Identifier: {APPLICATION['SpdxLicenseId']}"


@pytest.mark.parametrize("folder", PATHS)
def test_a_template_that_does_not_name_a_built_folder_once_is_not_packed(folder: str) -> None:
    """It would deploy the sources in its place, or nothing."""
    source = " ".join(PATHS)
    assert packaged_template(source) == " ".join(PATHS.values())
    for other in (source.replace(folder, ""), f"{source} {folder}"):
        with pytest.raises(ValueError, match=folder):
            packaged_template(other)


@pytest.mark.parametrize(
    "path",
    [
        "secret.json",
        "docs/secret.json",
        "examples/secret.json",
        "examples/terraform/terraform.tfstate",
        "examples/terraform/terraform.tfvars",
        "examples/terraform/.terraform/modules/LICENSE",
        "samconfig.toml",
    ],
)
def test_what_a_clone_holds_besides_is_not_packed(path: str, tmp_path: Path) -> None:
    """The documents tell their readers to write such files."""
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert list(beside(tmp_path)) == []
