"""
Terraform's ``aws_lambda_invocation`` with ``lifecycle_scope = "CRUD"``: what it sends and saves.

Source:
    https://github.com/hashicorp/terraform-provider-aws (internal/service/lambda/invocation.go, read
    at 0133e9ef; its SDK saves what an update planned even if the update fails)
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from handler.errors import ProvisionerError

Document = dict[str, Any]


@dataclass(slots=True)
class Terraform:
    """One resource: its function, what the state file holds, and what was sent."""

    invoke: Callable[[Document], Any]
    state: Document | None = None
    sent: list[Document] = field(default_factory=list)

    def apply(self, given: Document) -> None:
        """Bring the resource to an input; nothing is sent if the state file has it already."""
        if self.state is None:
            result = self._invoke("create", given, None)
            self.state = {"input": json.dumps(given), "result": result}
        elif given != self._input:
            before, self.state["input"] = self._input, json.dumps(given)
            self.state["result"] = self._invoke("update", given, before)

    def replace(self, given: Document, *, creates_before: bool = False) -> None:
        """Make the resource anew, as for a change of ``triggers`` or ``-replace``."""
        if not creates_before:
            self.destroy()
            self.apply(given)
            return
        deposed, self.state = self._input, None
        self.apply(given)
        self._invoke("delete", deposed, deposed)

    def destroy(self) -> None:
        """Destroy the resource, if there is one; it stays in the state file until that worked."""
        if self.state is not None:
            self._invoke("delete", self._input, self._input)
            self.state = None

    @property
    def _input(self) -> Document:
        assert self.state is not None
        given: Document = json.loads(self.state["input"])
        return given

    def _invoke(self, action: str, given: Document, before: Document | None) -> str:
        document = {**given, "tf": {"action": action, "prev_input": before}}
        self.sent.append(document)
        return json.dumps(self.invoke(document))


def fails(step: Callable[[], None]) -> str:
    """Take a step that fails, and return the code of its error."""
    try:
        step()
    except ProvisionerError as error:
        return error.code
    raise AssertionError("it did not fail")
