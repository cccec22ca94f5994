"""References as written, and the texts that hold them."""

import pytest

from handler.errors import SecretNotUsableError
from handler.references.reference import Reference, Text, replaced
from handler.references.secret_value import SecretValue, pick
from handler.references.source import Secret, Service, Source
from handler.settings import LONGEST_SHOWN, LONGEST_TEXT
from tests.support.bad_requests import CANARY, OTHER_ACCOUNT, secret_arn

SOURCE = Source(Service.SECRETS_MANAGER, "connections/crm")
SPELLING = "{{resolve:secretsmanager:connections/crm:SecretString:key}}"
KEY = Reference(SPELLING, SOURCE, "key")


def value(text: str, *, is_secret: bool = True) -> SecretValue:
    """Hold a text."""
    return SecretValue(text, "version-1", is_secret=is_secret, name="connections/crm")


def test_a_secret_is_parsed_once_however_many_keys_are_taken() -> None:
    """Thousands of references to one large secret once cost half a minute of CPU."""
    held = value('{"key": "k", "other": "o"}')
    assert held.document is held.document == {"key": "k", "other": "o"}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (SOURCE, "connections/crm"),
        (
            Source(Service.SECRETS_MANAGER, secret_arn("connections/crm-x-Ab12Cd")),
            "connections/crm-x",
        ),
        (Source(Service.SECRETS_MANAGER, secret_arn("connections/plain")), "connections/plain"),
        (Source(Service.SECRETS_MANAGER, secret_arn("parameter-Ab12Cd")), "parameter"),
        (Source(Service.SECRETS_MANAGER, "connections/x-Ab12Cd"), "connections/x-Ab12Cd"),
        (Source(Service.SSM, "/connections/crm"), "/connections/crm"),
        (Source(Service.SSM, "parameter"), "parameter"),
        (
            Source(Service.SSM_ARN, "arn:aws:ssm:us-east-1:123456789012:parameter/connections/crm"),
            "/connections/crm",
        ),
    ],
)
def test_a_source_has_the_name_that_prefixes_are_compared_with(source: Source, name: str) -> None:
    """ARN and random suffix are left out."""
    assert source.name == name


def test_an_arn_may_be_read_as_a_name() -> None:
    """Its end may be what Secrets Manager appended, or a part of the name."""
    source = Source(Service.SECRETS_MANAGER, secret_arn("connections/pay-apikey"), "AWSPREVIOUS")
    by_name = Source(Service.SECRETS_MANAGER, f"{source.source_id}-??????", "AWSPREVIOUS")
    assert by_name.name == "connections/pay-apikey"
    assert source.candidates == (source, by_name)
    assert source.answered("connections/pay") == source
    assert source.answered("connections/pay-apikey") == by_name


def test_another_accounts_secret_stays_in_its_account_however_its_name_ends() -> None:
    """A secret of our own with that name is another one."""
    arn = secret_arn("connections/pay-apikey", account=OTHER_ACCOUNT)
    source = Source(Service.SECRETS_MANAGER, arn, "AWSPREVIOUS")
    found = [source.answered("connections/pay-apikey"), source.candidates[1]]
    found += [Source.parse(str(each)) for each in found]
    assert {each.secret for each in found} == {
        Secret("connections/pay-apikey", account=OTHER_ACCOUNT)
    }
    assert {each.version_stage for each in found} == {"AWSPREVIOUS"}


@pytest.mark.parametrize(
    "source", [SOURCE, Source(Service.SSM_ARN, "arn:aws:ssm:us-east-1:123456789012:parameter/a")]
)
def test_all_else_can_be_read_in_one_way(source: Source) -> None:
    """A name is a name, and a parameter's ARN ends with it."""
    assert source.candidates == (source,)
    assert source.answered(source.name) == source


def test_only_a_version_id_pins() -> None:
    """A stage moves with a rotation."""
    assert Source(Service.SECRETS_MANAGER, "x", version_id="1").is_pinned
    assert not Source(Service.SECRETS_MANAGER, "x", version_stage="AWSCURRENT").is_pinned


def test_a_secrets_text_is_not_in_its_repr() -> None:
    """A traceback or a debugger shows the version only."""
    assert CANARY not in repr(value(CANARY))
    assert CANARY not in str([value(CANARY)])


def test_a_long_reference_is_shown_shortened() -> None:
    """The beginning tells which one it is."""
    shown = str(Reference("{{resolve:" + "x" * 1000, SOURCE))
    assert shown.startswith('"{{resolve:xxx')
    assert len(shown) == LONGEST_SHOWN + 3
    whole = "x" * LONGEST_SHOWN
    assert str(Reference(whole, SOURCE)) == f'"{whole}"'


def test_a_text_is_resolved_piece_by_piece() -> None:
    """Literals stay, each reference gives its part, in order."""
    user = Reference("{{…}}", SOURCE, "user")
    text = Text("…", ("Bearer ", KEY, ".", user, KEY))
    held = value('{"key": "k", "user": "u"}')
    assert text.resolve(lambda reference: pick(reference, held)) == "Bearer k.uk"
    assert text.references == (KEY, user, KEY)


def test_what_is_longer_than_aws_takes_is_never_put_together() -> None:
    """A hundred references to a secret of 64 KB, in some fields, once filled the memory."""
    taken: list[Reference] = []

    def value_of(reference: Reference) -> str:
        taken.append(reference)
        return "x" * (LONGEST_TEXT // 2)

    reference = Reference("{{…}}", Source(Service.SSM, "/crm"))
    assert len(Text("", (reference,) * 2).resolve(value_of)) == LONGEST_TEXT
    taken.clear()
    with pytest.raises(SecretNotUsableError, match="at most 16384 characters"):
        Text("", (reference,) * 100).resolve(value_of)
    assert len(taken) == 3


def test_texts_are_replaced_wherever_they_stand() -> None:
    """Objects and lists are walked through, everything else stays."""
    text = Text("spelling", ())
    document = {"a": [text, {"b": text}, "c", 1, None], "d": text}
    assert replaced(document, lambda found: found.spelling) == {
        "a": ["spelling", {"b": "spelling"}, "c", 1, None],
        "d": "spelling",
    }
