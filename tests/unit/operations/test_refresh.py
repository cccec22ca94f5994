"""Connections follow the secrets that they were made from, and nothing else moves them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler.clock import Clock, instant
from handler.connections.record import MaintenanceFailure
from handler.connections.state import Connection
from handler.errors import (
    InvalidRequestError,
    NotFoundError,
    NotStabilizedError,
    ProvisionerError,
    ResourceConflictError,
    SecretNotUsableError,
    ServiceInternalError,
    SupersededError,
    ThrottlingError,
)
from handler.operations.completion import Completion, Outcome
from handler.operations.ports import Ports
from handler.operations.use_cases import carry_out
from handler.references.source import Secret
from handler.requests.entry_point import (
    CLOUDFORMATION,
    DIRECT,
    MAINTENANCE_QUEUE,
    REQUEST_QUEUE,
    EntryPoint,
)
from handler.requests.request import check
from handler.requests.unchecked_request import read_custom_resource, read_document
from handler.settings import LONGEST_STALENESS
from tests.support.crm import BASIC, OAUTH, STACK_ID, ask, password_of, stack
from tests.support.fakes import ACCOUNT, RULES, World, make_world

CRM = "connections/crm"
OTHER = "connections/other"
EVENT = {"SecretId": CRM, "AccountId": ACCOUNT, "VersionId": "version-2"}
OLD, NEW = "correct horse", "battery staple"
WRITES = {"create", "update", "delete", "deauthorize"}


@pytest.fixture
def world() -> World:
    """Give an account with two secrets."""
    world = make_world()
    world.secrets.texts[OTHER] = '{"password": "other"}'
    return world


def with_password(reference: object, name: str = "crm") -> dict[str, Any]:
    """Give properties whose password is a reference."""
    block = {"Username": "ada", "Password": reference}
    return {**BASIC, "Name": name, "AuthParameters": {"BasicAuthParameters": block}}


def secret(name: str, rest: str = "") -> str:
    """Spell a reference to a secret's password."""
    return f"{{{{resolve:secretsmanager:{name}:SecretString:password{rest}}}}}"


def rotate(world: World, name: str = CRM, version: str = "version-2") -> None:
    """Store a new password."""
    world.secrets.rotate(name, f'{{"password": "{NEW}"}}', version)


def elsewhere(world: World) -> Ports:
    """Give the ports of another invocation, which has no time to wait for anybody."""
    clock = Clock(lambda: world.time.seconds, world.time.sleep, lambda: 0.0)
    return replace(world.ports, holder="another invocation", clock=clock)


def refresh(
    world: World,
    properties: Mapping[str, Any],
    entry_point: EntryPoint = MAINTENANCE_QUEUE,
    ports: Ports | None = None,
) -> Completion:
    """Carry out a Refresh."""
    document = {"RequestType": "Refresh", "ResourceProperties": properties}
    asked = read_document(document, entry_point, "request-1", world.time.now)
    return carry_out(ports or world.ports, check(asked, RULES))


def delivered(world: World, ports: Ports | None = None) -> list[Completion | ProvisionerError]:
    """Carry out what was sent to the queue; what comes back stays there."""
    sent, world.requests.sent = world.requests.sent, []
    ends: list[Completion | ProvisionerError] = []
    for document in sent:
        asked = read_document(document, MAINTENANCE_QUEUE, "message-1", world.time.now)
        try:
            ends.append(carry_out(ports or world.ports, check(asked, RULES)))
        except ProvisionerError as error:
            ends.append(error)
            if error.is_transient:
                world.requests.sent.append(document)
    return ends


def outcomes(ends: list[Completion | ProvisionerError]) -> list[str]:
    """Give the outcome or the code of each end."""
    return [end.code if isinstance(end, ProvisionerError) else end.outcome for end in ends]


def written(world: World) -> set[str]:
    """Give the writes to EventBridge."""
    return WRITES & set(world.connections.calls)


def users(world: World, name: str = CRM) -> list[str]:
    """Give who is linked to a secret."""
    return world.registry.users(Secret(name))


def test_a_rotated_secret_reaches_its_connection(world: World) -> None:
    """The event becomes a message, and the message an update."""
    ask(world)
    rotate(world)
    completion = refresh(world, EVENT)
    details = {"ConnectionCount": 1}
    assert completion == Completion(Outcome.REFRESHED, Connection(""), details=details)
    assert outcomes(delivered(world)) == ["Refreshed"]
    assert password_of(world) == NEW
    record = world.registry.records["crm"]
    assert record.secret_versions == {f"secretsmanager:{CRM}::": "version-2"}
    assert record.refreshed_at == world.time.now


