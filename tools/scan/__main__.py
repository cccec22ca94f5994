"""Scan templates and code; ``make scan``."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.scan import scanners
from tools.scan.finding import Finding, Reason, problems, reasons
from tools.scan.transformed_template import parsed, write_variants

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [ROOT / "template.yaml", *sorted((ROOT / "examples").glob("*.yaml"))]


def main() -> int:
    """Print each finding without a reason, and each reason without a finding."""
    with tempfile.TemporaryDirectory() as folder:
        findings = found(Path(folder))
    given = given_reasons()
    told = list(problems(findings, given))
    print("\n".join(told), end="\n" if told else "")
    print(f"{len(set(findings))} findings, {len(given)} reasons, {len(told)} problems")
    return 1 if told else 0


def given_reasons() -> list[Reason]:
    """Collect the reasons beside all resources."""
    return [each for path in TEMPLATES for each in reasons(_file(path), parsed(path))]


def found(folder: Path) -> list[Finding]:
    """Run all scanners, side by side; what CloudFormation gets goes into the folder."""
    written = {str(path): (_file(path), parsed(path)) for path in TEMPLATES}
    variants = {
        str(variant): written[str(path)]
        for path in TEMPLATES
        for variant in write_variants(path, folder)
    }
    locate = scanners.locator({**written, **variants})
    with ThreadPoolExecutor() as pool:
        running = (
            pool.submit(lambda: list(scanners.checkov([*written, *variants], locate))),
            pool.submit(lambda: list(scanners.cdk_nag([*variants], locate))),
            pool.submit(lambda: list(scanners.bandit())),
        )
    return [each for scanner in running for each in scanner.result()]


def _file(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main())
