"""Requests that must be refused, each with every path its one error must name."""

import copy
from dataclasses import dataclass
from typing import Any

from handler.requests.properties import prepared, property_violations
from tests.support.fakes import RULES

CANARY = "CANARY-7d41f0c2"  # stands where a credential could stand; no answer may repeat it

REGION, ACCOUNT = "us-east-1", "123456789012"
OTHER_ACCOUNT = "210987654321"
BASIC_BLOCK = "AuthParameters.BasicAuthParameters"
API_KEY_BLOCK = "AuthParameters.ApiKeyAuthParameters"
OAUTH_BLOCK = "AuthParameters.OAuthParameters"
HEADERS = "AuthParameters.InvocationHttpParameters.HeaderParameters"
QUERY = "AuthParameters.InvocationHttpParameters.QueryStringParameters"
BODY = "AuthParameters.InvocationHttpParameters.BodyParameters"
OAUTH_HEADERS = f"{OAUTH_BLOCK}.OAuthHttpParameters.HeaderParameters"
PASSWORD = f"{BASIC_BLOCK}.Password"
USERNAME = f"{BASIC_BLOCK}.Username"
ENDPOINT = f"{OAUTH_BLOCK}.AuthorizationEndpoint"
RESOURCE = "ResourceParameters.ResourceConfigurationArn"

ABSENT = object()


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A queue message's body or a direct request, and the paths that its error names."""

    kind: str
    request: object
    paths: tuple[str, ...]


def secret(json_key: str, secret_id: str = "connections/orders") -> str:
    """Spell a reference to one key of a secret as CloudFormation does."""
    return f"{{{{resolve:secretsmanager:{secret_id}:SecretString:{json_key}}}}}"


def secret_arn(
    name: str = "connections/orders-Ab12Cd", region: str = REGION, account: str = ACCOUNT
) -> str:
    """Give a secret's ARN."""
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"


def parameter(value: object, **members: object) -> list[dict[str, object]]:
    """Give a list of one HTTP parameter."""
    return [{"Key": "X-Header", "Value": value} | members]


BASIC: dict[str, Any] = {
    "Name": "bad-request",
    "AuthorizationType": "BASIC",
    "AuthParameters": {
        "BasicAuthParameters": {"Username": secret("username"), "Password": secret("password")}
    },
}
API_KEY: dict[str, Any] = {
    "Name": "bad-request",
    "AuthorizationType": "API_KEY",
    "AuthParameters": {
        "ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": secret("api_key")}
    },
}
OAUTH: dict[str, Any] = {
    "Name": "bad-request",
    "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
    "AuthParameters": {
        "OAuthParameters": {
            "ClientParameters": {
                "ClientID": secret("client_id"),
                "ClientSecret": secret("client_secret"),
            },
            "AuthorizationEndpoint": "https://login.example.com/token",
            "HttpMethod": "POST",
        }
    },
}
BLOCK_OF = {
    "BasicAuthParameters": BASIC,
    "ApiKeyAuthParameters": API_KEY,
    "OAuthParameters": OAUTH,
}


def changed(properties: dict[str, Any], changes: dict[str, object]) -> dict[str, Any]:
    """Copy properties and set (or with ABSENT remove) what stands at each dotted path."""
    copied = copy.deepcopy(properties)
    for path, value in changes.items():
        *above, last = path.split(".")
        structure = copied
        for name in above:
            structure = structure.setdefault(name, {})
        if value is ABSENT:
            del structure[last]
        else:
            structure[last] = value
    return copied


def bad(
    kind: str, properties: dict[str, Any], changes: dict[str, object], *paths: str
) -> BadRequest:
    """Make a Create wrong at the paths changed; the error names those, unless told otherwise."""
    request = {"RequestType": "Create", "ResourceProperties": changed(properties, changes)}
    return BadRequest(kind, request, paths or tuple(changes))


