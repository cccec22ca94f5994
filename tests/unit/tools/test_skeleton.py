"""The skeleton: every member that AWS knows, filled in so that the request is accepted."""

import json
import sys

import pytest
from botocore.model import ListShape, Shape, StructureShape
from jsonschema import Draft202012Validator

from handler.requests.authorization_type import BLOCK_OF_TYPE
from tools.generated.schema import request_schema
from tools.generated.service_model import create_connection
from tools.generated.skeleton import main, skeleton

TYPES = sorted(BLOCK_OF_TYPE)


def members(shape: Shape, path: str = "") -> set[str]:
    """Return the path of every scalar member of a shape."""
    match shape:
        case StructureShape():
            below = (members(inner, f"{path}.{name}") for name, inner in shape.members.items())
            return set[str]().union(*below)
        case ListShape():
            return members(shape.member, path)
        case _:
            return {path}


def given(value: object, path: str = "") -> dict[str, object]:
    """Return what stands at the path of every scalar of a document, of list items the last."""
    match value:
        case dict():
            below = (given(item, f"{path}.{name}") for name, item in value.items())
        case list():
            below = (given(item, path) for item in value)
        case _:
            return {path: value}
    return {name: item for each in below for name, item in each.items()}


def test_every_authorization_type_of_aws_has_its_block() -> None:
    """A type that AWS adds is noticed here."""
    shape = create_connection().members
    assert set(BLOCK_OF_TYPE) == set(shape["AuthorizationType"].metadata["enum"])
    assert isinstance(shape["AuthParameters"], StructureShape)
    assert set(BLOCK_OF_TYPE.values()) <= set(shape["AuthParameters"].members)


@pytest.mark.parametrize("authorization_type", TYPES)
def test_every_member_is_there_save_the_other_types_blocks(authorization_type: str) -> None:
    """What botocore learns of tomorrow appears by itself."""
    unused = [
        f".AuthParameters.{block}."
        for other, block in BLOCK_OF_TYPE.items()
        if other != authorization_type
    ]
    wanted = {path for path in members(create_connection()) if not path.startswith(tuple(unused))}
    assert set(given(skeleton(authorization_type)["ResourceProperties"])) == wanted


@pytest.mark.parametrize("authorization_type", TYPES)
def test_it_is_accepted_as_it_is(authorization_type: str) -> None:
    """Placeholders keep AWS's lengths, patterns and enums."""
    errors = Draft202012Validator(request_schema()).iter_errors(skeleton(authorization_type))
    assert [error.json_path for error in errors] == []


@pytest.mark.parametrize(
    ("authorization_type", "credential"),
    [
        ("BASIC", ".AuthParameters.BasicAuthParameters.Password"),
        ("API_KEY", ".AuthParameters.ApiKeyAuthParameters.ApiKeyValue"),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            ".AuthParameters.OAuthParameters.ClientParameters.ClientSecret",
        ),
    ],
)
def test_credentials_are_references(authorization_type: str, credential: str) -> None:
    """Whoever fills it in starts from a reference, not from a blank."""
    value = given(skeleton(authorization_type)["ResourceProperties"])[credential]
    assert str(value).startswith("{{resolve:secretsmanager:connections/example:SecretString:")


def test_parameters_show_a_secret_and_a_literal(capsys: pytest.CaptureFixture[str]) -> None:
    """Both values of IsValueSecret are shown with the kind of value they go with."""
    main_with("BASIC")
    parameters = json.loads(capsys.readouterr().out)["ResourceProperties"]["AuthParameters"]
    for items in parameters["InvocationHttpParameters"].values():
        assert {item["IsValueSecret"]: "{{resolve:" in item["Value"] for item in items} == {
            True: True,
            False: False,
        }


def test_an_unknown_type_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The error lists the types there are."""
    with pytest.raises(SystemExit):
        main_with("basic")
    assert "OAUTH_CLIENT_CREDENTIALS" in capsys.readouterr().err


def main_with(argument: str) -> None:
    """Run the command with one argument."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["skeleton", argument])
        main()
