"""The documents speak of what there is: tests, alarms, parameters, outputs, permissions, links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.resolved_template import EVERYTHING_ON, deployed, parsed_template
from tools.generated.cost import ALARMS, tables

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs").glob("*.md"))
OTHERS = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "examples/README.md")
DOCUMENTS = [*(ROOT / name for name in OTHERS), *PAGES]
MOST_LINES = 210
TEMPLATE = parsed_template()


def page(name: str) -> str:
    """Read a page."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def sections(text: str) -> Iterator[tuple[list[Path], list[str]]]:
    """Yield the test files that are named, and the table's rows below them."""
    files: list[Path] = []
    rows: list[str] = []
    for line in text.splitlines():
        if named := re.findall(r"`(tests/[\w/]+\.py)`", line):
            if rows:
                yield files, rows
                files, rows = [], []
            files += [ROOT / name for name in named]
        elif line.startswith("| "):
            rows.append(line)
    yield files, rows


def rows_with_files() -> Iterator[tuple[str, list[Path]]]:
    """Yield every row about a fault, with the files in which its tests are."""
    for text in (page("faults-stacks"), page("faults-queues")):
        for files, rows in sections(text):
            yield from ((row, files) for row in rows if not row.startswith("| Fault |"))


@pytest.mark.parametrize(("row", "files"), list(rows_with_files()), ids=lambda each: str(each)[:50])
def test_every_fault_names_tests_that_exist(row: str, files: list[Path]) -> None:
    """In the files named above the table; a row without a test promises nothing."""
    *_, last = row.strip("| ").split(" | ")
    names = re.findall(r"`(test_\w+)`", last)
    assert names
    defined = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert [name for name in names if f"def {name}(" not in defined] == []


@pytest.mark.parametrize("row", [row for row, _ in rows_with_files()], ids=lambda row: row[:50])
def test_every_fault_tells_what_is_seen_and_what_is_done(row: str) -> None:
    """Four columns, none of them empty."""
    cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
    assert len(cells) == 4
    assert all(cells)


def resources(resource_type: str) -> list[str]:
    """Give the logical ids of a type."""
    found = TEMPLATE["Resources"].items()
    return [name for name, resource in found if resource["Type"] == resource_type]


@pytest.mark.parametrize("alarm", resources("AWS::CloudWatch::Alarm"))
def test_every_alarm_names_its_section_of_the_runbook(alarm: str) -> None:
    """Whoever is woken finds it."""
    told = TEMPLATE["Resources"][alarm]["Properties"]["AlarmDescription"]
    assert told.endswith(f" Runbook: docs/alarms.md#{anchor(alarm)}")
    assert f"\n## {alarm}\n" in page("alarms")


@pytest.mark.parametrize("parameter", TEMPLATE["Parameters"])
def test_every_parameter_is_described(parameter: str) -> None:
    """With its default and meaning."""
    assert f"| `{parameter}` |" in page("configure")


@pytest.mark.parametrize("output", TEMPLATE["Outputs"])
def test_every_output_is_named(output: str) -> None:
    """Those who build on the stack find it."""
    assert f"`{output}`" in page("configure")


def statements() -> list[str]:
    """Give the Sids of the function's role."""
    resources = deployed(**EVERYTHING_ON)["Resources"]
    (policy,) = resources["FunctionRole"]["Properties"]["Policies"]
    return re.findall(r"'Sid': '(\w+)'", str(policy["PolicyDocument"]))


@pytest.mark.parametrize("sid", statements())
def test_every_permission_of_the_function_is_explained(sid: str) -> None:
    """Statement by statement."""
    assert f"| `{sid}` |" in page("secure")


def test_the_cost_is_what_the_counted_calls_cost() -> None:
    """``make cost`` prints both tables."""
    assert f"\n{tables()}\n" in page("cost")


def test_the_cost_counts_every_alarm() -> None:
    """They are most of what an idle installation costs."""
    assert len(resources("AWS::CloudWatch::Alarm")) == ALARMS


def anchor(heading: str) -> str:
    """Give the anchor that GitHub makes of a heading."""
    plain = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    """Give all anchors of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {anchor(heading) for heading in headings}


FILE = re.compile(
    r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sh|md|ya?ml|json|toml|txt|in)"
    r"|(?:src|layers|tests|tools|docs|events|examples)/(?:[\w.-]+/)*)`"
)
MADE = ("requests/", ".local/", ".aws-sam/", ".vscode/")  # by the reader or by a command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    """By its path from the project's root, or from beside the document."""
    text = document.read_text(encoding="utf-8")
    named = {name for name in FILE.findall(text) if not name.startswith(MADE)}
    places = (ROOT, document.parent, ROOT / "src" / "handler", ROOT / "examples")
    assert {name for name in named if not any((at / name).exists() for at in places)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    """To a file of the project, and to a heading in it."""
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, heading = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_page_is_short_enough_to_be_read(document: Path) -> None:
    """A longer one answers more than one question."""
    lines = document.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_page_is_found_from_the_readme(document: Path) -> None:
    """A page that nothing leads to is not read."""
    assert f"](docs/{document.name}" in (ROOT / "README.md").read_text(encoding="utf-8")