def test_each_connection_gets_a_message_of_its_own(world: World) -> None:
    """One that fails delays no other."""
    for name in ("first", "second", "third"):
        ask(world, properties=with_password(secret(CRM), name))
    ask(world, properties=with_password(secret(OTHER), "foreign"))
    rotate(world)
    refresh(world, EVENT)
    about = {"SecretId": CRM, "AccountId": ACCOUNT, "VersionId": "version-2"}
    assert world.requests.sent == [
        {
            "RequestType": "Refresh",
            "RequestId": "request-1",
            "ResourceProperties": {"Name": name, **about},
        }
        for name in ("first", "second", "third")
    ]
    del world.connections.stored["second"]
    assert outcomes(delivered(world)) == ["Refreshed", "NotFound", "Refreshed"]
    assert password_of(world, "third") == NEW


def test_a_parameter_is_followed_by_its_name(world: World) -> None:
    """Parameter Store tells no version; a name without its slash is the same parameter."""
    world.secrets.texts["/connections/crm"] = OLD
    world.secrets.versions["/connections/crm"] = "1"
    ask(world, properties=with_password("{{resolve:ssm-secure:/connections/crm}}"))
    world.secrets.rotate("/connections/crm", NEW, "2")
    for name in ("/connections/crm", "connections/crm"):
        refresh(world, {"ParameterName": name})
        (sent,) = world.requests.sent
        assert sent["ResourceProperties"] == {"Name": "crm", "ParameterName": "/connections/crm"}
        delivered(world)
    assert password_of(world) == NEW


def test_a_secret_is_found_by_arn_and_by_name(world: World) -> None:
    """Whichever spelling the request used, and whichever the Refresh."""
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{CRM}-AbCdEf"
    ask(world, properties=with_password({"ValueFrom": f"{arn}:password::"}))
    for selector in ({"SecretId": arn}, {"SecretId": CRM}, EVENT):
        assert refresh(world, selector).details == {"ConnectionCount": 1}


def test_another_accounts_secret_of_the_same_name_is_another(world: World) -> None:
    """Its events are none of ours."""
    ask(world)
    completion = refresh(world, {**EVENT, "AccountId": "999999999999"})
    assert completion.details == {"ConnectionCount": 0}


def test_a_secret_that_nobody_uses_is_a_silent_success(world: World) -> None:
    """Most secrets of an account have nothing to do with connections."""
    completion = refresh(world, {"SecretId": OTHER})
    details = {"ConnectionCount": 0}
    silent = Completion(Outcome.UNCHANGED, Connection(""), is_silent=True, details=details)
    assert completion == silent
    assert world.requests.sent == []


def test_a_second_event_changes_nothing(world: World) -> None:
    """Events come at least once; where the version was applied, not even EventBridge is asked."""
    ask(world)
    rotate(world)
    for _ in range(2):
        refresh(world, EVENT)
    world.connections.calls.clear()
    assert outcomes(delivered(world)) == ["Refreshed", "Unchanged"]
    assert world.connections.calls.count("update") == 1
    world.connections.calls.clear()
    world.secrets.reads.clear()
    completion = refresh(world, {"Name": "crm", **EVENT})
    assert (completion.outcome, completion.connection.name) == (Outcome.UNCHANGED, "crm")
    assert completion.owner == "requests"
    assert (world.connections.calls, world.secrets.reads) == ([], [])


