"""Every code block is of a kind that is run, put to the function or parsed."""

import json
import re

import pytest

from handler.requests.entry_point import DIRECT
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support.code_blocks import ROOT, CodeBlock, code_blocks
from tests.support.fakes import RULES, FakeTime

BLOCKS = code_blocks()
KINDS = ("sh", "yaml", "json", "text", "mermaid")  # sh and yaml: tests/e2e/test_documents.py
EXCUSED = [block for block in BLOCKS if block.reason]
JSON = [block for block in BLOCKS if block.language == "json"]
REQUESTS = [block for block in JSON if block.text.startswith(('{\n  "RequestType"', '{"RequestT'))]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_tells_its_kind(block: CodeBlock) -> None:
    """One without a language is checked by nobody."""
    assert block.language in KINDS


def test_every_fence_is_found() -> None:
    """An expression that misses some would pass them all."""
    fences = [
        line
        for path in {block.document for block in BLOCKS}
        for line in (ROOT / path).read_text(encoding="utf-8").splitlines()
        if re.match(r" *```", line)
    ]
    assert len(fences) == 2 * len(BLOCKS)


@pytest.mark.parametrize("block", EXCUSED, ids=str)
def test_a_test_that_is_said_to_run_a_block_exists(block: CodeBlock) -> None:
    """Where the reason names one."""
    named = re.findall(r"tests/[\w/]+(?:\.py)?", block.reason)
    assert all((ROOT / name).exists() for name in named)


@pytest.mark.parametrize("block", JSON, ids=str)
def test_json_is_json(block: CodeBlock) -> None:
    """Whoever copies it can send it."""
    json.loads(block.text)


@pytest.mark.parametrize("block", [each for each in REQUESTS if not each.reason], ids=str)
def test_a_request_is_taken(block: CodeBlock) -> None:
    """By the function itself, short of writing."""
    request = read_document(json.loads(block.text), DIRECT, "request", FakeTime().now)
    check(request, RULES)
