"""The environment of the function: defaults, and every mistake by name."""

import pytest

from handler.environment import (
    NAMES,
    REQUIRED,
    REQUIRED_BY_QUEUE,
    connection_name_prefix,
    is_in_lambda,
    is_in_sam_local,
    load,
    metrics_namespace,
    response_url_hosts,
    service_name,
    source_queues,
    url_suffix,
)
from handler.errors import ServiceInternalError

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:provisioner:live"
NAMED = {"POWERTOOLS_SERVICE_NAME": "shop"}
LEAST = {"REGISTRY_TABLE_NAME": "registry"}


def test_everything_but_the_table_has_a_default() -> None:
    """As the contract has them."""
    given = load(LEAST, ARN, REQUIRED)
    assert given.registry_table_name == "registry"
    assert (given.maintenance_queue_url, given.dead_letter_queue_url) == ("", "")
    assert given.result_bus_name == "default"
    assert given.connection_name_prefix == ""
    assert given.allowed_secret_prefixes == ("connections/",)
    assert given.allowed_parameter_prefixes == ("/connections/",)
    assert given.allowed_accounts == ()
    assert given.allowed_authorization_hosts == ("*",)
    assert given.give_up_seconds == 1800
    assert (given.connect_timeout_seconds, given.read_timeout_seconds) == (5, 10)


def test_where_the_function_runs_is_in_its_arn() -> None:
    """Partition, Region and account are nobody's to configure."""
    given = load(LEAST, ARN.replace(":aws:", ":aws-cn:"), REQUIRED)
    assert (given.partition, given.region, given.account) == (
        "aws-cn",
        "eu-central-1",
        "123456789012",
    )


def test_logs_metrics_and_results_name_the_same_installation() -> None:
    """Also where nobody set its name."""
    default = "eventbridge-connection-provisioner"
    for given, name in (({}, default), ({"POWERTOOLS_SERVICE_NAME": ""}, default), (NAMED, "shop")):
        assert load({**LEAST, **given}, ARN, REQUIRED).installation == name
        assert service_name(given) == name


@pytest.mark.parametrize("arn", ["", "odd", "arn:aws:lambda"])
def test_an_odd_arn_is_no_crash(arn: str) -> None:
    """Then no full ARN of a secret is in the same Region."""
    assert load(LEAST, arn, REQUIRED).region == ""


def test_every_variable_is_read() -> None:
    """Lists with commas, blanks around them left out."""
    variables = {
        **LEAST,
        "MAINTENANCE_QUEUE_URL": "https://sqs/maintenance",
        "DEAD_LETTER_QUEUE_URL": "https://sqs/dead",
        "RESULT_BUS_NAME": "results",
        "CONNECTION_NAME_PREFIX": "team-",
        "ALLOWED_SECRET_PREFIXES": "a/, b/ ,,c",
        "ALLOWED_PARAMETER_PREFIXES": "/a/",
        "ALLOWED_ACCOUNTS": "111111111111,222222222222",
        "ALLOWED_AUTHORIZATION_HOSTS": "Login.Example.com, *.auth0.com",
        "GIVE_UP_SECONDS": "3",
        "CONNECT_TIMEOUT_SECONDS": "1",
        "READ_TIMEOUT_SECONDS": "60",
    }
    given = load(variables, ARN, REQUIRED)
    assert given.maintenance_queue_url == "https://sqs/maintenance"
    assert given.dead_letter_queue_url == "https://sqs/dead"
    assert given.result_bus_name == "results"
    assert given.connection_name_prefix == "team-"
    assert given.allowed_secret_prefixes == ("a/", "b/", "c")
    assert given.allowed_parameter_prefixes == ("/a/",)
    assert given.allowed_authorization_hosts == ("login.example.com", "*.auth0.com")
    assert given.allowed_accounts == ("111111111111", "222222222222")
    assert given.give_up_seconds == 3
    assert (given.connect_timeout_seconds, given.read_timeout_seconds) == (1, 60)


def test_empty_is_none_where_none_can_be_meant() -> None:
    """No bus, no secret, no parameter; numbers and their defaults are another matter."""
    empty = dict.fromkeys(
        ("RESULT_BUS_NAME", "ALLOWED_SECRET_PREFIXES", "ALLOWED_PARAMETER_PREFIXES"), ""
    )
    given = load({**LEAST, **empty, "GIVE_UP_SECONDS": ""}, ARN, REQUIRED)
    assert given.result_bus_name == ""
    assert (given.allowed_secret_prefixes, given.allowed_parameter_prefixes) == ((), ())
    assert given.give_up_seconds == 1800


@pytest.mark.parametrize(
    "variable", ["GIVE_UP_SECONDS", "CONNECT_TIMEOUT_SECONDS", "READ_TIMEOUT_SECONDS"]
)
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "eight", " 8", "٣", "1e3", "0x1"])
def test_a_malformed_number_is_answered_by_name(variable: str, text: str) -> None:
    """Nobody must look into the function's logs for it."""
    with pytest.raises(ServiceInternalError) as raised:
        load({**LEAST, variable: text}, ARN, REQUIRED)
    told = f"{NAMES.get(variable, variable)}: must be a whole number above 0"
    assert raised.value.reason.endswith(told)


