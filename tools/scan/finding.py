"""What a scanner finds in a resource, and the reason beside that resource why it may stay."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

# Where checkov looks for reasons, and cdk-nag before version 3: section, list, key of the reason.
SUPPRESSIONS = {
    "checkov": ("checkov", "skip", "comment"),
    "cdk-nag": ("cdk_nag", "rules_to_suppress", "reason"),
}
WORDS_OF_A_SENTENCE = 5
# cdk-nag names each wildcard that it finds, as AwsSolutions-IAM5[Resource::arn:aws:s3:::*].
WILDCARD = re.compile(r"\[(\w+)::.+\]$")


class Place(NamedTuple):
    """A resource as written; its part is a statement of a role, or what SAM adds to it."""

    scanner: str
    file: str
    resource: str
    part: str = ""

    def __str__(self) -> str:
        """Leave out the part where there is none."""
        return ": ".join(filter(None, self))


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that is broken, and what the scanner says about it."""

    place: Place
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why findings of a rule stay."""

    place: Place
    rule: str
    text: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether it was written for this finding."""
        return self.place == finding.place and self.rule in {finding.rule, _kind(finding.rule)}

    def is_sentence(self) -> bool:
        """Tell whether it says why, and not merely something."""
        return len(self.text.split()) >= WORDS_OF_A_SENTENCE and self.text.rstrip().endswith(".")


def _kind(rule: str) -> str:
    """Give ``…[Resource]`` for a wildcard in a name; one that is all of it stands for itself."""
    return rule if rule.endswith("::*]") else WILDCARD.sub(r"[\1]", rule)


def reasons(file: str, template: Mapping[str, Any]) -> Iterator[Reason]:
    """Yield what stands in the Metadata of the resources."""
    for resource, definition in template["Resources"].items():
        for scanner, (section, suppressions, reason) in SUPPRESSIONS.items():
            metadata = definition.get("Metadata", {}).get(section, {})
            for each in metadata.get(suppressions, []):
                place = Place(scanner, file, resource, each.get("applies_to", ""))
                yield Reason(place, each["id"], each.get(reason, ""))


def problems(findings: Iterable[Finding], given: Iterable[Reason]) -> Iterator[str]:
    """Yield the findings without a reason, and the reasons that are none or that nothing needs."""
    found, given = sorted(set(findings)), list(given)
    for finding in found:
        if not any(reason.covers(finding) for reason in given):
            yield f"{finding.place}: {finding.rule}: {finding.text}"
    for reason in given:
        if not reason.is_sentence():
            yield f"{reason.place}: {reason.rule}: the reason must be a sentence that says why"
        if not any(reason.covers(finding) for finding in found):
            yield f"{reason.place}: {reason.rule}: nothing needs this reason; remove it"