def test_what_was_applied_is_told_from_the_other_secrets_of_a_connection(world: World) -> None:
    """Only the secret that the event names, and only where its current version is followed."""
    pinned = secret(CRM, "::01234567-89ab-cdef-0123-456789abcdef").replace("password", "user")
    block = {"Username": pinned, "Password": secret(CRM, ":AWSCURRENT")}
    headers = [
        {"Key": "X-Other", "Value": secret(OTHER), "IsValueSecret": True},
        {"Key": "X-Old", "Value": secret(CRM, ":AWSPREVIOUS"), "IsValueSecret": True},
    ]
    parameters = {
        "BasicAuthParameters": block,
        "InvocationHttpParameters": {"HeaderParameters": headers},
    }
    ask(world, properties={**BASIC, "AuthParameters": parameters})
    record = world.registry.records["crm"]
    previous = f"secretsmanager:{CRM}:AWSPREVIOUS:"
    known = {**record.secret_versions, previous: "version-0"}
    world.registry.write(replace(record, secret_versions=known))
    world.connections.calls.clear()
    completion = refresh(world, {"Name": "crm", **EVENT, "VersionId": "version-1"})
    assert completion.outcome is Outcome.UNCHANGED
    assert world.connections.calls == []
    world.secrets.versions[CRM] = "version-0"
    assert refresh(world, {"Name": "crm", **EVENT, "VersionId": "version-0"}).outcome == "Refreshed"


@pytest.mark.parametrize("selector", [{"SecretId": CRM}, {"SecretId": OTHER, "VersionId": "v2"}])
def test_a_refresh_that_names_no_version_or_another_secret_is_never_too_early(
    world: World, selector: Mapping[str, Any]
) -> None:
    """There is no new version that Secrets Manager could fail to show."""
    ask(world)
    world.time.seconds += 60
    assert refresh(world, {"Name": "crm", **selector}).outcome is Outcome.UNCHANGED


def test_an_applied_version_clears_a_failure_on_record(world: World) -> None:
    """It is shown, so that there is nothing to wait for."""
    ask(world)
    failure = MaintenanceFailure("SecretNotUsable", "misspelt", world.time.now)
    record = replace(world.registry.records["crm"], maintenance_failure=failure)
    world.registry.write(record)
    world.time.seconds += 60
    event = {**EVENT, "VersionId": "version-1"}
    assert refresh(world, {"Name": "crm", **event}).outcome is Outcome.UNCHANGED
    assert world.registry.records["crm"].maintenance_failure is None


def test_a_version_that_is_not_shown_is_waited_for_up_to_a_bound(world: World) -> None:
    """Secrets Manager may show it late; a version that was deleted never comes."""
    ask(world)
    world.time.seconds += 60
    event = {"Name": "crm", **EVENT}
    problem = "Secrets Manager does not return the new version of crm's secret yet"
    with pytest.raises(ServiceInternalError, match=f"^{problem}$"):
        refresh(world, event)
    document = {"RequestType": "Refresh", "ResourceProperties": event}
    asked = read_document(document, MAINTENANCE_QUEUE, "request-1", world.time.now)
    world.time.seconds += LONGEST_STALENESS.total_seconds()
    assert carry_out(world.ports, check(asked, RULES)).outcome is Outcome.UNCHANGED


def test_a_refresh_without_version_resolves_and_writes_only_what_is_behind(world: World) -> None:
    """An operator's Refresh of one connection."""
    ask(world)
    world.connections.calls.clear()
    before = world.registry.records["crm"]
    completion = refresh(world, {"Name": "crm"}, DIRECT)
    assert completion.outcome is Outcome.UNCHANGED
    assert (completion.owner, completion.connection.state) == ("requests", "AUTHORIZED")
    assert not written(world)
    assert world.registry.records["crm"] == before
    rotate(world)
    assert refresh(world, {"Name": "crm"}, DIRECT).outcome is Outcome.REFRESHED
    assert password_of(world) == NEW


def test_an_event_of_an_older_version_writes_what_is_current(world: World) -> None:
    """Two rotations, whose events come in the wrong order."""
    ask(world)
    rotate(world, version="version-3")
    refresh(world, {"Name": "crm", **EVENT, "VersionId": "version-3"})
    world.connections.calls.clear()
    refresh(world, {"Name": "crm", **EVENT, "VersionId": "version-2"})
    assert not written(world)
    assert password_of(world) == NEW


def test_a_rotation_in_the_middle_of_a_create_is_not_missed(world: World) -> None:
    """The old value was fetched; the Refresh meets the lease, comes back, and updates."""
    met: list[str] = []

    def rotated(_: str) -> None:
        rotate(world)
        refresh(world, EVENT, ports=elsewhere(world))
        met.extend(outcomes(delivered(world, elsewhere(world))))

    world.connections.before_create = rotated
    ask(world)
    assert (met, password_of(world)) == (["ResourceConflict"], OLD)
    assert outcomes(delivered(world)) == ["Refreshed"]
    assert password_of(world) == NEW


