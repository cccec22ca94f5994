"""The spellings of a reference: what is written is what is read, and nonsense is told apart."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.references.malformed_reference import (
    MALFORMED,
    MISSPELT,
    RIGHT,
    UNRESOLVED,
    looks_like_reference,
    problem,
)
from handler.references.reference import Reference, Text, replaced
from handler.references.secret_value import SecretValue, pick
from handler.references.source import Service, Source
from handler.references.syntax import MALFORMED_ARN, MALFORMED_NAME, read, with_texts
from handler.settings import MOST_REFERENCES
from tests.support.bad_requests import CANARY, secret_arn
from tests.support.fakes import ACCOUNT, POLICY, REGION

ARN = secret_arn("connections/crm-Ab12Cd")
PARAMETER_ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/connections/crm"
VERSION_ID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
CURRENT = Source(Service.SECRETS_MANAGER, "connections/crm")
BY_ARN = Source(Service.SECRETS_MANAGER, ARN)
PARTIAL_ARN = secret_arn("connections/crm")
PARTIAL = Source(Service.SECRETS_MANAGER, PARTIAL_ARN)
STAGED = Source(Service.SECRETS_MANAGER, "connections/crm", version_stage="AWSPREVIOUS")
PINNED = Source(Service.SECRETS_MANAGER, "connections/crm", version_id=VERSION_ID)


def dynamic(body: str) -> str:
    """Spell a reference as CloudFormation does."""
    return f"{{{{resolve:{body}}}}}"


def only_reference(text: Text) -> Reference:
    """Give the one reference that a text consists of, nothing being wrong with it."""
    assert text.problem == ""
    (reference,) = text.parts
    assert isinstance(reference, Reference)
    return reference


@pytest.mark.parametrize(
    ("body", "source", "json_key"),
    [
        ("secretsmanager:connections/crm", CURRENT, ""),
        ("secretsmanager:connections/crm::::", CURRENT, ""),
        ("secretsmanager:connections/crm:SecretString", CURRENT, ""),
        ("secretsmanager:connections/crm:SecretString:", CURRENT, ""),
        ("secretsmanager:connections/crm:SecretString:user", CURRENT, "user"),
        ("secretsmanager:connections/crm::user::", CURRENT, "user"),
        ("secretsmanager:connections/crm:SecretString:a key, öÄ/.", CURRENT, "a key, öÄ/."),
        ("secretsmanager:connections/crm:SecretString:user:AWSPREVIOUS", STAGED, "user"),
        ("secretsmanager:connections/crm:SecretString::AWSPREVIOUS:", STAGED, ""),
        (f"secretsmanager:connections/crm:SecretString:user::{VERSION_ID}", PINNED, "user"),
        (f"secretsmanager:{ARN}", BY_ARN, ""),
        (f"secretsmanager:{ARN}:SecretString:user", BY_ARN, "user"),
        (f"secretsmanager:{ARN}::::", BY_ARN, ""),
        (f"secretsmanager:{PARTIAL_ARN}", PARTIAL, ""),
        (f"secretsmanager:{PARTIAL_ARN}:SecretString:user::", PARTIAL, "user"),
        ("ssm-secure:/connections/crm", Source(Service.SSM_SECURE, "/connections/crm"), ""),
        (
            "ssm-secure:/connections/crm:12",
            Source(Service.SSM_SECURE, "/connections/crm", version_id="12"),
            "",
        ),
        ("ssm:/connections/crm:1", Source(Service.SSM, "/connections/crm", version_id="1"), ""),
    ],
)
def test_every_form_of_a_dynamic_reference_is_read(
    body: str, source: Source, json_key: str
) -> None:
    """CloudFormation's own spelling, parts left out at the end or in the middle."""
    reference = only_reference(read(dynamic(body), POLICY))
    assert (reference.source, reference.json_key) == (source, json_key)


