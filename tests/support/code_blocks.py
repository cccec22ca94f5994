"""The fenced blocks of the documents: language, text, and the reason of one that is not run."""

import re
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>.+?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A block: where it stands, what it holds."""

    document: str
    line: int
    language: str
    text: str
    reason: str  # why it is not run; "" if it is

    def __str__(self) -> str:
        """Return where it stands."""
        return f"{self.document}:{self.line}"


def documents() -> list[Path]:
    """Return every document of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in sorted(listed.stdout.split(), key=_readme_first)]


def code_blocks() -> list[CodeBlock]:
    """Return all blocks, in the order in which a newcomer reads them."""
    return [block for document in documents() for block in _blocks(document)]


def _readme_first(name: str) -> tuple[bool, str]:
    return (name != "README.md", name)


def _blocks(document: Path) -> Iterator[CodeBlock]:
    text = document.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield CodeBlock(
            document=str(document.relative_to(ROOT)),
            line=text.count("\n", 0, match.start("language")) + 1,
            language=match["language"],
            text=textwrap.dedent(match["text"]),
            reason=match["reason"] or "",
        )