def test_the_link_is_there_before_the_first_fetch(world: World) -> None:
    """Of a Create, of an Update that names another secret, and of an adoption."""
    linked: list[list[str]] = []
    world.secrets.before_read = lambda name: linked.append(users(world, name))
    ask(world)
    ask(world, "Update", with_password(secret(OTHER)))
    world.connections.make_by_hand("found", BASIC)
    ask(world, properties={**with_password(secret(OTHER), "found"), "OnExisting": "Adopt"})
    assert linked == [["crm"], ["crm"], ["crm", "found"]]


def test_a_rotation_in_the_middle_of_an_update_to_another_secret_is_not_missed(
    world: World,
) -> None:
    """The event comes between the fetch of the new secret and UpdateConnection."""
    ask(world)
    met: list[str] = []

    def rotated() -> None:
        rotate(world, OTHER)
        refresh(world, {**EVENT, "SecretId": OTHER}, ports=elsewhere(world))
        met.extend(outcomes(delivered(world, elsewhere(world))))

    # The link is the first write, the lease the second, what was applied the third.
    world.registry.before_write = iter([lambda: None, lambda: None, rotated])
    ask(world, "Update", with_password(secret(OTHER)))
    assert (met, password_of(world)) == (["ResourceConflict"], "other")
    assert outcomes(delivered(world)) == ["Refreshed"]
    assert password_of(world) == NEW


def test_a_rotation_before_the_lease_of_an_update_is_not_missed(world: World) -> None:
    """The Refresh has nothing to do yet with the new secret; the Update notes what it fetched."""
    ask(world)

    def rotated() -> None:
        rotate(world, OTHER)
        refresh(world, {**EVENT, "SecretId": OTHER}, ports=elsewhere(world))
        delivered(world, elsewhere(world))

    world.registry.before_write = iter([lambda: None, rotated])
    ask(world, "Update", with_password(secret(OTHER)))
    refresh(world, {"Name": "crm"})
    assert password_of(world) == NEW


def test_a_create_that_fails_for_good_leaves_no_link(world: World) -> None:
    """Neither link nor claim."""
    with pytest.raises(SecretNotUsableError):
        ask(world, properties=with_password(secret("connections/none")))
    assert (users(world, "connections/none"), world.registry.records) == ([], {})


@pytest.mark.parametrize("request_type", ["Delete", "Release"])
def test_whoever_goes_takes_the_links_along(world: World, request_type: str) -> None:
    """Nothing is left that hears of a rotation."""
    ask(world)
    assert users(world) == ["crm"]
    ask(world, request_type, {"Name": "crm"})
    assert users(world) == []


def test_a_released_adoption_takes_its_links_along(world: World) -> None:
    """The connection stays, and follows nothing any more."""
    world.connections.make_by_hand("crm", BASIC)
    ask(world, properties={**BASIC, "OnExisting": "Adopt"})
    assert users(world) == ["crm"]
    assert ask(world, "Delete", {"Name": "crm"}).outcome is Outcome.RELEASED
    assert users(world) == []


def test_another_secret_or_another_type_drops_the_old_links(world: World) -> None:
    """Who does not use a secret any more is not woken by it."""
    ask(world)
    ask(world, "Update", with_password(secret(OTHER)))
    assert (users(world), users(world, OTHER)) == ([], ["crm"])
    key = {"ApiKeyName": "X-Api-Key", "ApiKeyValue": secret(CRM).replace("password", "key")}
    api_key = {"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": key}}
    ask(world, "Update", {"Name": "crm", **api_key})
    assert (users(world), users(world, OTHER)) == (["crm"], [])


def test_a_pinned_version_does_not_follow(world: World) -> None:
    """It has no link; even a Refresh by name leaves it."""
    ask(world, properties=with_password(secret(CRM, "::01234567-89ab-cdef-0123-456789abcdef")))
    rotate(world)
    world.connections.calls.clear()
    assert users(world) == []
    assert refresh(world, {"Name": "crm"}).outcome is Outcome.UNCHANGED
    assert not written(world)


