"""What a reference takes out of its secret or parameter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SecretNotUsableError
from handler.references.reference import Reference
from handler.references.secret_value import SecretValue, pick
from handler.references.source import Service, Source
from handler.settings import LONGEST_SHOWN
from tests.support.bad_requests import CANARY

SOURCE = Source(Service.SECRETS_MANAGER, "connections/crm")
SPELLING = "{{resolve:secretsmanager:connections/crm:SecretString:key}}"
KEY = Reference(SPELLING, SOURCE, "key")


def value(text: str, *, is_secret: bool = True) -> SecretValue:
    """Hold a text."""
    return SecretValue(text, "version-1", is_secret=is_secret, name="connections/crm")


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.just(CANARY), st.text())
TREES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner))
)


@pytest.mark.parametrize(
    ("held", "picked"),
    [
        ('"text"', "text"),
        (r'"\u00e4 \"quoted\" \n"', 'ä "quoted" \n'),
        ("0", "0"),
        ("-0", "-0"),
        ("14", "14"),
        ("1.50", "1.50"),
        ("1E5", "1E5"),
        ("-2.5e-10", "-2.5e-10"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("9" * 5000, "9" * 5000),
        ("true", "true"),
        ("false", "false"),
    ],
)
def test_a_scalar_becomes_its_text(held: str, picked: str) -> None:
    """Strings as they are, numbers and booleans to the last digit as the JSON has them."""
    assert pick(KEY, value(f'{{"other": 1, "key": {held}}}')) == picked


def test_without_a_key_the_whole_text_is_taken() -> None:
    """It may look like JSON, and be a scalar of it."""
    for text in ("{not json", "[not json", "17", '"quoted"', "null", "true", "NaN", "[NaN]"):
        assert pick(Reference(SPELLING, SOURCE), value(text)) == text


@pytest.mark.parametrize(
    "text", [f'{{"key": "{CANARY}"}}', f'["{CANARY}"]', "{}", "[]", f' \n{{"a": "{CANARY}"}}\n']
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_secret_that_holds_json_needs_a_key(mark: str, text: str) -> None:
    """Nobody means the whole document, whatever its place would take."""
    with pytest.raises(SecretNotUsableError) as raised:
        pick(Reference(SPELLING, SOURCE), value(mark + text))
    problem = "the secret holds JSON, so the reference must name a key of it"
    assert raised.value.reason == f'"{SPELLING}": {problem}'


def test_a_parameter_that_holds_json_is_taken_whole() -> None:
    """Its reference has no place for a key."""
    reference = Reference("{{resolve:ssm-secure:/x}}", Source(Service.SSM_SECURE, "/x"))
    assert pick(reference, value('{"a": 1}')) == '{"a": 1}'


@pytest.mark.parametrize("reference", [KEY, Reference(SPELLING, SOURCE)])
def test_a_byte_order_mark_is_no_part_of_a_secret(reference: Reference) -> None:
    """An editor's, or a shell's, left before text or JSON."""
    held = '\ufeff{"key": "k"}' if reference.json_key else "\ufeffk"
    assert pick(reference, value(held)) == "k"


@pytest.mark.parametrize("held", ["", "\ufeff", '{"key": ""}'])
def test_an_empty_text_is_refused(held: str) -> None:
    """Else the text around it would be the credential."""
    reference = KEY if held.endswith("}") else Reference(SPELLING, SOURCE)
    with pytest.raises(SecretNotUsableError) as raised:
        pick(reference, value(held))
    assert raised.value.reason == f'"{SPELLING}": it refers to an empty text'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{{"key": {{"inner": "{CANARY}"}}}}', 'key "key" holds an object'),
        (f'{{"key": ["{CANARY}"]}}', 'key "key" holds an array'),
        (f'{{"key": null, "other": "{CANARY}"}}', 'key "key" holds an array or null'),
        (f'{{"Key": "{CANARY}"}}', 'the secret has no key "key"'),
        ("{}", 'the secret has no key "key"'),
        (CANARY, "the secret is not a JSON object"),
        ("", "the secret is not a JSON object"),
        (f'{{"key": "{CANARY}"', "the secret is not a JSON object"),
        ("[" * 100_000, "the secret is not a JSON object"),
        ('{"key": ' + "[" * 100_000 + "]" * 100_000 + "}", "the secret is not a JSON object"),
        (f'["{CANARY}"]', "the secret is not a JSON object"),
        (f'"{CANARY}"', "the secret is not a JSON object"),
        ("17", "the secret is not a JSON object"),
        ("null", "the secret is not a JSON object"),
    ],
)
def test_what_cannot_be_taken_is_told_with_reference_and_key(text: str, problem: str) -> None:
    """The error says where to look, never what is there."""
    with pytest.raises(SecretNotUsableError) as raised:
        pick(KEY, value(text))
    assert raised.value.reason.startswith(f'"{SPELLING}": {problem}')
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_only_python_takes_for_json_is_not_json(number: str) -> None:
    """Nobody else writes NaN into JSON."""
    with pytest.raises(SecretNotUsableError, match="not a JSON object"):
        pick(KEY, value(f'{{"key": {number}}}'))


@given(st.one_of(TREES.map(json.dumps), st.builds(lambda text: CANARY + text, st.text())))
def test_no_error_tells_anything_of_the_secret(text: str) -> None:
    """Whatever the secret holds: a value, or an error without it."""
    told = ""
    try:
        pick(KEY, value(text))
    except SecretNotUsableError as error:
        told = f"{error!r} {error.__cause__}"
        told += f"{error.__context__}" if not error.__suppress_context__ else ""
    assert CANARY not in told


@given(st.text(min_size=1), st.dictionaries(st.text(), st.text()))
def test_any_key_can_be_taken(key: str, others: dict[str, str]) -> None:
    """Keys are compared whole, not as paths."""
    held = {**others, key: CANARY}
    picked = pick(Reference(SPELLING, SOURCE, key), value(json.dumps(held)))
    assert picked == CANARY


def test_an_overlong_key_does_not_make_an_overlong_error() -> None:
    """An error must fit into an event, however large the request was."""
    reference = Reference(SPELLING, SOURCE, "k" * 200_000)
    with pytest.raises(SecretNotUsableError) as raised:
        pick(reference, value("{}"))
    assert len(raised.value.reason) < 4 * LONGEST_SHOWN


@pytest.mark.parametrize(
    ("service", "is_secret", "problem"),
    [
        (Service.SSM_SECURE, False, "no SecureString"),
        (Service.SSM, True, "write ssm-secure"),
    ],
)
def test_a_parameter_of_the_other_kind_is_refused(
    service: Service, is_secret: bool, problem: str
) -> None:
    """The spelling says whether the parameter is a secret, and must be right."""
    reference = Reference("{{resolve:…}}", Source(service, "/connections/crm"))
    with pytest.raises(SecretNotUsableError, match=problem) as raised:
        pick(reference, value(CANARY, is_secret=is_secret))
    assert raised.value.reason.startswith('"{{resolve:…}}": ')
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    ("service", "is_secret"),
    [
        (Service.SSM_SECURE, True),
        (Service.SSM, False),
        (Service.SSM_ARN, True),
        (Service.SSM_ARN, False),
    ],
)
def test_a_parameter_of_the_right_kind_is_taken(service: Service, is_secret: bool) -> None:
    """An ARN does not tell the kind, so that both are."""
    reference = Reference("{{resolve:…}}", Source(service, "/connections/crm"))
    assert pick(reference, value("held", is_secret=is_secret)) == "held"


def test_an_error_does_not_carry_the_secret_that_caused_it() -> None:
    """JSON's own error holds the whole text; a traceback would lead to it."""
    spelling = "{{resolve:secretsmanager:connections/crm:SecretString:key}}"
    reference = Reference(spelling, Source(Service.SECRETS_MANAGER, "connections/crm"), "key")
    with pytest.raises(SecretNotUsableError) as raised:
        pick(reference, SecretValue(CANARY, "1", is_secret=True, name="connections/crm"))
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
