"""The application deploys in every partition: in China, GovCloud, sovereign and secret clouds."""

import re
from collections.abc import Iterator
from pathlib import Path

import boto3

from tests.support.resolved_template import ROOT

SHIPPED = (
    "template.yaml",
    "samconfig.toml",
    "src",
    "layers",
    "examples",
    "docs",
    "tools/operating",
)
# Those of AWS's services are the same in every partition, and so are AWS's own pages.
SERVICE_PRINCIPALS = re.compile(
    r"\b(\w+\.)*(cloudformation|events|lambda|pipes|sns|states)\.amazonaws\.com\b"
)


def shipped_files() -> Iterator[Path]:
    """Yield what users deploy, copy or run against their account, prose left out."""
    for root in (ROOT / name for name in SHIPPED):
        for path in [root, *root.rglob("*")]:
            if path.is_file() and path.suffix not in {".md", ".pyc"}:
                yield path


def test_nothing_that_ships_names_a_partition() -> None:
    """``arn:aws:`` is wrong in every partition but one."""
    named = [path for path in shipped_files() if "arn:aws:" in path.read_text(encoding="utf-8")]
    assert named == []


def test_the_template_names_no_domain_of_a_partition() -> None:
    """``AWS::URLSuffix`` does, except in the names of services as principals."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert "amazonaws" not in SERVICE_PRINCIPALS.sub("", text)


def test_the_template_is_linted_for_a_region_of_each_partition() -> None:
    """All that the AWS SDK knows; a new one shows here."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (regions,) = re.findall(r"^REGIONS := (.+)$", makefile, re.MULTILINE)
    session = boto3.Session()
    linted = [session.get_partition_for_region(region) for region in regions.split()]
    assert sorted(linted) == sorted(session.get_available_partitions())
    assert "cfn-lint --regions $(REGIONS) -- template.yaml" in makefile
