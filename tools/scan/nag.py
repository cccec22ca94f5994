"""
Runs cdk-nag's AwsSolutions pack on CloudFormation templates, inside .venv-scan-cdk-nag.

It prints a JSON array of ``{"file", "resource", "rule", "text"}``. cdk-nag 3 reads no Metadata.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from aws_cdk import App, Stack
from aws_cdk.cloudformation_include import CfnInclude
from cdk_nag import AwsSolutionsChecks


def violations(template_file: str) -> Iterator[dict[str, str]]:
    """Yield what the pack finds in a template."""
    app = App()
    CfnInclude(Stack(app, "Stack"), "Template", template_file=template_file)
    for violation in AwsSolutionsChecks(app).validate_scope(app).violations:
        for resource in violation.violating_resources:
            yield {
                "file": template_file,
                "resource": PurePosixPath(resource.construct_path).name,
                "rule": violation.rule_name,
                "text": violation.description,
            }


if __name__ == "__main__":
    print(json.dumps([found for each in sys.argv[1:] for found in violations(each)]))