@pytest.mark.parametrize(
    ("arn", "source", "json_key"),
    [
        (ARN, BY_ARN, ""),
        (f"{ARN}:user", BY_ARN, "user"),
        (f"{ARN}:user::", BY_ARN, "user"),
        (PARTIAL_ARN, PARTIAL, ""),
        (f"{PARTIAL_ARN}:user::", PARTIAL, "user"),
        (
            f"{ARN}::AWSPREVIOUS:",
            Source(Service.SECRETS_MANAGER, ARN, "AWSPREVIOUS"),
            "",
        ),
        (
            f"{ARN}:user::{VERSION_ID}",
            Source(Service.SECRETS_MANAGER, ARN, version_id=VERSION_ID),
            "user",
        ),
        (PARAMETER_ARN, Source(Service.SSM_ARN, PARAMETER_ARN), ""),
    ],
)
def test_every_form_of_value_from_is_read(arn: str, source: Source, json_key: str) -> None:
    """As in an ECS task definition: the ARN, then what to take of it."""
    reference = only_reference(read({"ValueFrom": arn}, POLICY))
    assert (reference.source, reference.json_key) == (source, json_key)


@pytest.mark.parametrize(
    "value",
    [
        "{{resolve:secretsmanager",
        "{{resolve:secretsmanager}}",
        "{{resolve:secretsmanager:connections/crm}",
        "{{resolve:secretsmanager:{connections/crm}}}",
        "{{resolve:secretsmanager:{{resolve:ssm:/connections/crm}}}}",
        dynamic(""),
        dynamic(":connections/crm"),
        dynamic("SecretsManager:connections/crm"),
        dynamic("secretsmanager:"),
        dynamic("secretsmanager: connections/crm"),
        dynamic("secretsmanager:connections/crm\n"),
        dynamic("secretsmanager:connections/bücher"),
        dynamic("secretsmanager:connections/" + "x" * 512),
        dynamic("secretsmanager:connections/crm:SecretBinary:user"),
        dynamic("secretsmanager:connections/crm:SecretString:a:b:c:d"),
        dynamic(f"secretsmanager:connections/crm:SecretString:user:AWSCURRENT:{VERSION_ID}"),
        dynamic(f"secretsmanager:{secret_arn('')}"),
        dynamic(f"secretsmanager:{ARN.replace('aws', 'AWS', 1)}"),
        dynamic(f"secretsmanager:{ARN}:user::"),
        dynamic("secretsmanager:${Secret}:SecretString:user"),
        dynamic("secretsmanager:connections/crm:SecretString:user:AWSCURRENT "),
        dynamic(f"secretsmanager:connections/crm:SecretString:user:{'s' * 257}"),
        dynamic(f"secretsmanager:connections/crm:SecretString:user:{chr(0x1F600) * 256}"),
        dynamic(f"secretsmanager:connections/crm:SecretString:user::{chr(0x1F600) * 64}"),
        dynamic("secretsmanager:connections/crm:SecretString:user:é"),
        dynamic("secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:connections/crm-Ab12Cd"),
        dynamic(f"secretsmanager:{PARAMETER_ARN}"),
        dynamic("ssm:"),
        dynamic("ssm:/connections/crm:latest"),
        dynamic("ssm:/connections/crm:1:2"),
        dynamic("ssm:/connections/crm:٣"),
        dynamic(f"ssm-secure:{PARAMETER_ARN}"),
        dynamic("secretsmanager:connections/crm") + "{{resolve:",
        {"ValueFrom": ""},
        {"ValueFrom": "connections/crm"},
        {"ValueFrom": dynamic("secretsmanager:connections/crm")},
        {"ValueFrom": f"{ARN}:a:b:c:d"},
        {"ValueFrom": f"{ARN}:user:AWSCURRENT:{VERSION_ID}"},
        {"ValueFrom": f"{ARN}\n"},
        {"ValueFrom": secret_arn("")},
        {"ValueFrom": f"{ARN}:SecretString:user"},
        {"ValueFrom": f" {ARN}"},
        {"ValueFrom": 5},
        {"ValueFrom": None},
        {"ValueFrom": [ARN]},
        {"ValueFrom": {"Ref": "Secret"}},
        {"ValueFrom": {"Fn::Sub": "${Secret}:user::"}},
        {"valueFrom": ARN},
        {"Ref": "Secret"},
        {"ValueFrom": f"{PARAMETER_ARN}\n"},
        {"ValueFrom": f"{PARAMETER_ARN}:1"},
        {"ValueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/connections/crm"},
        {"ValueFrom": f"arn:aws:s3:{REGION}:{ACCOUNT}:secret:connections/crm-Ab12Cd"},
    ],
)
def test_a_malformed_reference_is_told_and_holds_no_part(value: str | Mapping[str, str]) -> None:
    """Nothing of it is taken for a literal, and nothing could be fetched."""
    text = read(value, POLICY)
    assert text.parts == ()
    assert text.problem
    assert text.spelling == value


