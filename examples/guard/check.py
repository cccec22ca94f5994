"""
Check templates with the rules beside this file; exit with 1 where one holds a literal credential.

Usage: pip install guardpycfn; python check.py template.yaml ...
"""

import sys
from pathlib import Path

from guardpycfn import validate_with_guard

RULES = Path(__file__).with_name("literal-credentials.guard").read_text(encoding="utf-8")


def verdict(template: str) -> str:
    """Give PASS, SKIP where there is no connection, or FAIL."""
    answer = validate_with_guard(template, RULES, verbose=False)
    if not answer["success"]:
        raise ValueError(answer["error"])
    report = answer["result"]
    # guardpycfn 0.1.0 gives a dictionary, but the end of the text of a report above 8 KB, and only
    # the report of a template that is refused is that long.
    return report["status"] if isinstance(report, dict) else "FAIL"


def main(paths: list[str]) -> int:
    """Print a verdict for each template."""
    verdicts = {path: verdict(Path(path).read_text(encoding="utf-8")) for path in paths}
    for path, each in verdicts.items():
        print(each, path)
    return 1 if "FAIL" in verdicts.values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