def enveloped(kind: str, members: dict[str, object], *paths: str) -> BadRequest:
    """Make a good Create's envelope wrong."""
    request = {"RequestType": "Create", "ResourceProperties": copy.deepcopy(BASIC)} | members
    kept = {name: value for name, value in request.items() if value is not ABSENT}
    return BadRequest(kind, kept, paths or tuple(members))


# 3.1: "unknown member", at each level; the member's value may be the secret that was misplaced.
UNKNOWN_MEMBERS = [
    bad("unknown member", BASIC, {"Tags": CANARY}),
    bad("unknown member", BASIC, {"AuthParameters.Basic": {"Password": CANARY}}),
    bad("unknown member", BASIC, {f"{BASIC_BLOCK}.Passwort": CANARY}),
    bad("unknown member", API_KEY, {f"{API_KEY_BLOCK}.Password": secret("password")}),
    bad("unknown member", OAUTH, {f"{OAUTH_BLOCK}.Scope": CANARY}),
    bad("unknown member", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters.ClientId": CANARY}),
    bad("unknown member", BASIC, {"AuthParameters.InvocationHttpParameters.Cookies": [CANARY]}),
    bad(
        "unknown member",
        BASIC,
        {HEADERS: parameter(CANARY, IsValueSecret=False, Secret=CANARY)},
        f"{HEADERS}[0].Secret",
    ),
    bad(
        "unknown member",
        BASIC,
        {"InvocationConnectivityParameters": {"ResourceParameters": {"Arn": CANARY}}},
        "InvocationConnectivityParameters.ResourceParameters.Arn",
        f"InvocationConnectivityParameters.{RESOURCE}",
    ),
    # a member of DescribeConnection, which CreateConnection does not take
    bad("unknown member", BASIC, {"ConnectionState": "AUTHORIZED"}),
    # 3.3: a bare document is a Create, and any other top-level member is an error
    BadRequest("unknown member", BASIC | {"Tags": CANARY}, ("Tags",)),
]

# 3.1: "missing member": the path is that of what is missing.
MISSING_MEMBERS = [
    bad("missing member", BASIC, {"Name": ABSENT}),
    bad("missing member", BASIC, {"AuthorizationType": ABSENT}),
    bad("missing member", BASIC, {"AuthParameters": ABSENT}),
    bad("missing member", BASIC, {PASSWORD: ABSENT}),
    bad("missing member", BASIC, {USERNAME: ABSENT}),
    bad("missing member", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": ABSENT}),
    bad("missing member", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyValue": ABSENT}),
    bad("missing member", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters": ABSENT}),
    bad("missing member", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": ABSENT}),
    bad("missing member", OAUTH, {ENDPOINT: ABSENT}),
    bad("missing member", OAUTH, {f"{OAUTH_BLOCK}.HttpMethod": ABSENT}),
    bad(
        "missing member",
        BASIC,
        {"InvocationConnectivityParameters": {}},
        "InvocationConnectivityParameters.ResourceParameters",
    ),
    BadRequest(
        "missing member",
        {"RequestType": "Create", "ResourceProperties": {}},
        ("Name", "AuthorizationType", "AuthParameters"),
    ),
    BadRequest("missing member", changed(BASIC, {PASSWORD: ABSENT}), (PASSWORD,)),
    # 3.3: what Delete, Describe and Release need
    BadRequest("missing name", {"RequestType": "Delete", "ResourceProperties": {}}, ("Name",)),
    BadRequest("missing name", {"RequestType": "Describe", "ResourceProperties": {}}, ("Name",)),
    BadRequest("missing name", {"RequestType": "Release", "ResourceProperties": {}}, ("Name",)),
]

# 3.1: "type", at each type of shape.
WRONG_TYPES = [
    bad("structure expected", BASIC, {"AuthParameters": CANARY}),
    bad("structure expected", BASIC, {"AuthParameters": [CANARY]}),
    bad("structure expected", BASIC, {BASIC_BLOCK: CANARY}),
    bad("structure expected", BASIC, {BASIC_BLOCK: None}),
    bad("structure expected", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters": [CANARY]}),
    bad("structure expected", BASIC, {HEADERS: [CANARY]}, f"{HEADERS}[0]"),
    bad("list expected", BASIC, {HEADERS: {"X-Header": CANARY}}),
    bad("list expected", BASIC, {QUERY: CANARY}),
    bad("string expected", BASIC, {USERNAME: [CANARY]}),
    bad("string expected", BASIC, {PASSWORD: 20261122}),
    bad("string expected", BASIC, {PASSWORD: None}),
    bad("string expected", BASIC, {PASSWORD: {"Value": CANARY}}),
    bad("string expected", BASIC, {"Description": {"Text": CANARY}}),
    bad("string expected", BASIC, {"Name": 5}),
    bad("string expected", BASIC, {"Name": None}),
    bad("string expected", BASIC, {"AuthorizationType": ["BASIC"]}),
    bad("string expected", BASIC, {"KmsKeyIdentifier": True}),
    bad(
        "boolean expected",
        BASIC,
        {HEADERS: parameter(secret("header"), IsValueSecret="yes")},
        f"{HEADERS}[0].IsValueSecret",
    ),
    bad(
        "boolean expected",
        BASIC,
        {HEADERS: parameter(secret("header"), IsValueSecret=1)},
        f"{HEADERS}[0].IsValueSecret",
    ),
    bad(
        "boolean expected",
        BASIC,
        {HEADERS: parameter(secret("header"), IsValueSecret=None)},
        f"{HEADERS}[0].IsValueSecret",
    ),
]

# 3.1: "enum", exactly as AWS spells it.
NOT_IN_ENUM = [
    bad("not in enum", BASIC, {"AuthorizationType": "basic"}),
    bad("not in enum", BASIC, {"AuthorizationType": f"BEARER {CANARY}"}),
    bad("not in enum", OAUTH, {f"{OAUTH_BLOCK}.HttpMethod": "DELETE"}),
    bad("not in enum", OAUTH, {f"{OAUTH_BLOCK}.HttpMethod": "post"}),
]

# 3.1: "minimum, maximum, list length".
OUT_OF_BOUNDS = [
    bad("too long", BASIC, {"Name": "n" * 65}),
    bad("too long", BASIC, {"Description": CANARY + "d" * 513}),
    bad("too long", BASIC, {USERNAME: CANARY + "u" * 513}),
    bad("too long", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": "k" * 513}),
    bad("too long", OAUTH, {ENDPOINT: "https://login.example.com/" + "e" * 2048}),
    bad("too long", BASIC, {"KmsKeyIdentifier": "k" * 2049}),
    bad(
        "too long",
        BASIC,
        {HEADERS: parameter(CANARY + "h" * 513, IsValueSecret=False)},
        f"{HEADERS}[0].Value",
    ),
    bad("too short", BASIC, {"Name": ""}),
    bad("too short", BASIC, {USERNAME: ""}),
    bad("too short", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": ""}),
    bad("too short", OAUTH, {ENDPOINT: ""}),
    bad("list too long", BASIC, {HEADERS: parameter(CANARY, IsValueSecret=False) * 101}),
    bad("list too long", OAUTH, {OAUTH_HEADERS: parameter(CANARY, IsValueSecret=False) * 101}),
]

# 3.1: "pattern", matched whole: a trailing line break is not let through.
PATTERNS = [
    bad("pattern", BASIC, {"Name": "with spaces"}),
    bad("pattern", BASIC, {"Name": "connection/name"}),
    bad("pattern", BASIC, {"Name": "bücher"}),
    bad("pattern", BASIC, {"Description": f"two\nlines {CANARY}"}),
    bad("pattern", BASIC, {"KmsKeyIdentifier": f"key {CANARY}"}),
    bad("pattern", OAUTH, {ENDPOINT: f"https://login.example.com/#{CANARY}"}),
    bad("pattern", BASIC, {f"InvocationConnectivityParameters.{RESOURCE}": f"arn:{CANARY}"}),
    bad("pattern", OAUTH, {f"AuthParameters.ConnectivityParameters.{RESOURCE}": CANARY}),
    bad(
        "pattern",
        BASIC,
        {HEADERS: [{"Key": "X Header", "Value": CANARY, "IsValueSecret": False}]},
        f"{HEADERS}[0].Key",
    ),
    bad(
        "pattern",
        BASIC,
        {HEADERS: parameter(f"{CANARY}\u00e9", IsValueSecret=False)},
        f"{HEADERS}[0].Value",
    ),
    bad(
        "pattern",
        BASIC,
        {QUERY: parameter(f"{CANARY}\x07", IsValueSecret=False)},
        f"{QUERY}[0].Value",
    ),
    # facts, 1.3: a colon would end the user name of basic authentication
    bad("colon in user name", BASIC, {USERNAME: f"{CANARY}:name"}),
    bad("colon in user name", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters.ClientID": f"{CANARY}:id"}),
    bad("colon in key name", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": "X-Api:Key"}),
    bad("control character", BASIC, {USERNAME: f"{CANARY}\x00"}),
    bad("trailing line break", BASIC, {"Name": "bad-request\n"}),
    bad("trailing line break", BASIC, {"Description": f"{CANARY}\n"}),
    bad("trailing line break", BASIC, {USERNAME: f"{CANARY}\n"}),
    bad("trailing line break", OAUTH, {ENDPOINT: "https://login.example.com/token\n"}),
    # facts, 1.4: these two patterns backtrack exponentially as AWS publishes them
    bad("hostile value", BASIC, {USERNAME: "a " * 255 + "a:"}),
    bad(
        "hostile value",
        BASIC,
        {HEADERS: parameter("a " * 255 + "a\u00e9", IsValueSecret=False)},
        f"{HEADERS}[0].Value",
    ),
    bad("hostile value", OAUTH, {ENDPOINT: "https://" + "%41" * 167 + "!" * 2 + "\x7f"}),
]

# 3.2: Password, ApiKeyValue and ClientSecret must hold a reference; there is no switch.
LITERAL_CREDENTIALS = [
    bad("literal credential", BASIC, {PASSWORD: CANARY}),
    bad("literal credential", BASIC, {PASSWORD: ""}),
    bad("literal credential", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyValue": CANARY}),
    bad("literal credential", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": CANARY}),
    BadRequest("literal credential", changed(BASIC, {PASSWORD: CANARY}), (PASSWORD,)),
    BadRequest(
        "literal credential",
        {"RequestType": "Validate", "ResourceProperties": changed(BASIC, {PASSWORD: CANARY})},
        (PASSWORD,),
    ),
    BadRequest(
        "literal credential",
        {"RequestType": "Update", "ResourceProperties": changed(BASIC, {PASSWORD: CANARY})},
        (PASSWORD,),
    ),
    # a SecureString is a secret, a plain parameter is not
    bad(
        "plain parameter as credential", BASIC, {PASSWORD: "{{resolve:ssm:/connections/orders:1}}"}
    ),
    bad(
        "plain parameter as credential",
        API_KEY,
        {f"{API_KEY_BLOCK}.ApiKeyValue": "Bearer {{resolve:ssm:/connections/orders}}"},
    ),
]

# 3.2: Password and ClientSecret hold references and no text around them.
TEXT_AROUND = [
    bad("text around a password", BASIC, {PASSWORD: f"{CANARY}{secret('password')}"}),
    bad("text around a password", BASIC, {PASSWORD: f"{secret('password')}\n"}),
    bad(
        "text around a client secret",
        OAUTH,
        {f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": f"{secret('a')}-{secret('b')}"},
    ),
]

# 3.2: near misses are errors, never data.
NEAR_MISSES = [
    bad("near miss", BASIC, {USERNAME: "{{ resolve:secretsmanager:connections/orders }}"}),
    bad("near miss", BASIC, {USERNAME: "{{Resolve:secretsmanager:connections/orders}}"}),
    bad("near miss", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyValue": "Bearer ${resolve:ssm:/x}"}),
    bad("near miss", OAUTH, {f"{OAUTH_BLOCK}.ClientParameters.ClientID": {"valueFrom": CANARY}}),
    bad("near miss", BASIC, {PASSWORD: {"valuefrom": secret_arn()}}),
    bad(
        "near miss",
        BASIC,
        {HEADERS: parameter("a {{ resolve:ssm:/x}} b", IsValueSecret=False)},
        f"{HEADERS}[0].Value",
    ),
    bad("unresolved function", BASIC, {USERNAME: {"Ref": CANARY}}),
    bad("unresolved function", BASIC, {PASSWORD: {"Fn::Sub": f"${{{CANARY}}}"}}),
    bad("unresolved function", BASIC, {PASSWORD: {"ValueFrom": {"Ref": CANARY}}}),
    bad("unresolved function", BASIC, {"Description": {"Fn::GetAtt": [CANARY, "Name"]}}),
    bad(
        "unresolved function",
        OAUTH,
        {OAUTH_HEADERS: parameter({"Fn::ImportValue": CANARY}, IsValueSecret=False)},
        f"{OAUTH_HEADERS}[0].Value",
    ),
]

# 3.1: structures as JSON text, and what a skeleton prints for an empty list.
FORMS = [
    bad("JSON text", BASIC, {"AuthParameters": f'{{"BasicAuthParameters": "{CANARY}"}}'}),
    bad("JSON text", BASIC, {BASIC_BLOCK: f'{{"Password": "{CANARY}{secret("p")}"}}'}),
    bad("JSON text", BASIC, {HEADERS: f'[{{"Key": "{CANARY}"}}]'}),
    bad(
        "empty entry",
        BASIC,
        {HEADERS: [{"Key": "", "Value": "", "IsValueSecret": True}], BODY: [{}]},
        f"{HEADERS}[0]",
        f"{BODY}[0]",
    ),
]

# 3.2: IsValueSecret left out means true, a literal Value needs an explicit false.
VALUE_SECRECY = [
    bad(
        "literal Value, secrecy left out",
        BASIC,
        {HEADERS: parameter(CANARY)},
        f"{HEADERS}[0].Value",
    ),
    bad("literal Value, secrecy left out", BASIC, {BODY: parameter(CANARY)}, f"{BODY}[0].Value"),
    bad(
        "literal Value, declared secret",
        BASIC,
        {QUERY: parameter(CANARY, IsValueSecret=True)},
        f"{QUERY}[0].Value",
    ),
    bad(
        "literal Value, declared secret",
        OAUTH,
        {OAUTH_HEADERS: parameter(CANARY, IsValueSecret=True)},
        f"{OAUTH_HEADERS}[0].Value",
    ),
    bad(
        "secret declared public",
        BASIC,
        {HEADERS: parameter(secret("header"), IsValueSecret=False)},
        f"{HEADERS}[0].Value",
    ),
    bad(
        "secret declared public",
        BASIC,
        {BODY: parameter({"ValueFrom": f"{secret_arn()}:key::"}, IsValueSecret=False)},
        f"{BODY}[0].Value",
    ),
    bad(
        "secret declared public",
        BASIC,
        {QUERY: parameter("{{resolve:ssm-secure:/connections/orders}}", IsValueSecret=False)},
        f"{QUERY}[0].Value",
    ),
]

# 3.2: the three spellings. What only looks like a reference may be a credential: never echoed.
MALFORMED = [
    bad("malformed reference", BASIC, {PASSWORD: spelling})
    for spelling in (
        f"{{{{resolve:secretsmanager:{CANARY}",
        f"{{{{resolve:secretsmanager {CANARY}}}}}",
        "{{resolve:secretsmanager:}}",
        "{{resolve:secretsmanager::SecretString:password}}",
        f"{{{{resolve:vault:{CANARY}}}}}",
        "{{resolve:secretsmanager:connections/orders:SecretBinary:password}}",
        "{{resolve:secretsmanager:connections/orders:SecretString:a:b:c:d}}",
        "{{resolve:ssm-secure:/connections/orders:latest}}",
        "{{resolve:ssm-secure:}}",
        f"{secret('password')}{{{{resolve:{CANARY}",
        {"ValueFrom": CANARY},
        {"ValueFrom": "connections/orders"},
        {"ValueFrom": 5},
        {"ValueFrom": secret_arn(), "Value": CANARY},
        {"ValueFrom": [secret_arn()]},
        {},
    )
]
REFUSED_REFERENCES = [
    # 3.2: a partial ARN, which lacks the six characters at the end, means a secret of ours only
    bad(
        "partial ARN of another account",
        BASIC,
        {PASSWORD: secret("password", secret_arn("connections/orders", account=OTHER_ACCOUNT))},
    ),
    bad(
        "partial ARN of another Region",
        BASIC,
        {PASSWORD: {"ValueFrom": secret_arn("connections/orders", region="eu-west-1")}},
    ),
    # 3.2: other Regions
    bad(
        "other Region",
        BASIC,
        {PASSWORD: secret("password", secret_arn(region="eu-west-1"))},
    ),
    bad("other Region", BASIC, {PASSWORD: {"ValueFrom": secret_arn(region="eu-west-1")}}),
    bad(
        "other Region",
        BASIC,
        {PASSWORD: {"ValueFrom": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/connections/orders"}},
    ),
    # 5: ALLOWED_ACCOUNTS is empty unless configured
    bad("other account", BASIC, {PASSWORD: secret("password", secret_arn(account=OTHER_ACCOUNT))}),
    bad("other account", BASIC, {PASSWORD: {"ValueFrom": secret_arn(account=OTHER_ACCOUNT)}}),
    # 3.2: secrets that a service owns, the connections' own among them
    bad("service-owned secret", BASIC, {PASSWORD: secret("p", "events!connection/orders/0f")}),
    bad("service-owned secret", BASIC, {PASSWORD: secret("p", "rds!db-0a1b2c3d")}),
    bad("service-owned secret", BASIC, {PASSWORD: secret("p", "connections/!orders")}),
    bad(
        "service-owned secret",
        BASIC,
        {PASSWORD: {"ValueFrom": secret_arn("events!connection/orders/0f-Ab12Cd")}},
    ),
    # 3.2 and 5: ALLOWED_SECRET_PREFIXES, ALLOWED_PARAMETER_PREFIXES
    bad("prefix not allowed", BASIC, {PASSWORD: secret("password", "production/database")}),
    bad("prefix not allowed", BASIC, {PASSWORD: secret("password", "connections-of-others")}),
    bad("prefix not allowed", BASIC, {USERNAME: "{{resolve:ssm:/production/orders}}"}),
    bad("prefix not allowed", BASIC, {PASSWORD: "{{resolve:ssm-secure:/production/orders:1}}"}),
    bad("prefix not allowed", BASIC, {PASSWORD: {"ValueFrom": secret_arn("production/x-Ab12Cd")}}),
    bad(
        "prefix not allowed",
        BASIC,
        {HEADERS: parameter(f"Bearer {secret('token')} {secret('t', 'production/x')}")},
        f"{HEADERS}[0].Value",
    ),
    # facts, 8.1: version stage or version id, not both
    bad("stage and version", BASIC, {PASSWORD: secret(f"password:AWSCURRENT:{'0' * 32}")}),
    bad(
        "stage and version",
        BASIC,
        {PASSWORD: {"ValueFrom": f"{secret_arn()}:password:AWSCURRENT:{'0' * 32}"}},
    ),
]

# 3.2: "anywhere else a reference is an error".
MISPLACED = [
    bad("misplaced reference", BASIC, {"Name": secret("name")}),
    bad("misplaced reference", BASIC, {"Description": secret("description")}),
    bad("misplaced reference", BASIC, {"Description": {"ValueFrom": secret_arn()}}),
    bad("misplaced reference", BASIC, {"AuthorizationType": secret("type")}),
    bad("misplaced reference", BASIC, {"KmsKeyIdentifier": "{{resolve:ssm:/connections/key}}"}),
    bad("misplaced reference", API_KEY, {f"{API_KEY_BLOCK}.ApiKeyName": secret("name")}),
    bad("misplaced reference", OAUTH, {ENDPOINT: f"https://{secret('host')}/token"}),
    bad("misplaced reference", OAUTH, {f"{OAUTH_BLOCK}.HttpMethod": {"ValueFrom": secret_arn()}}),
    bad("misplaced reference", BASIC, {"AuthParameters": {"ValueFrom": secret_arn()}}),
    bad(
        "misplaced reference",
        BASIC,
        {HEADERS: [{"Key": secret("key"), "Value": CANARY, "IsValueSecret": False}]},
        f"{HEADERS}[0].Key",
    ),
]

# 3.1: exactly one of the three auth blocks, and it matches AuthorizationType, which says which one
# is missing and which are too many; without a type, the path is the structure that holds them.
AUTH_BLOCKS = [
    bad(
        "two auth blocks",
        BASIC,
        {API_KEY_BLOCK: API_KEY["AuthParameters"]["ApiKeyAuthParameters"]},
    ),
    bad(
        "two auth blocks",
        OAUTH,
        {BASIC_BLOCK: BASIC["AuthParameters"]["BasicAuthParameters"]},
    ),
    bad(
        "two auth blocks",
        BASIC,
        {
            API_KEY_BLOCK: API_KEY["AuthParameters"]["ApiKeyAuthParameters"],
            "AuthorizationType": "NONE",
        },
        "AuthorizationType",
        "AuthParameters",
    ),
    bad("no auth block", BASIC, {"AuthParameters": {}}, BASIC_BLOCK),
    bad(
        "no auth block",
        API_KEY,
        {"AuthParameters": {"InvocationHttpParameters": {}}},
        API_KEY_BLOCK,
    ),
    bad(
        "no auth block",
        BASIC,
        {"AuthParameters": {}, "AuthorizationType": ABSENT},
        "AuthorizationType",
        "AuthParameters",
    ),
    bad(
        "auth block of another type",
        BASIC,
        {"AuthorizationType": "API_KEY"},
        API_KEY_BLOCK,
        BASIC_BLOCK,
    ),
    bad(
        "auth block of another type",
        API_KEY,
        {"AuthorizationType": "BASIC"},
        BASIC_BLOCK,
        API_KEY_BLOCK,
    ),
    bad(
        "auth block of another type",
        OAUTH,
        {"AuthorizationType": "BASIC"},
        BASIC_BLOCK,
        OAUTH_BLOCK,
    ),
]

# 3.1: https, or http to a loopback host; the last four only look like one.
ENDPOINTS = [
    bad("endpoint not https", OAUTH, {ENDPOINT: endpoint})
    for endpoint in (
        "http://login.example.com/token",
        "login.example.com/token",
        "ftp://login.example.com/token",
        "http://localhost.example.com/token",
        "http://127.0.0.1.example.com/token",
        "http://127.0.0.1@login.example.com/token",
        "http://localhost:80@login.example.com/token",
        f"https://ada:{CANARY}@login.example.com/",
        f"https:/ada:{CANARY}@login.example.com/",
    )
]

# 3.1: at most 50 different secrets. No single one is at fault, so the path is what holds them all.
TOO_MANY_SECRETS = [
    bad(
        "too many secrets",
        changed(BASIC, {BASIC_BLOCK: {"Username": "orders", "Password": secret("p")}}),
        {BODY: [parameter(secret("v", f"connections/s{n}"))[0] for n in range(50)]},
        "AuthParameters",
    ),
]

# 3.1: the own members, in messages and direct requests.
OWN_MEMBERS = [
    *(bad("OnExisting", BASIC, {"OnExisting": value}) for value in ("Replace", "adopt", CANARY, 1)),
    *(
        bad("WaitTimeoutSeconds", BASIC, {"WaitTimeoutSeconds": value})
        for value in (-1, 301, 1.5, "soon", CANARY, True, None, [30])
    ),
    bad("Revision", BASIC, {"Revision": {"Text": CANARY}}),
    bad("misplaced reference", BASIC, {"OnExisting": secret("on_existing")}),
]

# 3.3: the envelope.
ENVELOPES = [
    enveloped("unknown RequestType", {"RequestType": "Upsert"}),
    enveloped("unknown RequestType", {"RequestType": "create"}),
    enveloped("unknown RequestType", {"RequestType": 5}),
    enveloped("unknown RequestType", {"RequestType": None}),
    enveloped("missing RequestType", {"RequestType": ABSENT}),
    enveloped("unknown envelope member", {"Priority": CANARY}),
    enveloped("unknown envelope member", {"Name": "beside-its-properties"}),
    # facts, C31: crhelper would take these from anybody who may invoke the function
    enveloped("unknown envelope member", {"CrHelperData": CANARY}),
    enveloped("envelope member's type", {"TaskToken": {"Token": CANARY}}),
    enveloped("envelope member's type", {"RequestId": [CANARY]}),
    enveloped("properties not an object", {"ResourceProperties": CANARY}),
    enveloped(
        "properties not an object", {"ResourceProperties": [BASIC | {"Description": CANARY}]}
    ),
    enveloped("properties not an object", {"ResourceProperties": None}),
]

# 3.1: "all violations are reported at once".
SEVERAL = [
    bad(
        "several violations",
        BASIC,
        {
            "Name": "with spaces",
            "Description": f"two\nlines {CANARY}",
            PASSWORD: CANARY,
            USERNAME: f"{CANARY}:name",
            f"{BASIC_BLOCK}.Domain": CANARY,
            "KmsKeyIdentifier": f"key {CANARY}",
            "OnExisting": "Replace",
            "WaitTimeoutSeconds": 301,
        },
    ),
    bad(
        "several violations",
        OAUTH,
        {
            f"{OAUTH_BLOCK}.ClientParameters.ClientID": ABSENT,
            f"{OAUTH_BLOCK}.ClientParameters.ClientSecret": CANARY,
            f"{OAUTH_BLOCK}.HttpMethod": "DELETE",
            ENDPOINT: "http://login.example.com/token",
        },
    ),
    bad(
        "several violations",
        API_KEY,
        {
            HEADERS: [
                {"Key": "X Header", "Value": CANARY},
                {"Key": "X-Good", "Value": "good", "IsValueSecret": False},
                {"Key": "X-Bad", "Value": secret("v", "production/x"), "IsValueSecret": True},
            ],
            BODY: [CANARY],
        },
        f"{HEADERS}[0].Key",
        f"{HEADERS}[0].Value",
        f"{HEADERS}[2].Value",
        f"{BODY}[0]",
    ),
    enveloped(
        "several violations",
        {"Priority": 1, "TaskToken": 5, "RequestType": "Upsert"},
    ),
]

BAD_REQUESTS: list[BadRequest] = [
    *UNKNOWN_MEMBERS,
    *MISSING_MEMBERS,
    *WRONG_TYPES,
    *NOT_IN_ENUM,
    *OUT_OF_BOUNDS,
    *PATTERNS,
    *LITERAL_CREDENTIALS,
    *TEXT_AROUND,
    *NEAR_MISSES,
    *FORMS,
    *VALUE_SECRECY,
    *MALFORMED,
    *REFUSED_REFERENCES,
    *MISPLACED,
    *AUTH_BLOCKS,
    *ENDPOINTS,
    *TOO_MANY_SECRETS,
    *OWN_MEMBERS,
    *ENVELOPES,
    *SEVERAL,
]


def violations_of(properties: dict[str, Any]) -> list[str]:
    """Give all violations of properties, as somebody wrote them."""
    return [str(each) for each in property_violations(prepared(properties, RULES), RULES)]