@pytest.mark.parametrize(
    "value",
    [f"{{{{resolve:secretsmanager:{CANARY}", dynamic(f"vault:{CANARY}"), {"ValueFrom": CANARY}],
)
def test_what_only_looks_like_a_reference_is_not_repeated(value: str | Mapping[str, str]) -> None:
    """It may be a credential that somebody put in the wrong place."""
    assert CANARY not in read(value, POLICY).problem


def test_references_stand_inside_a_longer_text() -> None:
    """Bearer tokens and pairs: literal pieces and references, in order."""
    user = dynamic("secretsmanager:connections/crm:SecretString:user")
    key = dynamic("ssm-secure:/connections/key:1")
    text = read(f"Bearer {user}.{user}{key}!", POLICY)
    shown = [part if isinstance(part, str) else part.spelling for part in text.parts]
    assert shown == ["Bearer ", user, ".", user, key, "!"]
    assert text.problem == ""


def test_a_value_holds_a_hundred_references_at_most() -> None:
    """Each costs its lookup; nobody means thousands."""
    assert len(read(dynamic(NAME) * 100, POLICY).references) == 100
    problem = read(dynamic(NAME) * 101, POLICY).problem
    assert problem == "holds more than 100 references"


def test_a_reference_between_braces_keeps_them() -> None:
    """A JSON text around a reference stays what it is."""
    text = read('{"k":{' + dynamic("secretsmanager:connections/crm") + "}}", POLICY)
    assert text.parts[0] == '{"k":{'
    assert text.parts[-1] == "}}"
    assert len(text.references) == 1


def test_all_that_is_wrong_with_an_arn_is_one_sentence() -> None:
    """Its name, its Region and its account are wrong at one path."""
    arn = secret_arn("production/crm-Ab12Cd", "eu-west-1", "210987654321")
    problem = read({"ValueFrom": arn}, POLICY).problem
    assert problem.startswith(f'"{arn}": ')
    assert problem.count(arn) == 1
    assert all(word in problem for word in ("prefix", "Region", "account"))


def test_every_problem_of_a_text_is_told_once() -> None:
    """Two references out of bounds, one of them written twice; together they are one problem."""
    other = dynamic("secretsmanager:production/x")
    another = dynamic("ssm:/production/y")
    problem = read(other + another + other, POLICY).problem
    assert problem.index(f'"{other}": ') < problem.index(f'"{another}": ')
    assert (problem.count(other), problem.count(another)) == (1, 1)


def test_no_problem_hides_behind_another_reference_that_is_shown_alike() -> None:
    """What is shown of two long ones may be the same."""
    begin = f"production/{'x' * 200}"
    other = dynamic(f"secretsmanager:{begin}") + dynamic(f"secretsmanager:{begin}!y")
    problem = read(other + dynamic("secretsmanager:connections/crm"), POLICY).problem
    assert "prefix" in problem
    assert "owns" in problem


def test_an_overlong_spelling_is_shortened_in_its_problem() -> None:
    """An error stays short enough for an answer."""
    problem = read(dynamic("secretsmanager:production/" + "x" * 400), POLICY).problem
    assert len(problem) < 400


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (dynamic("ssm:/x"), True),
        ("a {{resolve:", True),
        ("resolve:ssm:/x", False),
        ("please resolve: soon", False),
        ('{"resolve": "x"}', False),
        ("{{resolver}}", False),
        ("{{name}} and ${name}", False),
        ("[resolve]", False),
        ("[[resolver]]", False),
        ("100%7Bresolve", False),
        ("", False),
        ({"ValueFrom": "anything"}, True),
        ({"ValueFrom": 5}, True),
        ({"ValueFrom": ARN, "Value": "x"}, False),
        ({"Value": ARN}, False),
        ({"Reference": "x"}, False),
        ({}, False),
        (["{{resolve:ssm:/x}}"], False),
        (5, False),
        (None, False),
    ],
)
def test_what_is_meant_as_a_reference(value: object, expected: bool) -> None:
    """One word decides, however wrong the rest is."""
    assert looks_like_reference(value) is expected


