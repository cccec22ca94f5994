"""What the function printed: its log lines, and its metrics in CloudWatch's embedded format."""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest


class CurrentStdout:
    """Writes to whatever is standard output now; loggers keep the one that they found first."""

    def write(self, text: str) -> None:
        """Write."""
        sys.stdout.write(text)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""


@dataclass(frozen=True, slots=True)
class FunctionOutput:
    """Everything printed since it was last cleared."""

    capture: pytest.CaptureFixture[str]
    _printed: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Give it as it is."""
        self._printed.extend(self.capture.readouterr())
        return "".join(self._printed)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Give the log's lines."""
        return [document for document in self._documents() if "_aws" not in document]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Give the metrics' documents, each reduced to dimensions and values."""
        return [measured(document) for document in self._documents() if "_aws" in document]

    def clear(self) -> None:
        """Forget everything."""
        self.capture.readouterr()
        self._printed.clear()

    def _documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]


def measured(document: dict[str, Any]) -> dict[str, Any]:
    """Reduce a document to what CloudWatch makes of it: dimensions, and values by metric."""
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    metrics = {
        metric["Name"]: (document[metric["Name"]][0], metric["Unit"])
        for metric in directive["Metrics"]
    }
    return {
        "namespace": directive["Namespace"],
        "dimensions": {name: document[name] for name in dimensions},
        "metrics": metrics,
    }
