"""Names of connections: form, prefix, and the name derived for a resource without one."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from handler.requests.violation import Violation

NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
NOT_IN_NAMES = re.compile(r"[^.\-_A-Za-z0-9]")
LONGEST_NAME = 64


def derived_name(stack_id: str, logical_resource_id: str, prefix: str) -> str:
    """Make the name of a custom resource without Name: legible, and the same at every retry."""
    stack_name = stack_id.split("/")[1] if "/" in stack_id else "stack"
    whole = f"{stack_id}/{logical_resource_id}".encode(errors="surrogatepass")
    legible = NOT_IN_NAMES.sub("", f"{prefix}{stack_name}-{logical_resource_id}")
    return f"{legible[: LONGEST_NAME - 9]}-{hashlib.sha256(whole).hexdigest()[:8]}"


def well_formed_name(properties: object) -> str:
    """Give the Name in properties if EventBridge could accept it, otherwise ""."""
    named = properties.get("Name") if isinstance(properties, Mapping) else None
    return named if isinstance(named, str) and NAME.fullmatch(named) else ""


def prefix_violations(properties: Mapping[str, Any], prefix: str) -> Iterator[Violation]:
    """Yield what is wrong if a name does not begin as this installation's names must."""
    name = properties.get("Name")
    if isinstance(name, str) and not name.startswith(prefix):
        setting = "ConnectionNamePrefix (CONNECTION_NAME_PREFIX)"
        yield Violation("Name", f"must begin with {prefix}; {setting}")