NAME = "secretsmanager:connections/crm"


@pytest.mark.parametrize("opening", ["{{", "${", "[[", "{ ", "%7B%7B", "{{ "])
def test_a_long_text_is_judged_at_once(opening: str) -> None:
    """Each position is looked at once, however many openings there are."""
    assert not looks_like_reference(opening * 100_000 + " " * 100_000)


@pytest.mark.parametrize(
    "spelled",
    [
        f"{{{{ resolve:{NAME} }}}}",
        f"{{{{ resolve:{NAME}}}}}",
        f"{{{{\tresolve:{NAME}}}}}",
        f"{{{{\u00a0resolve:{NAME}}}}}",
        f"{{{{\u200bresolve:{NAME}}}}}",
        f"{{{{Resolve:{NAME}}}}}",
        f"{{{{RESOLVE:{NAME}}}}}",
        f"{{{{resolve :{NAME}}}}}",
        f"{{{{resolve {NAME}}}}}",
        f"${{resolve:{NAME}}}",
        f"${{ Resolve:{NAME}}}",
        f"{{resolve:{NAME}}}",
        f"{{ {{resolve:{NAME}}} }}",
        f"{{{{resolve:{NAME}}}",
        f"{{{{{' ' * 10}resolve:{NAME}}}}}",
        f"${{{' ' * 99}Resolve:{NAME}}}",
        f"%7B%7Bresolve:{NAME}%7D%7D",
        f"%7b%7b resolve:{NAME}%7d%7d",
        f"[[resolve:{NAME}]]",
        f"[[ Resolve:{NAME} ]]",
        "{{resolve:secretsmanager:${Secret}:SecretString:user}}",
    ],
)
@pytest.mark.parametrize("before", ["", "Bearer ", dynamic(NAME)])
@pytest.mark.parametrize("after", ["", " x", dynamic("ssm:/connections/crm")])
def test_a_near_miss_is_told_the_right_spelling(spelled: str, before: str, after: str) -> None:
    """Alone, in the middle of a longer text, or beside a good reference."""
    text = read(before + spelled + after, POLICY)
    assert looks_like_reference(before + spelled + after)
    assert (text.parts, text.problem) == ((), MALFORMED)
    assert "no blanks in {{resolve:…}}" in MALFORMED


@pytest.mark.parametrize("service", ["SecretsManager", " secretsmanager", "ssm ", "SSM", "secret"])
def test_a_misspelt_service_is_told_the_right_ones(service: str) -> None:
    """The rest may be right."""
    problem = read(dynamic(f"{service}:connections/crm"), POLICY).problem
    assert problem.startswith("references are to secretsmanager, ssm-secure or ssm only")
    assert "no blanks in {{resolve:" in problem


@pytest.mark.parametrize("name", [" connections/crm", "connections/crm ", "connections/crm\n"])
def test_blanks_in_a_name_are_told(name: str) -> None:
    """Pasted along."""
    problem = read(dynamic(f"secretsmanager:{name}:SecretString:user"), POLICY).problem
    assert problem.endswith("no blanks")


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("valueFrom", MISSPELT),
        ("Valuefrom", MISSPELT),
        ("VALUEFROM", MISSPELT),
        ("value_from", MISSPELT),
        ("value-from", MISSPELT),
        ("ValueFrom ", MISSPELT),
        ("Ref", UNRESOLVED),
        ("ref", UNRESOLVED),
        ("Fn::Sub", UNRESOLVED),
        ("Fn::GetAtt", UNRESOLVED),
        ("Fn::ImportValue", UNRESOLVED),
        ("fn::join", UNRESOLVED),
        ("Fn::" + "x" * 100_000 + " " * 100_000 + "\n!", UNRESOLVED),
    ],
)
@pytest.mark.parametrize("given", [ARN, CANARY, [CANARY], {"x": CANARY}, None])
def test_an_object_that_is_nearly_one_is_told_how_to_write_it(
    member: str, problem: str, given: object
) -> None:
    """Another case, and functions that nobody resolved."""
    assert looks_like_reference({member: given})
    text = read({member: given}, POLICY)
    assert (text.parts, text.problem) == ((), problem)