@pytest.mark.parametrize("entry_point", [CLOUDFORMATION, REQUEST_QUEUE])
def test_a_stacks_connection_and_a_queues_are_refreshed_alike(
    world: World, entry_point: EntryPoint
) -> None:
    """The owner stays who it was, and the request's time what it was."""
    if entry_point is CLOUDFORMATION:
        stack(world, "Create")
    else:
        ask(world, entry_point=entry_point)
    before = world.registry.records["crm"]
    world.time.seconds += 3600
    rotate(world)
    assert refresh(world, EVENT).outcome is Outcome.REFRESHED
    assert outcomes(delivered(world)) == ["Refreshed"]
    after = world.registry.records["crm"]
    assert (after.owner, after.request_time) == (before.owner, before.request_time)
    assert after.properties == before.properties
    assert password_of(world) == NEW


def test_a_refresh_stands_in_nobodys_way(world: World) -> None:
    """A request of the owner's that was sent before the Refresh, and arrives after it, counts."""
    ask(world, sent=world.time.now)
    sent = world.time.now + timedelta(seconds=1)
    world.time.seconds += 3600
    rotate(world)
    refresh(world, {"Name": "crm"})
    changed = ask(world, "Update", {**BASIC, "Description": "newer"}, sent=sent)
    assert changed.outcome is Outcome.UPDATED
    assert world.registry.records["crm"].request_time == sent


def test_an_older_request_stays_superseded_after_a_refresh(world: World) -> None:
    """A Refresh does not make the past young either."""
    ask(world, sent=world.time.now)
    rotate(world)
    refresh(world, {"Name": "crm"})
    with pytest.raises(SupersededError):
        ask(world, "Update", sent=world.time.now - timedelta(seconds=1))


def test_a_refresh_after_a_crashed_write_writes_again(world: World) -> None:
    """Whoever left the lease may have written an older value after a newer one."""
    ask(world)
    record = world.registry.records["crm"]
    expired = world.time.now - timedelta(seconds=1)
    world.registry.write(replace(record, lease_holder="crashed", leased_until=expired))
    world.connections.calls.clear()
    assert refresh(world, {"Name": "crm", **EVENT, "VersionId": "version-1"}).outcome == "Refreshed"
    assert written(world) == {"update"}
    assert world.registry.records["crm"].lease_holder == ""


def test_a_lease_of_another_is_waited_for_and_then_left_alone(world: World) -> None:
    """The message comes back later; nothing is written beside the holder."""
    ask(world)
    rotate(world)
    until = world.time.now + timedelta(minutes=20)
    record = replace(world.registry.records["crm"], lease_holder="other", leased_until=until)
    world.registry.write(record)
    world.connections.calls.clear()
    with pytest.raises(ResourceConflictError) as raised:
        refresh(world, {"Name": "crm", **EVENT}, ports=elsewhere(world))
    assert raised.value.is_transient
    assert not written(world)


def test_a_secret_that_is_not_usable_leaves_the_old_credential(world: World) -> None:
    """It failed before UpdateConnection: what works goes on working, and the failure is final."""
    ask(world)
    world.secrets.rotate(CRM, '{"passwort": "misspelt"}')
    world.connections.calls.clear()
    with pytest.raises(SecretNotUsableError) as raised:
        refresh(world, {"Name": "crm", **EVENT})
    assert not raised.value.is_transient
    assert not written(world)
    assert password_of(world) == OLD
    rotate(world, version="version-3")
    assert refresh(world, {"Name": "crm"}).outcome is Outcome.REFRESHED


def test_a_failed_read_changes_nothing(world: World) -> None:
    """The old credential stays, and the message comes back."""
    ask(world)
    rotate(world)
    before = world.registry.records["crm"]

    def throttled(_: str) -> None:
        raise ThrottlingError("later")

    world.secrets.before_read = throttled
    with pytest.raises(ThrottlingError):
        refresh(world, {"Name": "crm"})
    assert (password_of(world), world.registry.records["crm"]) == (OLD, before)


def test_a_vendor_that_needs_minutes_is_asked_again(world: World) -> None:
    """DEAUTHORIZED after a Refresh comes back to the queue, and is written once more."""
    ask(world)
    rotate(world)
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError) as raised:
        refresh(world, {"Name": "crm", **EVENT})
    assert raised.value.is_transient
    world.connections.calls.clear()
    world.connections.states_after_write = ()
    assert refresh(world, {"Name": "crm", **EVENT}).outcome is Outcome.REFRESHED
    assert written(world) == {"update"}
    assert world.registry.records["crm"].pending_write is None


