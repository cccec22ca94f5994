"""No finding of a scanner stays without a reason, and scanners see what CloudFormation gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.scan import __main__ as scan
from tools.scan import scanners
from tools.scan.finding import Finding, Place, Reason, problems, reasons
from tools.scan.scanners import ScannerFailedError, unexplained_nosec
from tools.scan.transformed_template import (
    OPTIONS,
    decided,
    origin,
    parsed,
    transformed,
    with_a_policy_for_each_statement,
    write_variants,
)

TEMPLATE = scan.ROOT / "template.yaml"
QUEUE = Place("checkov", "template.yaml", "Queue")
STATEMENT = Place("cdk-nag", "template.yaml", "Role", "Tokens")
WILDCARD = "IAM5[Resource::arn:aws:events:::connection/*]"
SENTENCE = "It holds nothing that anybody could want."


def _told(finding: Finding, *given: Reason) -> list[str]:
    return list(problems([finding], given))


def test_a_finding_without_a_reason_is_told() -> None:
    """With the place, and once, however many variants of the template it is in."""
    finding = Finding(QUEUE, "CKV_1", "Encrypt it")
    assert list(problems([finding, finding], [])) == [
        "checkov: template.yaml: Queue: CKV_1: Encrypt it"
    ]


def test_a_reason_silences_its_finding() -> None:
    """And leaves nothing else to tell."""
    assert _told(Finding(QUEUE, "CKV_1", "Encrypt it"), Reason(QUEUE, "CKV_1", SENTENCE)) == []


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (QUEUE._replace(scanner="cdk-nag"), "CKV_1"),
        (QUEUE._replace(file="examples/queue.yaml"), "CKV_1"),
        (QUEUE._replace(resource="QueuePolicy"), "CKV_1"),
        (QUEUE._replace(part="Statement"), "CKV_1"),
        (QUEUE, "CKV_10"),
    ],
)
def test_a_reason_silences_nothing_else(place: Place, rule: str) -> None:
    """The finding is told, and so is the reason that nothing needs."""
    assert len(_told(Finding(QUEUE, "CKV_1", "Encrypt it"), Reason(place, rule, SENTENCE))) == 2


def test_a_reason_for_wildcards_covers_names_but_not_everything() -> None:
    """``Resource: "*"`` in a statement that has a reason for prefixes needs one of its own."""
    prefixes = Reason(STATEMENT, "IAM5[Resource]", SENTENCE)
    assert _told(Finding(STATEMENT, WILDCARD, "Wildcard"), prefixes) == []
    assert _told(Finding(STATEMENT, "IAM5[Resource::*]", "Wildcard"), prefixes)
    assert _told(Finding(STATEMENT, "IAM5[Action::sqs:*]", "Wildcard"), prefixes)


@pytest.mark.parametrize("text", ["", "Accepted.", "This one is accepted by us"])
def test_a_reason_is_a_sentence(text: str) -> None:
    """A word is none."""
    told = _told(Finding(QUEUE, "CKV_1", "Encrypt it"), Reason(QUEUE, "CKV_1", text))
    assert told == [f"{QUEUE}: CKV_1: the reason must be a sentence that says why"]


def test_every_reason_in_the_templates_is_a_sentence() -> None:
    """Also without the scanners, which ``make check`` does not run."""
    given = scan.given_reasons()
    assert given
    assert [each for each in given if not each.is_sentence()] == []


def test_reasons_are_read_where_each_scanner_has_them() -> None:
    """A comment for checkov, a reason for cdk-nag; a missing one is empty."""
    metadata = {
        "checkov": {"skip": [{"id": "CKV_1", "comment": "c"}, {"id": "CKV_2"}]},
        "cdk_nag": {"rules_to_suppress": [{"id": "SQS3", "applies_to": "Part", "reason": "r"}]},
    }
    template = {"Resources": {"Queue": {"Metadata": metadata}, "Other": {}}}
    assert list(reasons("template.yaml", template)) == [
        Reason(QUEUE, "CKV_1", "c"),
        Reason(QUEUE, "CKV_2", ""),
        Reason(Place("cdk-nag", "template.yaml", "Queue", "Part"), "SQS3", "r"),
    ]


def test_the_template_is_scanned_as_cloudformation_gets_it(tmp_path: Path) -> None:
    """SAM's resources are expanded, options decided, and no reason goes along."""
    variants = [json.loads(path.read_text("utf-8")) for path in write_variants(TEMPLATE, tmp_path)]
    assert len(variants) == len(OPTIONS)
    for variant in variants:
        text = json.dumps(variant["Resources"])
        assert "AWS::Lambda::EventSourceMapping" in text
        assert "AWS::Serverless::" not in text
        assert "Fn::If" not in text
        assert "Metadata" not in text


