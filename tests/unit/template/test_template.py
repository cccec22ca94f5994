"""What matters about the application on AWS, since no linter and no emulator asks for it."""

import tomllib

import pytest

from tests.support.resolved_template import ROOT, accepts, deployed, parsed_template, properties


def test_the_function_is_the_designs() -> None:
    """Runtime, architecture and handler are what the layer and the code are made for."""
    function = properties("Function")
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert properties("Function", Architecture="x86_64")["Architectures"] == ["x86_64"]
    assert function["Handler"] == "handler.app.lambda_handler"
    layer = properties("Dependencies")
    assert function["Runtime"] in layer["CompatibleRuntimes"]
    architectures = parsed_template()["Parameters"]["Architecture"]["AllowedValues"]
    assert sorted(layer["CompatibleArchitectures"]) == sorted(architectures)


def test_the_longest_wait_leaves_time_for_the_answer() -> None:
    """A stack's wait of 840 s ends a minute before Lambda ends the function."""
    assert properties("Function")["Timeout"] == 840 + 60


def test_the_environment_is_the_designs() -> None:
    """Every setting reaches the function under its name, lists separated by commas."""
    variables = properties("Function", AllowedSecretPrefixes="a/,b/")["Environment"]["Variables"]
    settings = {key: value for key, value in variables.items() if not key.startswith("POWERTOOLS_")}
    assert settings == {
        "REGISTRY_TABLE_NAME": "Registry",
        "REQUEST_QUEUE_URL": "RequestQueue",
        "MAINTENANCE_QUEUE_URL": "MaintenanceQueue",
        "DEAD_LETTER_QUEUE_URL": "DeadLetterQueue",
        "UNANSWERED_QUEUE_ARN": "UnansweredQueue.Arn",
        "RESULT_BUS_NAME": "default",
        "CONNECTION_NAME_PREFIX": "",
        "ALLOWED_SECRET_PREFIXES": "a/,b/",
        "ALLOWED_PARAMETER_PREFIXES": "/connections/",
        "ALLOWED_ACCOUNTS": "",
        "ALLOWED_AUTHORIZATION_HOSTS": "*",
        "RECONCILE_MODE": "Report",
        "RESPONSE_URL_HOSTS": "",
        "URL_SUFFIX": "amazonaws.com",
        "GIVE_UP_SECONDS": "1800",
        "CONNECT_TIMEOUT_SECONDS": "5",
        "READ_TIMEOUT_SECONDS": "10",
    }


def test_an_emulator_is_called_where_one_is_given_and_only_there() -> None:
    """The test above shows that none of these variables is there by default."""
    given = {"EndpointUrl": "https://localhost:4566", "CaBundlePath": "/opt/emulator.crt"}
    variables = properties("Function", **given)["Environment"]["Variables"]
    assert variables["AWS_ENDPOINT_URL"] == given["EndpointUrl"]
    assert variables["AWS_CA_BUNDLE"] == variables["SSL_CERT_FILE"] == given["CaBundlePath"]


@pytest.mark.parametrize(
    ("parameter", "value", "is_accepted"),
    [
        ("EndpointUrl", "http://host.docker.internal:4566", True),
        ("EndpointUrl", "https://localhost:4566/path", False),
        ("EndpointUrl", "localhost:4566", False),
        ("CaBundlePath", "/var/task/emulator.crt", True),
        ("CaBundlePath", "emulator.crt", False),
    ],
)
def test_an_emulators_address_and_certificates_are_checked(
    parameter: str, value: str, is_accepted: bool
) -> None:
    """Before anything is deployed."""
    assert accepts(parameter, value) is is_accepted


def test_nothing_logs_events_or_return_values() -> None:
    """Powertools would put both into logs and traces if its environment said so."""
    variables = properties("Function")["Environment"]["Variables"]
    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"
    assert variables["POWERTOOLS_TRACER_CAPTURE_RESPONSE"] == "false"
    assert variables["POWERTOOLS_TRACER_CAPTURE_ERROR"] == "false"
    assert "Tracing" not in properties("Function")


def test_the_log_forgets_and_is_the_functions_own() -> None:
    """Lambda would otherwise make a log group that keeps everything for ever."""
    assert properties("FunctionLogGroup", LogRetentionDays="30")["RetentionInDays"] == "30"
    logging = properties("Function")["LoggingConfig"]
    assert logging == {"LogGroup": "FunctionLogGroup", "LogFormat": "Text"}


def test_the_registry_is_kept() -> None:
    """Encrypted, recoverable and left standing: without it nobody knows who owns what."""
    table = properties("Registry")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert properties("Registry", RetainRegistry="false")["DeletionProtectionEnabled"] is False
    resource = deployed()["Resources"]["Registry"]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_the_registry_is_read_by_key() -> None:
    """Its keys are what the code writes, and it has no secondary index."""
    table = properties("Registry")
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["PK", "SK"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}
    assert "GlobalSecondaryIndexes" not in table


def test_other_stacks_find_function_and_queues() -> None:
    """Their names are an interface: other stacks import them."""
    exports = {
        output["Export"]["Name"]: output["Value"]
        for output in deployed()["Outputs"].values()
        if "Export" in output
    }
    assert exports == {
        "provisioner-ServiceToken": "StacksAlias",
        "provisioner-RequestsFunctionArn": "RequestsAlias",
        "provisioner-FunctionArn": "Function.Arn",
        "provisioner-FunctionRoleArn": "FunctionRole.Arn",
        "provisioner-MaintenanceQueueUrl": "MaintenanceQueue",
        "provisioner-MaintenanceQueueArn": "MaintenanceQueue.Arn",
        "provisioner-RequestQueueUrl": "RequestQueue",
        "provisioner-RequestQueueArn": "RequestQueue.Arn",
        "provisioner-DeadLetterQueueUrl": "DeadLetterQueue",
        "provisioner-ResultQueueUrl": "ResultQueue",
        "provisioner-UnansweredQueueUrl": "UnansweredQueue",
        "provisioner-ResultRuleDeadLetterQueueUrl": "ResultRuleDeadLetterQueue",
        "provisioner-RegistryTableName": "Registry",
    }


def test_every_parameter_is_shown_in_a_group() -> None:
    """CloudFormation's form leaves no parameter in the heap of the rest."""
    template = parsed_template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    assert sorted(shown) == sorted(template["Parameters"])


@pytest.mark.parametrize("name", parsed_template()["Parameters"])
def test_a_parameter_explains_itself_and_has_a_default(name: str) -> None:
    """So a first deploy asks for none, and whoever sees only the form can fill it in."""
    parameter = parsed_template()["Parameters"][name]
    assert "Default" in parameter
    assert parameter["Description"].endswith(".")


def test_a_first_deploy_asks_only_whether_to_go_on() -> None:
    """The SAM CLI finds the rest in its configuration; the Region is the caller's."""
    configuration = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"]
    asked = configuration["deploy"]["parameters"]
    assert configuration["global"]["parameters"]["stack_name"]
    assert asked["capabilities"] == "CAPABILITY_IAM"
    assert asked["resolve_s3"] is True
    assert asked["confirm_changeset"] is True


def test_the_sam_configuration_names_real_parameters() -> None:
    """What the local environment overrides exists."""
    configuration = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    overrides = configuration["local"]["deploy"]["parameters"]["parameter_overrides"].split()
    named = {override.partition("=")[0] for override in overrides}
    assert named <= set(parsed_template()["Parameters"])