def test_everything_wrong_is_told_at_once() -> None:
    """Transient, for an operator may mend it while the request waits."""
    given = {
        "GIVE_UP_SECONDS": "many",
        "READ_TIMEOUT_SECONDS": "0",
        "CONNECTION_NAME_PREFIX": "p" * 41,
        "RECONCILE_MODE": "repair",
    }
    with pytest.raises(ServiceInternalError) as raised:
        load(given, ARN, REQUIRED)
    assert "(1) REGISTRY_TABLE_NAME: required" in raised.value.reason
    assert "(2) ConnectionNamePrefix (CONNECTION_NAME_PREFIX): must match" in raised.value.reason
    assert "(3) ReconcileMode (RECONCILE_MODE): must be Report or Repair" in raised.value.reason
    assert "(4) GiveUpSeconds (GIVE_UP_SECONDS): must" in raised.value.reason
    assert "(5) READ_TIMEOUT_SECONDS: must" in raised.value.reason
    assert raised.value.is_transient


@pytest.mark.parametrize("missing", REQUIRED_BY_QUEUE)
def test_the_queues_entry_point_needs_its_queues(missing: str) -> None:
    """A message that cannot be held or buried must not be worked on."""
    whole = {name: f"https://{name}" for name in REQUIRED_BY_QUEUE}
    assert load(whole, ARN, REQUIRED_BY_QUEUE).dead_letter_queue_url.endswith(
        "DEAD_LETTER_QUEUE_URL"
    )
    for lacking in ({**whole, missing: ""}, {n: v for n, v in whole.items() if n != missing}):
        with pytest.raises(ServiceInternalError, match=f"{missing}: required"):
            load(lacking, ARN, REQUIRED_BY_QUEUE)


def test_the_longest_prefix_leaves_room_for_a_name() -> None:
    """40 of 64 characters."""
    prefix = "p" * 40
    assert (
        load({**LEAST, "CONNECTION_NAME_PREFIX": prefix}, ARN, REQUIRED).connection_name_prefix
        == prefix
    )


def test_hosts_to_be_answered_are_read_apart() -> None:
    """An error of the settings must be answered, too."""
    assert response_url_hosts({}) == ()
    assert response_url_hosts({"RESPONSE_URL_HOSTS": "localhost, ::1"}) == ("localhost", "::1")
    assert (url_suffix({}), url_suffix({"URL_SUFFIX": ""})) == ("amazonaws.com", "amazonaws.com")
    assert url_suffix({"URL_SUFFIX": "amazonaws.eu"}) == "amazonaws.eu"


@pytest.mark.parametrize("prefix", ["team/", "team ", "t!", "équipe-"])
def test_a_prefix_holds_only_what_a_name_can(prefix: str) -> None:
    """Else every derived name would be refused, and the error would blame the name."""
    with pytest.raises(ServiceInternalError, match="CONNECTION_NAME_PREFIX"):
        load({**LEAST, "CONNECTION_NAME_PREFIX": prefix}, ARN, REQUIRED)


@pytest.mark.parametrize(("mode", "expected"), [(None, False), ("Report", False), ("Repair", True)])
def test_drift_is_repaired_only_where_that_is_set(mode: str | None, expected: bool) -> None:
    """By default it is told."""
    given = {**LEAST, **({"RECONCILE_MODE": mode} if mode else {})}
    assert load(given, ARN, REQUIRED).is_repairing is expected


def test_without_a_table_its_name_is_empty_and_an_empty_number_is_its_default() -> None:
    """In the init phase nothing is required."""
    given = load({"GIVE_UP_SECONDS": ""}, "", ())
    assert (given.registry_table_name, given.give_up_seconds) == ("", 1800)
    assert (given.partition, given.region, given.account) == ("", "", "")


def test_what_is_read_before_all_is_checked_has_a_default() -> None:
    """A stack is answered, a batch is told from a foreign one, whatever else is malformed."""
    assert connection_name_prefix({}) == ""
    assert connection_name_prefix({"CONNECTION_NAME_PREFIX": "team-"}) == "team-"
    assert source_queues({}) == ("", "", "")
    queues = {
        "UNANSWERED_QUEUE_ARN": "arn",
        "MAINTENANCE_QUEUE_URL": "maintenance",
        "REQUEST_QUEUE_URL": "requests",
    }
    assert source_queues(queues) == ("requests", "maintenance", "arn")
    assert metrics_namespace({}) == "EventBridgeConnectionProvisioner"
    assert metrics_namespace({"POWERTOOLS_METRICS_NAMESPACE": "Shop"}) == "Shop"


def test_the_function_knows_where_it_runs() -> None:
    """By variables that Lambda and the SAM CLI set, whatever their values."""
    assert [is_in_lambda(each) for each in ({}, {"AWS_LAMBDA_FUNCTION_NAME": ""})] == [False, True]
    assert [is_in_sam_local(each) for each in ({}, {"AWS_SAM_LOCAL": "true"})] == [False, True]