def test_every_option_is_on_in_one_variant_and_off_in_the_other() -> None:
    """A conditional statement is in one, what replaces a value that is left out in the other."""
    either = {"Fn::If": ["Has", "on", {"Ref": "AWS::NoValue"}]}
    template = {"Resources": {"R": {"List": [either, 1], "Kept": 2, "Member": either}}}
    assert decided(template, 1)["Resources"]["R"] == {"List": ["on", 1], "Kept": 2, "Member": "on"}
    assert decided(template, 2)["Resources"]["R"] == {"List": [1], "Kept": 2}


def test_each_statement_becomes_a_policy_of_its_own() -> None:
    """With all statements of the real role, conditional ones among them."""
    whole = decided(transformed(parsed(TEMPLATE)), OPTIONS["every-option"])
    (policy,) = whole["Resources"]["FunctionRole"]["Properties"]["Policies"]
    resources = with_a_policy_for_each_statement(whole)["Resources"]
    assert "Policies" not in resources["FunctionRole"]["Properties"]
    for statement in policy["PolicyDocument"]["Statement"]:
        document = resources[f"FunctionRole{statement['Sid']}"]["Properties"]["PolicyDocument"]
        assert document["Statement"] == [statement]


@pytest.mark.parametrize(
    ("logical_id", "place"),
    [
        ("FunctionRole", ("FunctionRole", "")),
        ("FunctionRoleTaskTokens", ("FunctionRole", "TaskTokens")),
        ("FunctionRequests", ("Function", "Requests")),
        ("Dependencies1cf06cad94", ("Dependencies", "")),
    ],
)
def test_what_sam_expands_is_traced_to_what_is_written(
    logical_id: str, place: tuple[str, str]
) -> None:
    """SAM's translator keeps no Metadata on event source mappings and layers."""
    assert origin(logical_id, parsed(TEMPLATE)["Resources"]) == place


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("x = 1  # nosec", True),
        ("x = 1  # nosec B105", True),
        ("x = 1  # nosec B105 # fine", True),
        ("x = 1  # noqa: S105  # nosec B105 # it is a path", False),
        ("x = 1", False),
    ],
)
def test_what_silences_bandit_says_why(line: str, *, is_told: bool) -> None:
    """The rule and some words."""
    assert bool(list(unexplained_nosec("x.py", line))) is is_told


REPORTS = {
    "checkov": {"summary": {"parsing_errors": 0}, "results": {"failed_checks": []}},
    "bandit": {"errors": [], "results": []},
    "cdk-nag": [],
}


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the scanners: commands that note what they are given, and find nothing."""
    monkeypatch.setattr(scanners, "ENVIRONMENTS", tmp_path)
    for scanner, report in REPORTS.items():
        _install(tmp_path, scanner, report)
    return tmp_path


def _install(folder: Path, scanner: str, report: Any, exit_code: int = 0) -> None:
    command = folder / f".venv-scan-{scanner}/bin" / scanner.replace("cdk-nag", "python")
    command.parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{scanner}.json").write_text(json.dumps(report), "utf-8")
    noted, answer = folder / f"{scanner}.args", folder / f"{scanner}.json"
    text = f'#!/bin/sh\nfor a; do echo "$a"; done >"{noted}"\ncat "{answer}"\nexit {exit_code}\n'
    command.write_text(text, "utf-8")
    command.chmod(0o755)


def test_reasons_fail_where_nothing_is_found(
    environments: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would outlive what they were written for."""
    assert scan.main() == 1
    assert capsys.readouterr().out.count("nothing needs this reason") == len(scan.given_reasons())


def test_scanners_get_the_variants_of_each_template(environments: Path) -> None:
    """And checkov the files themselves, as their users have them."""
    scan.main()
    for scanner, suffix in (("checkov", ".json"), ("cdk-nag", ".statements.json")):
        noted = (environments / f"{scanner}.args").read_text("utf-8").split()
        for template in scan.TEMPLATES:
            variants = [f"{option}/{template.stem}{suffix}" for option in OPTIONS]
            assert all(any(each.endswith(variant) for each in noted) for variant in variants)
            assert (str(template) in noted) is (scanner == "checkov")


@pytest.mark.parametrize(
    ("scanner", "report", "exit_code"),
    [
        ("cdk-nag", [], 1),
        ("checkov", REPORTS["checkov"], 2),
        ("checkov", {"summary": {"parsing_errors": 1}, "results": {"parsing_errors": ["x"]}}, 0),
        ("bandit", {"errors": [{"filename": "x.py"}], "results": []}, 0),
    ],
)
def test_a_scanner_that_gives_no_verdict_is_an_error(
    environments: Path, scanner: str, report: Any, exit_code: int
) -> None:
    """Nothing found by a scanner that read nothing would look like success."""
    _install(environments, scanner, report, exit_code)
    with pytest.raises(ScannerFailedError):
        scan.main()