def test_who_waits_for_a_refresh_is_told_of_a_bad_state_for_good(world: World) -> None:
    """A direct request does not come back by itself."""
    ask(world)
    rotate(world)
    world.connections.states_after_write = ("DEAUTHORIZED",)
    with pytest.raises(NotStabilizedError) as raised:
        refresh(world, {"Name": "crm"}, DIRECT)
    assert not raised.value.is_transient


@pytest.mark.parametrize("state", ["DEAUTHORIZED", "FAILED_CONNECTIVITY"])
def test_a_broken_connection_is_written_again_though_its_secret_is_current(
    world: World, state: str
) -> None:
    """Who asks for a Refresh by name wants it to work."""
    ask(world)
    world.connections.stored["crm"]["states"] = [state]
    world.connections.calls.clear()
    completion = refresh(world, {"Name": "crm"})
    assert completion.outcome is Outcome.REFRESHED
    assert (completion.owner, completion.connection.state) == ("requests", "AUTHORIZED")
    assert written(world) == {"update"}


def test_a_refresh_that_ran_out_of_time_goes_on_waiting(world: World) -> None:
    """The second time nothing is written again, and the outcome is still the Refresh's."""
    ask(world)
    rotate(world)
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError) as raised:
        refresh(world, {"Name": "crm", **EVENT})
    assert raised.value.is_transient
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    world.connections.calls.clear()
    completion = refresh(world, {"Name": "crm", **EVENT})
    assert completion.outcome is Outcome.REFRESHED
    assert completion.connection.state == "AUTHORIZED"
    assert not written(world)


def test_a_create_that_still_settles_keeps_its_own_outcome(world: World) -> None:
    """A Refresh with nothing to write does not take the Create's end from it."""
    world.connections.states_after_write = ("AUTHORIZING",)
    with pytest.raises(NotStabilizedError):
        ask(world, entry_point=REQUEST_QUEUE)
    world.connections.calls.clear()
    assert refresh(world, {"Name": "crm"}).outcome is Outcome.UNCHANGED
    assert not written(world)
    world.connections.stored["crm"]["states"] = ["AUTHORIZED"]
    assert ask(world, entry_point=REQUEST_QUEUE).outcome is Outcome.CREATED


def test_a_claim_is_left_to_its_create(world: World) -> None:
    """The Create that crashed before CreateConnection fetches after this, whenever it comes."""

    def crash(_: str) -> None:
        raise ZeroDivisionError

    world.connections.before_create = crash
    with pytest.raises(ZeroDivisionError):
        ask(world)
    world.time.seconds += 3600
    world.connections.calls.clear()
    completion = refresh(world, {"Name": "crm", **EVENT})
    assert (completion.outcome, completion.connection.name) == (Outcome.UNCHANGED, "crm")
    assert not written(world)


def test_what_nobody_registered_is_not_found_by_name_and_not_missed_by_secret(
    world: World,
) -> None:
    """By name somebody is mistaken; by secret the connection went after the event."""
    with pytest.raises(NotFoundError, match="nobody is registered for crm"):
        refresh(world, {"Name": "crm"})
    completion = refresh(world, {"Name": "crm", **EVENT})
    assert (completion.outcome, completion.connection.name) == (Outcome.UNCHANGED, "crm")


def test_what_was_deleted_is_not_refreshed(world: World) -> None:
    """What was deleted stays deleted."""
    ask(world)
    ask(world, "Delete", {"Name": "crm"})
    world.connections.calls.clear()
    assert refresh(world, {"Name": "crm", **EVENT}).outcome is Outcome.UNCHANGED
    assert world.connections.calls == []


def test_a_namesake_of_somebody_else_is_not_touched(world: World) -> None:
    """Deleted and made anew behind our back: it is not ours any more."""
    ask(world)
    del world.connections.stored["crm"]
    world.connections.make_by_hand("crm", BASIC)
    rotate(world)
    problem = "the connection crm was deleted or replaced outside this provisioner"
    with pytest.raises(NotFoundError, match=f"^{problem}$"):
        refresh(world, {"Name": "crm", **EVENT})
    assert not written(world)


def test_what_the_rules_no_longer_allow_is_not_fetched(world: World) -> None:
    """A prefix that was taken away since the Create counts for its Refresh, too."""
    ask(world)
    rotate(world)
    policy = replace(RULES.policy, secret_prefixes=("elsewhere/",))
    ports = replace(world.ports, rules=replace(RULES, policy=policy))
    world.secrets.reads.clear()
    with pytest.raises(InvalidRequestError, match=r"BasicAuthParameters\.Password: "):
        refresh(world, {"Name": "crm"}, ports=ports)
    assert (world.secrets.reads, password_of(world)) == ([], OLD)


