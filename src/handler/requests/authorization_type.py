"""Which block of AuthParameters goes with each AuthorizationType, and no other."""

from collections.abc import Iterator, Mapping
from typing import Any

from handler.requests.violation import Violation

BLOCK_OF_TYPE = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


def block_violations(properties: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what is wrong if not exactly the block of the AuthorizationType is there."""
    auth_parameters, kind = properties.get("AuthParameters"), properties.get("AuthorizationType")
    if not isinstance(auth_parameters, Mapping):
        return
    blocks, wanted = BLOCK_OF_TYPE.values(), _wanted_block(properties)
    present = [block for block in blocks if block in auth_parameters]
    if wanted is None:
        if len(present) != 1:
            yield Violation("AuthParameters", f"must hold exactly one of {', '.join(blocks)}")
        return
    problem = f"does not go with AuthorizationType {kind}; remove it"
    for block in (each for each in present if each != wanted):
        yield Violation(f"AuthParameters.{block}", problem)
    if wanted not in present:
        yield Violation(f"AuthParameters.{wanted}", f"required with AuthorizationType {kind}")


def without_other_blocks(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out each block that must be removed anyway, so that nothing in it is reported."""
    wanted, auth_parameters = _wanted_block(properties), properties.get("AuthParameters")
    if wanted is None or not isinstance(auth_parameters, Mapping):
        return properties
    others = set(BLOCK_OF_TYPE.values()) - {wanted}
    kept = {name: value for name, value in auth_parameters.items() if name not in others}
    return {**properties, "AuthParameters": kept}


def _wanted_block(properties: Mapping[str, Any]) -> str | None:
    kind = properties.get("AuthorizationType")
    return BLOCK_OF_TYPE.get(kind) if isinstance(kind, str) else None