@pytest.mark.parametrize(
    ("arrived", "told"),
    [
        ("connections/crm", "this looks like a name"),
        ("connections/crm:password::", "this looks like a name"),
        ("arn:aws:s3:::bucket", "this ARN is of another kind"),
        (f"{PARAMETER_ARN} ", "no blanks"),
        (dynamic("secretsmanager:connections/crm"), "use {{resolve:…}} as the value itself"),
        ({"Ref": "Secret"}, UNRESOLVED),
        (f"two words {CANARY}", "full ARN of a secret or of a parameter"),
        (5, "full ARN of a secret or of a parameter"),
        ([ARN], "full ARN of a secret or of a parameter"),
    ],
)
def test_the_form_of_what_is_no_arn_is_told(arrived: object, told: str) -> None:
    """Ref of a secret gives its name on emulators; what arrived is not repeated."""
    problem = read({"ValueFrom": arrived}, POLICY).problem
    assert problem.startswith("ValueFrom must be the full ARN of a secret or of a parameter")
    assert told in problem
    assert "crm" not in problem
    assert CANARY not in problem
    assert (RIGHT in problem) is ("a name" in told or told == UNRESOLVED)


def test_references_are_found_wherever_they_stand() -> None:
    """In objects and in lists, the rest of the document as it was."""
    document: dict[str, Any] = {
        "plain": 1,
        "list": ["x", dynamic("secretsmanager:connections/crm"), None],
        "object": {"from": {"ValueFrom": ARN}, "other": {"ValueFrom": ARN, "x": True}},
    }
    found = with_texts(document, POLICY)
    assert replaced(found, lambda text: text.spelling) == document
    assert replaced(found, lambda text: len(text.references)) == {
        "plain": 1,
        "list": ["x", 1, None],
        "object": {"from": 1, "other": document["object"]["other"]},
    }


NAMES = st.from_regex(r"connections/[A-Za-z0-9/_+=.@-]{1,60}", fullmatch=True)
OPTIONS = st.text(st.characters(exclude_characters="{}:", exclude_categories=["Cs"]), max_size=20)
SUFFIXES = st.from_regex(r"[A-Za-z0-9]{6}", fullmatch=True)
PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="{}:")
VERSION_IDS = st.text(PRINTABLE, min_size=32, max_size=64)
STAGES = st.text(PRINTABLE, max_size=256)
LITERALS = st.text(min_size=1).filter(
    lambda text: not looks_like_reference(text) and text[-1] not in "{$"
)


