"""The block of AuthParameters that goes with an AuthorizationType, and the others."""

from typing import Any

import pytest
from botocore.utils import ArgumentGenerator

from handler.requests.authorization_type import BLOCK_OF_TYPE
from tests.support.bad_requests import (
    ABSENT,
    BASIC,
    BLOCK_OF,
    BODY,
    HEADERS,
    QUERY,
    changed,
    secret,
    violations_of,
)
from tests.support.fakes import SHAPE

GO = "remove it"


def test_the_blocks_are_those_of_the_model() -> None:
    """Each AuthorizationType has one; a type that AWS adds is noticed here."""
    shape: Any = SHAPE
    assert list(BLOCK_OF_TYPE) == sorted(
        shape.members["AuthorizationType"].enum, key=list(BLOCK_OF_TYPE).index
    )
    blocks = {name for name in shape.members["AuthParameters"].members if "Auth" in name}
    assert set(BLOCK_OF_TYPE.values()) == blocks == set(BLOCK_OF)


@pytest.mark.parametrize("wanted", list(BLOCK_OF_TYPE))
@pytest.mark.parametrize("present", [[], *([block] for block in BLOCK_OF), list(BLOCK_OF)])
def test_just_the_block_of_the_type_must_be_there(wanted: str, present: list[str]) -> None:
    """What is missing is told, and each that is too many."""
    blocks = {block: BLOCK_OF[block]["AuthParameters"][block] for block in present}
    found = violations_of({"Name": "crm", "AuthorizationType": wanted, "AuthParameters": blocks})
    missing = {BLOCK_OF_TYPE[wanted]} - set(present)
    unwanted = set(present) - {BLOCK_OF_TYPE[wanted]}
    assert {each for each in found if GO not in each} == {
        f"AuthParameters.{block}: required with AuthorizationType {wanted}" for block in missing
    }
    assert [each.split(": ")[0] for each in found if GO in each] == [
        f"AuthParameters.{block}" for block in BLOCK_OF_TYPE.values() if block in unwanted
    ]


def test_unused_blocks_of_a_skeleton_are_told_first_and_nothing_beneath_them() -> None:
    """What the CLI prints, filled in for BASIC: CloudFormation's cut must not hide what to do."""
    model: Any = SHAPE
    printed: Any = ArgumentGenerator().generate_skeleton(model)
    document = changed(
        printed | {"Name": "crm", "AuthorizationType": "BASIC"},
        {"AuthParameters.BasicAuthParameters": BASIC["AuthParameters"]["BasicAuthParameters"]},
    )
    go = f"does not go with AuthorizationType BASIC; {GO}"
    first, second, *others = violations_of(document)
    assert first == f"AuthParameters.ApiKeyAuthParameters: {go}"
    assert second == f"AuthParameters.OAuthParameters: {go}"
    assert not any("ApiKeyAuthParameters" in each or "OAuthParameters" in each for each in others)
    empty = [each for each in others if each.startswith("AuthParameters.Invocation")]
    assert empty == [f"{path}[0]: empty; remove this entry" for path in (HEADERS, QUERY, BODY)]


@pytest.mark.parametrize("authorization_type", [ABSENT, "NONE", 5, None, ["BASIC"], secret("x")])
@pytest.mark.parametrize("present", [[], list(BLOCK_OF)[:2]])
def test_without_a_type_there_must_be_one_block(
    authorization_type: object, present: list[str]
) -> None:
    """Which one is nobody's to guess, so all three are named."""
    blocks = {block: BLOCK_OF[block]["AuthParameters"][block] for block in present}
    document = changed(BASIC, {"AuthorizationType": authorization_type, "AuthParameters": blocks})
    problem = "must hold exactly one of BasicAuthParameters, ApiKeyAuthParameters, OAuthParameters"
    assert f"AuthParameters: {problem}" in violations_of(document)
    one = changed(BASIC, {"AuthorizationType": authorization_type})
    assert [each.split(": ")[0] for each in violations_of(one)] == ["AuthorizationType"]
