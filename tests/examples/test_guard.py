"""The rules for cfn-lint and CloudFormation Guard refuse literal credentials, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.template import Template

ROOT = Path(__file__).parents[2]
GUARD = ROOT / "examples" / "guard"
GUARD_PYTHON = ROOT / ".venv-example-guard" / "bin" / "python"
RULE = "E9301"
RULES = Rules.create_from_directory(str(GUARD / "cfn_lint"))

SECRET = "{{resolve:secretsmanager:connections/orders:SecretString:key}}"
CANARY = "not-a-real-credential"
PARAMETERS = {
    "Hidden": {"Type": "String", "NoEcho": True},
    "HiddenInWords": {"Type": "String", "NoEcho": "true"},
    "Shown": {"Type": "String"},
    "NotHidden": {"Type": "String", "NoEcho": False},
    "HiddenWithDefault": {"Type": "String", "NoEcho": True, "Default": CANARY},
    "Plain": {"Type": "AWS::SSM::Parameter::Value<String>", "NoEcho": True},
}
SECRETS: dict[str, Any] = {
    "a reference": SECRET,
    "two references": SECRET + SECRET,
    "a word before it": f"Bearer {SECRET}",
    "a name before it": f"session={SECRET}",
    "an encrypted parameter": "{{resolve:ssm-secure:/connections/orders}}",
    "a substitution": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:key}}"},
    "with variables": {"Fn::Sub": ["{{resolve:secretsmanager:${Name}}}", {"Name": "orders"}]},
    "as CDK joins it": {
        "Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:key::}}"]]
    },
    "a hidden parameter": {"Ref": "Hidden"},
    "a parameter hidden in words": {"Ref": "HiddenInWords"},
    "either of two": {"Fn::If": ["Condition", SECRET, {"Ref": "Hidden"}]},
}
LITERALS: dict[str, Any] = {
    "a literal": CANARY,
    "a number": 12345,
    "nothing": "",
    "a literal before a reference": f"{CANARY} and {SECRET}",
    "a literal after a reference": SECRET + CANARY,
    "an unfinished reference": "{{resolve:secretsmanager:connections/orders",
    "a plain parameter of Systems Manager": "{{resolve:ssm:/connections/orders}}",
    "the function's own spelling": {"ValueFrom": "arn:aws:secretsmanager:us-east-1:1:secret:s"},
    "a substituted literal": {"Fn::Sub": f"{CANARY}${{AWS::Region}}"},
    "a substituted parameter": {"Fn::Sub": "${Hidden}"},
    "a literal with variables": {"Fn::Sub": [f"{CANARY}${{A}}", {"A": SECRET}]},
    "a joined literal": {"Fn::Join": ["", [CANARY, {"Ref": "AWS::Region"}]]},
    "a literal joined to a reference": {"Fn::Join": ["", [SECRET, CANARY]]},
    "a literal between": {"Fn::Join": [CANARY, [SECRET, SECRET]]},
    "a parameter that is shown": {"Ref": "Shown"},
    "a parameter that is not hidden": {"Ref": "NotHidden"},
    "a parameter with a default": {"Ref": "HiddenWithDefault"},
    "a plain parameter as a parameter": {"Ref": "Plain"},
    "a parameter that is not there": {"Ref": "Missing"},
    "a mapping": {"Fn::FindInMap": ["Map", "Key", "Credential"]},
    "a literal if": {"Fn::If": ["Condition", CANARY, SECRET]},
    "a literal else": {"Fn::If": ["Condition", SECRET, CANARY]},
}
LISTS = ["HeaderParameters", "QueryStringParameters", "BodyParameters"]


def basic(password: Any, **others: Any) -> dict[str, Any]:
    """Return auth parameters with that password."""
    return {"BasicAuthParameters": {"Username": "ada", "Password": password}, **others}


def api_key(value: Any) -> dict[str, Any]:
    """Return auth parameters with that API key."""
    return {"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": value}}


def oauth(client_secret: Any, **others: Any) -> dict[str, Any]:
    """Return auth parameters with that client secret."""
    client = {"ClientID": "client", "ClientSecret": client_secret}
    return {"OAuthParameters": {"ClientParameters": client, **others}}


def places(value: Any) -> dict[str, dict[str, Any]]:
    """Give auth parameters with the value in each place for a credential, all else in order."""
    item = {"Key": "X-Key", "Value": value, "IsValueSecret": True}
    return {
        "password": basic(value),
        "API key": api_key(value),
        "client secret": oauth(value),
        **{
            f"invocation {name}": basic(SECRET, InvocationHttpParameters={name: [item]})
            for name in LISTS
        },
        **{f"token {name}": oauth(SECRET, OAuthHttpParameters={name: [item]}) for name in LISTS},
    }


def header(**members: Any) -> dict[str, Any]:
    """Return auth parameters with that header after one that is in order."""
    headers = [{"Key": "X-First", "Value": SECRET}, {"Key": "X-Key", **members}]
    return basic(SECRET, InvocationHttpParameters={"HeaderParameters": headers})


def chosen(block: Any) -> dict[str, Any]:
    """Return an Fn::If with the block in its first branch."""
    return {"Fn::If": ["Condition", block, {"Ref": "AWS::NoValue"}]}


ACCEPTED = {
    **{name: basic(value) for name, value in SECRETS.items()},
    **{f"a reference as {name}": each for name, each in places(SECRET).items()},
    "a public header": header(Value=CANARY, IsValueSecret=False),
    "a public header in words": header(Value=CANARY, IsValueSecret="false"),
    "no header": basic(SECRET, InvocationHttpParameters={"HeaderParameters": []}),
    "a member that is no credential": basic(SECRET, ConnectivityParameters={"A": CANARY}),
}
REFUSED = {
    **{name: basic(value) for name, value in LITERALS.items()},
    **{f"a literal as {name}": each for name, each in places(CANARY).items()},
    "a header that does not say": header(Value=CANARY),
    "a header that a condition decides": header(Value=CANARY, IsValueSecret={"Ref": "Shown"}),
    "a literal behind a condition": {"BasicAuthParameters": chosen({"Password": CANARY})},
    "all behind a condition": chosen(basic(CANARY)),
    "an API key behind a condition": {"ApiKeyAuthParameters": chosen({"ApiKeyValue": CANARY})},
    "OAuth behind a condition": {"OAuthParameters": chosen(oauth(CANARY)["OAuthParameters"])},
    "a client behind a condition": {
        "OAuthParameters": {"ClientParameters": chosen({"ClientSecret": CANARY})}
    },
    "invocation parameters behind a condition": basic(
        SECRET,
        InvocationHttpParameters=chosen({"BodyParameters": [{"Key": "K", "Value": CANARY}]}),
    ),
    "token parameters behind a condition": oauth(
        SECRET, OAuthHttpParameters=chosen({"BodyParameters": [{"Key": "K", "Value": CANARY}]})
    ),
    "a header behind a condition": basic(
        SECRET,
        InvocationHttpParameters={"HeaderParameters": [chosen({"Key": "K", "Value": CANARY})]},
    ),
    "headers behind a condition": basic(
        SECRET,
        InvocationHttpParameters={"HeaderParameters": chosen([{"Key": "K", "Value": CANARY}])},
    ),
}


def template(*connections: dict[str, Any]) -> str:
    """Return a template with a connection for each of the auth parameters."""
    resources = {
        f"Connection{number}": {
            "Type": "AWS::Events::Connection",
            "Properties": {"AuthParameters": each},
        }
        for number, each in enumerate(connections)
    }
    secret = {"Type": "AWS::SecretsManager::Secret"}
    return json.dumps({"Parameters": PARAMETERS, "Resources": {"Secret": secret, **resources}})


TEMPLATES = {
    **{name: template(each) for name, each in {**ACCEPTED, **REFUSED}.items()},
    "all that is accepted": template(*ACCEPTED.values()),
    "the last is refused": template(*ACCEPTED.values(), api_key(CANARY)),
    "no connection": template(),
    "another type": json.dumps(
        {"Resources": {"A": {"Type": "AWS::IAM::User", "Properties": {"Password": CANARY}}}}
    ),
    "no parameter": json.dumps(
        {
            "Resources": {
                "A": {
                    "Type": "AWS::Events::Connection",
                    "Properties": {"AuthParameters": api_key({"Ref": "Missing"})},
                }
            }
        }
    ),
}
WITHOUT_CONNECTION = {"no connection", "another type"}
IS_REFUSED = {name: name in {*REFUSED, "the last is refused", "no parameter"} for name in TEMPLATES}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command of the README in the project's folder."""
    return subprocess.run(
        [str(each) for each in command], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give Guard's verdict of each template, by name."""
    folder = tmp_path_factory.mktemp("templates")
    paths = {str(folder / f"{number}.json"): name for number, name in enumerate(TEMPLATES)}
    for path, name in paths.items():
        Path(path).write_text(TEMPLATES[name], encoding="utf-8")
    finished = run(GUARD_PYTHON, GUARD / "check.py", *paths)
    assert finished.stderr == ""
    lines = (line.split(" ", 1) for line in finished.stdout.splitlines())
    return {paths[path]: verdict for verdict, path in lines}


@pytest.mark.parametrize("name", TEMPLATES)
def test_guard_refuses_literals_only(name: str, verdicts: dict[str, str]) -> None:
    """Wherever a credential may stand, however it is written."""
    expected = "FAIL" if IS_REFUSED[name] else "SKIP" if name in WITHOUT_CONNECTION else "PASS"
    assert verdicts[name] == expected


def found_by_cfn_lint(text: str) -> list[str]:
    """Give what this rule alone says about a template."""
    content, _ = decode_str(text)
    return [each.message for each in RULES[RULE].match(Template("template.json", content))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint_refuses_literals_only(name: str) -> None:
    """As Guard does; its message never shows the literal."""
    found = found_by_cfn_lint(TEMPLATES[name])
    assert bool(found) is IS_REFUSED[name]
    assert CANARY not in str(found)


def test_cfn_lint_sees_through_conditions() -> None:
    """A block behind Fn::If is in order where what it holds is; Guard refuses it unseen."""
    assert found_by_cfn_lint(template(chosen(basic(SECRET)))) == []


@pytest.mark.parametrize(("file", "exit_code"), [("good.yaml", 0), ("bad.yaml", 1)])
def test_the_command_of_guard(file: str, exit_code: int) -> None:
    """It tells the verdict by its exit code, and shows no literal."""
    finished = run(GUARD_PYTHON, GUARD / "check.py", GUARD / file)
    assert finished.returncode == exit_code
    assert "not-a-real" not in finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("file", "lines"), [("good.yaml", []), ("bad.yaml", ["19:11", "28:11", "40:13", "44:15"])]
)
def test_the_command_of_cfn_lint(file: str, lines: list[str]) -> None:
    """It finds the literals among all that cfn-lint looks for, each in its line."""
    folder, path = GUARD / "cfn_lint", GUARD / file
    command = f"cfn-lint --append-rules {folder} --format parseable --template {path}"
    finished = run(Path(sys.executable).with_name("cfn-lint"), *command.split()[1:])
    assert "not-a-real" not in finished.stdout + finished.stderr
    found = [line.split(":") for line in finished.stdout.splitlines() if f":{RULE}:" in line]
    assert [f"{line[1]}:{line[2]}" for line in found] == lines
    assert bool(finished.returncode) is bool(lines)