@st.composite
def secrets(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """Draw a secret's id and json-key, version-stage, version-id, not both of the latter."""
    secret_id = draw(st.one_of(NAMES, st.builds("{}-{}".format, NAMES, SUFFIXES).map(secret_arn)))
    stage, version_id = draw(
        st.one_of(st.tuples(STAGES, st.just("")), st.tuples(st.just(""), VERSION_IDS))
    )
    return secret_id, draw(OPTIONS), stage, version_id


def as_asked(reference: Reference) -> tuple[str, str, str, str]:
    """Give what a reference was understood as."""
    source = reference.source
    return source.source_id, reference.json_key, source.version_stage, source.version_id


@given(secrets())
def test_what_is_read_is_what_was_spelled(asked: tuple[str, str, str, str]) -> None:
    """Any name or ARN, key, stage or id, in CloudFormation's spelling."""
    secret_id, *options = asked
    spelled = dynamic(":".join(["secretsmanager", secret_id, "SecretString", *options]))
    assert as_asked(only_reference(read(spelled, POLICY))) == asked


@given(secrets().filter(lambda asked: asked[0].startswith("arn:")))
def test_what_is_read_from_value_from_is_what_was_spelled(asked: tuple[str, str, str, str]) -> None:
    """The same for ECS's spelling."""
    assert as_asked(only_reference(read({"ValueFrom": ":".join(asked)}, POLICY))) == asked


@given(st.lists(st.tuples(LITERALS, secrets()), min_size=1, max_size=4), LITERALS)
def test_a_text_resolves_to_its_literals_and_values_in_order(
    pieces: list[tuple[str, tuple[str, str, str, str]]], end: str
) -> None:
    """Nothing is lost, doubled or moved, whatever stands between the references."""
    spelled, expected = "", ""
    for literal, (secret_id, _, stage, version_id) in pieces:
        reference = f"secretsmanager:{secret_id}:SecretString::{stage}:{version_id}"
        spelled += literal + dynamic(reference)
        expected += f"{literal}<{secret_id}|{stage}|{version_id}>"
    text = read(spelled + end, POLICY)
    assert (
        text.resolve(lambda reference: pick(reference, fetched(reference.source))) == expected + end
    )


def fetched(source: Source) -> SecretValue:
    """Hold, in every source, its own description."""
    shown = f"<{source.source_id}|{source.version_stage}|{source.version_id}>"
    return SecretValue(shown, "1", is_secret=True, name=source.name)


@given(st.text(st.sampled_from("{}:resolvcmangt-/ xA1!\n"), max_size=60))
def test_any_text_can_be_read(tail: str) -> None:
    """Either everything is understood or there is a problem; nothing is raised."""
    text = read("{{resolve:" + tail, POLICY)
    assert text.references or text.problem


@pytest.mark.parametrize("length", [1, 31, 65])
def test_a_version_id_that_secrets_manager_would_refuse_is_told_here(length: int) -> None:
    """With its path, and before any call."""
    text = read(
        dynamic(f"secretsmanager:connections/crm:SecretString:user::{'0' * length}"), POLICY
    )
    assert text.problem == "a version id has 32 to 64 characters, printable ASCII"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            dynamic("secretsmanager:connections/crm:password"),
            "a secretsmanager reference has the form secret-id:SecretString:json-key:…",
        ),
        (dynamic("ssm:/a b"), "an ssm reference has the form {{resolve:ssm:name:version}}"),
        (
            dynamic("ssm-secure:/a:latest"),
            "an ssm-secure reference has the form {{resolve:ssm-secure:name:version}}",
        ),
        (
            {"ValueFrom": f"{ARN}:SecretString:key::"},
            "in ValueFrom, the key follows the ARN, without SecretString",
        ),
        (dynamic("secretsmanager:a b"), MALFORMED_NAME),
        (dynamic(f"secretsmanager:{ARN} :SecretString:key"), MALFORMED_ARN),
        (
            dynamic("secretsmanager:crm:SecretString:key:::"),
            "too many colons: its end must be json-key:version-stage:version-id",
        ),
        (
            dynamic(f"secretsmanager:crm:SecretString:key:AWSCURRENT:{VERSION_ID}"),
            "give a version stage or a version id, not both",
        ),
        (
            dynamic("secretsmanager:crm:SecretString:key: AWSCURRENT:"),
            "a version stage has at most 256 characters, printable ASCII, no blanks around it",
        ),
        (
            dynamic("secretsmanager:crm:SecretString:key::short"),
            "a version id has 32 to 64 characters, printable ASCII",
        ),
    ],
)
def test_a_malformed_reference_is_told_with_its_right_form(
    value: str | Mapping[str, str], told: str
) -> None:
    """In one sentence, whose text is in the runbook."""
    text = read(value, POLICY)
    assert (text.spelling, text.parts, text.problem) == (value, (), told)


@pytest.mark.parametrize("more", [{"Extra": "x"}, {"Extra": "x", "More": "y"}])
def test_a_member_beside_value_from_is_told(more: dict[str, str]) -> None:
    """What it is meant for, nobody can know."""
    assert problem({"ValueFrom": ARN, **more}) == MISSPELT


def test_too_many_references_are_told_and_hold_no_part() -> None:
    """What was written stays, to be shown as it was."""
    value = dynamic("ssm:/connections/crm") * (MOST_REFERENCES + 1)
    text = read(value, POLICY)
    told = f"holds more than {MOST_REFERENCES} references"
    assert (text.spelling, text.parts, text.problem) == (value, (), told)


def test_a_parameter_by_its_arn_is_told_by_it() -> None:
    """In errors about its value."""
    reference = only_reference(read({"ValueFrom": PARAMETER_ARN}, POLICY))
    assert reference.spelling == PARAMETER_ARN


def test_a_source_is_read_as_it_was_written() -> None:
    """The registry keeps it as text."""
    for source in (CURRENT, STAGED, PINNED, BY_ARN):
        assert Source.parse(str(source)) == source