def test_nothing_but_the_credential_changes(world: World) -> None:
    """A Refresh writes what the owner asked for last, references kept as they were written."""
    full = {**BASIC, "Description": "the CRM"}
    stack(world, "Create", full)
    rotate(world)
    refresh(world, {"Name": "crm"})
    stored = world.connections.stored["crm"]["properties"]
    assert stored["Description"] == "the CRM"
    assert world.registry.records["crm"].properties == full
    event = {
        "RequestType": "Update",
        "RequestId": "request-2",
        "StackId": STACK_ID,
        "LogicalResourceId": "Connection",
        "PhysicalResourceId": "crm",
        "ResourceProperties": full,
    }
    asked = read_custom_resource(event, "", instant(world.time.seconds))
    assert carry_out(world.ports, check(asked, RULES)).outcome is Outcome.UNCHANGED


@pytest.fixture
def ends(world: World) -> Iterator[World]:
    """Give the account, and see that links and registry agree at the end."""
    yield world
    linked = {name for names in world.registry.links.values() for name in names}
    assert linked == set(world.owners)


def test_links_and_registry_agree_after_a_life(ends: World) -> None:
    """Whatever happened, the living are linked and the dead are not."""
    ask(ends, properties=with_password(secret(CRM), "first"))
    ask(ends, properties=with_password(secret(CRM), "second"))
    rotate(ends)
    refresh(ends, EVENT)
    delivered(ends)
    ask(ends, "Update", with_password(secret(OTHER), "first"))
    ask(ends, "Delete", {"Name": "second"})


@pytest.mark.parametrize("hosts", [(), ("auth0.com", "*.example.com.au")])
@pytest.mark.parametrize("properties", [{"Name": "crm"}, {"Name": "crm", **EVENT}])
def test_a_token_endpoint_that_is_no_longer_allowed_gets_no_new_secret(
    world: World, properties: Mapping[str, Any], hosts: tuple[str, ...]
) -> None:
    """The list is checked again before an older request is written; nothing is fetched either."""
    ask(world, properties=OAUTH)
    rotate(world)
    world.connections.calls.clear()
    world.secrets.reads.clear()
    before = world.registry.records["crm"]
    rules = replace(RULES, allowed_authorization_hosts=hosts)
    with pytest.raises(InvalidRequestError, match="its host is not allowed"):
        refresh(world, properties, ports=replace(world.ports, rules=rules))
    assert not written(world)
    assert world.secrets.reads == []
    assert world.registry.records["crm"] == before
    kept = replace(RULES, allowed_authorization_hosts=("*.example.com",))
    ports = replace(world.ports, rules=kept)
    assert refresh(world, properties, ports=ports).outcome is Outcome.REFRESHED


@pytest.mark.parametrize("wait", [0, 7, 30, 60, 61, 300])
@pytest.mark.parametrize("selector", [EVENT, {"SecretId": CRM}])
def test_what_an_administrator_sets_off_is_taken_by_the_maintenance_queue(
    world: World, selector: Mapping[str, Any], wait: int
) -> None:
    """A direct request may wait for five minutes, a message for one."""
    ask(world)
    rotate(world)
    refresh(world, {**selector, "WaitTimeoutSeconds": wait}, DIRECT)
    (document,) = world.requests.sent
    asked = read_document(document, MAINTENANCE_QUEUE, "message-1", world.time.now)
    assert check(asked, RULES).wait_timeout_seconds == min(wait, 60)
    assert outcomes(delivered(world)) == ["Refreshed"]


def test_a_parameters_followers_are_taken_by_the_maintenance_queue(world: World) -> None:
    """By the name that the registry knows."""
    world.secrets.texts["/connections/crm"] = "ada"
    world.secrets.plain.add("/connections/crm")
    block = {"Username": "{{resolve:ssm:/connections/crm}}", "Password": secret(CRM)}
    ask(world, properties={**BASIC, "AuthParameters": {"BasicAuthParameters": block}})
    world.secrets.rotate("/connections/crm", "eve")
    refresh(world, {"ParameterName": "/connections/crm"}, DIRECT)
    assert outcomes(delivered(world)) == ["Refreshed"]
