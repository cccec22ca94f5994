"""The token endpoint: its form, and the hosts that a client secret may be sent to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.environment import load
from handler.errors import InvalidRequestError, ServiceInternalError
from handler.requests.authorization_endpoint import endpoint_violations, is_allowed
from handler.requests.entry_point import DIRECT, REQUEST_QUEUE, EntryPoint
from handler.requests.request import check
from handler.requests.unchecked_request import read_document
from tests.support.bad_requests import BASIC, CANARY, ENDPOINT, OAUTH, changed, violations_of
from tests.support.fakes import RULES, START
from tests.support.resolved_template import accepts

LISTED = ("login.example.com", "*.auth0.com")
REFUSED = (
    f"{ENDPOINT}: its host is not allowed;"
    " see AllowedAuthorizationHosts (ALLOWED_AUTHORIZATION_HOSTS)"
)
FORM = f"{ENDPOINT}: must begin with https:// (http:// only to a loopback host)"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:provisioner"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


def told(endpoint: str, *hosts: str) -> list[str]:
    """Give what is wrong with a token endpoint."""
    return [str(each) for each in endpoint_violations(changed(OAUTH, {ENDPOINT: endpoint}), hosts)]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://login.example.com",
        "https://login.example.com/token",
        "https://LOGIN.Example.COM/token",
        "https://login.example.com:8443/token",
        "https://login.example.com?tenant=a",
        "https://tenant.auth0.com/oauth/token",
        "https://tenant.eu.auth0.com/oauth/token",
        "https://Tenant.AUTH0.com:443",
    ],
)
def test_a_listed_host_or_a_subdomain_is_allowed(endpoint: str) -> None:
    """Without regard to case or port."""
    assert told(endpoint, *LISTED) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example.net/token",
        "https://example.com/token",
        "https://x.login.example.com/token",
        "https://login.example.com.evil.net/token",
        "https://evil-login.example.com/token",
        "https://evil.net/login.example.com",
        "https://evil.net?login.example.com",
        "https://evil.net:443/.auth0.com",
        "https://auth0.com/oauth/token",
        "https://evilauth0.com/oauth/token",
        "https://tenant.auth0.com.evil.net/oauth/token",
        "https://tenant.auth0.com./oauth/token",
        "https://login.example.com./token",
        "https://localhost/token",
        "http://localhost:8080/token",
        "http://127.0.0.1/token",
        "https://169.254.169.254/token",
    ],
)
def test_any_other_host_is_refused(endpoint: str) -> None:
    """The parent of a subdomain, too, a loopback host, and what only looks like a listed one."""
    assert told(endpoint, *LISTED) == [REFUSED]


@pytest.mark.parametrize("host", [".auth0.com", "..auth0.com", "a..auth0.com", ".", ""])
def test_a_host_with_an_empty_label_is_malformed(host: str) -> None:
    """Some resolvers would read the parent."""
    assert told(f"https://{host}/token", *LISTED) == [FORM]


def test_a_host_that_ends_in_a_dot_is_not_allowed() -> None:
    """The dot of the root is well-formed, but no listed host has it."""
    assert told("https://-./token", *LISTED) == [REFUSED]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://login.example.com\\.evil.net/token",
        "https://login.example.com#.evil.net/token",
        "https://login.example.com%2f.evil.net/token",
        "https://login.example.com\t.evil.net/token",
        "https://login.example.com\n",
        "https://login.example.com:443.evil.net/",
        "https://login.example.com:/token",
        "https://\uff4cogin.example.com/token",
        "https://login。example.com/token",
    ],
)
def test_a_host_that_parsers_read_differently_is_refused(endpoint: str) -> None:
    """The host that is checked must be the host that EventBridge calls."""
    assert told(endpoint, *LISTED) == [FORM]
    assert told(endpoint, "*") == [FORM]


@pytest.mark.parametrize("endpoint", ["https://evil.example.net/t", "http://localhost:8080/t"])
def test_a_star_allows_every_host_and_an_empty_list_none(endpoint: str) -> None:
    """Also where it stands beside others."""
    assert told(endpoint, "*") == told(endpoint, "login.example.com", "*") == []
    assert told(endpoint) == [REFUSED]


@pytest.mark.parametrize("endpoint", ["http://localhost:8080/t", "https://LOCALHOST/t"])
def test_a_loopback_host_is_listed_as_any_other(endpoint: str) -> None:
    """For trials on one's own machine."""
    assert told(endpoint, "localhost") == []
    assert told(endpoint, "127.0.0.1") == [REFUSED]


@pytest.mark.parametrize("properties", [BASIC, {}, {"AuthParameters": CANARY}])
def test_without_an_endpoint_no_list_matters(properties: dict[str, object]) -> None:
    """Only an OAuth connection has one."""
    assert list(endpoint_violations(properties, ())) == []


@given(st.lists(LABEL, min_size=1, max_size=3), LABEL)
def test_a_subdomain_is_one_label_longer_than_its_parent(labels: list[str], label: str) -> None:
    """Whatever both are called."""
    parent = ".".join(labels)
    assert is_allowed(f"{label}.{parent}", [f"*.{parent}"])
    assert not is_allowed(parent, [f"*.{parent}"])
    assert not is_allowed(f"{label}{parent}", [f"*.{parent}"])


@pytest.mark.parametrize("request_type", ["Create", "Update", "Validate"])
@pytest.mark.parametrize("entry_point", [DIRECT, REQUEST_QUEUE], ids=lambda each: each.name)
def test_every_request_that_holds_properties_is_checked(
    entry_point: EntryPoint, request_type: str
) -> None:
    """The violation names the setting, and not the host."""
    document = changed(OAUTH, {ENDPOINT: f"https://{CANARY}.example.net/"})
    given_document = {"RequestType": request_type, "ResourceProperties": document}
    asked = read_document(given_document, entry_point, "request-1", START)
    assert check(asked, RULES).name == OAUTH["Name"]
    with pytest.raises(InvalidRequestError) as raised:
        check(asked, replace(RULES, allowed_authorization_hosts=LISTED))
    assert raised.value.reason == REFUSED


@pytest.mark.parametrize(
    "hosts",
    [
        "https://login.example.com",
        "login.example.com:443",
        "login.example.com/token",
        "*.",
        "*auth0.com",
        "**.auth0.com",
        "a.*.com",
        ".auth0.com",
        "auth0.com.",
        "login..com",
        "login.exämple.com",
        "login example.com",
        "a.com,*.b.com:1",
    ],
)
def test_a_malformed_list_is_told_by_its_setting(hosts: str) -> None:
    """It would silently allow nothing, or too much."""
    assert not accepts("AllowedAuthorizationHosts", hosts), "by the template"
    setting = r"AllowedAuthorizationHosts \(ALLOWED_AUTHORIZATION_HOSTS\): each must be \*, a host"
    with pytest.raises(ServiceInternalError, match=setting):
        load({"ALLOWED_AUTHORIZATION_HOSTS": hosts}, ARN, ())


@pytest.mark.parametrize(
    ("hosts", "read"),
    [
        ("*", ("*",)),
        ("", ()),
        ("login.example.com,*", ("login.example.com", "*")),
        ("*.Auth0.com , Login.example.com", ("*.auth0.com", "login.example.com")),
        ("a.com,  b.com,c.com", ("a.com", "b.com", "c.com")),
        ("localhost,127.0.0.1", ("localhost", "127.0.0.1")),
        ("my_host.Example.com,*.of_mine.net", ("my_host.example.com", "*.of_mine.net")),
    ],
)
def test_a_list_is_read_in_lower_case(hosts: str, read: tuple[str, ...]) -> None:
    """As hosts are compared; empty means none."""
    assert accepts("AllowedAuthorizationHosts", hosts), "by the template"
    settings = load({"ALLOWED_AUTHORIZATION_HOSTS": hosts}, ARN, ())
    assert settings.allowed_authorization_hosts == read
    for host in read:
        assert told(f"https://{host.replace('*', 'any')}/token", *read) == []


@pytest.mark.parametrize(
    "hosts", [",a.com", " ,a.com", ", *.a.com", "a.com,", "a.com,,b.com", " , "]
)
def test_a_deployment_takes_no_list_that_names_nothing_between_commas(hosts: str) -> None:
    """A host may have been forgotten there; the function itself reads what there is."""
    assert not accepts("AllowedAuthorizationHosts", hosts)
    assert load({"ALLOWED_AUTHORIZATION_HOSTS": hosts}, ARN, ())


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://login.example.com",
        "https://login.example.com/token?tenant=a&x=%41",
        "https://login.example.com:8443/token",
        "https://localhost/token",
        "http://localhost:8080/token",
        "http://LOCALHOST/token",
        "http://127.0.0.1:8080/token",
    ],
)
def test_a_token_endpoint_is_https_or_loopback(endpoint: str) -> None:
    """The client secret goes there."""
    assert violations_of(changed(OAUTH, {ENDPOINT: endpoint})) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://login.example.com/token",
        "http://localhost.example.com/token",
        "http://127.0.0.1.example.com/token",
        "http:/localhost",
        "https:/login.example.com",
        "https://login.example.com:port/token",
        "https://login.example.com;x/token",
        "https://login%2eexample.com/token",
        "http://",
        "https://",
        "https:///token",
        "https:login.example.com",
        "HTTP://login.example.com",
        "ftp://localhost/token",
        "//login.example.com/token",
        "login.example.com",
        "https",
    ],
)
def test_any_other_token_endpoint_is_refused(endpoint: str) -> None:
    """Also what only looks like a loopback host."""
    problem = "must begin with https:// (http:// only to a loopback host)"
    assert violations_of(changed(OAUTH, {ENDPOINT: endpoint})) == [f"{ENDPOINT}: {problem}"]


@pytest.mark.parametrize(
    "endpoint",
    [
        f"https://ada:{CANARY}@login.example.com/token",
        f"https:/ada:{CANARY}@login.example.com/token",
        f"https:///ada:{CANARY}@login.example.com/token",
        f"https:ada:{CANARY}@login.example.com",
        f"https:\\\\ada:{CANARY}@login.example.com/",
        f"https://ada:{CANARY}@login.example.com\\@trusted.example.com/",
        f"https://login.example.com?{CANARY}@other.example.com",
        f"HTTPS://ada:{CANARY}@login.example.com/token",
        f"//ada:{CANARY}@login.example.com",
        f"ada:{CANARY}@login.example.com",
        "http://127.0.0.1@login.example.com/token",
        "http://localhost:80@login.example.com/token",
    ],
)
def test_an_endpoint_holds_no_login_in_any_spelling(endpoint: str) -> None:
    """Parsers read them differently, so what might be one to any of them is one."""
    found = violations_of(changed(OAUTH, {ENDPOINT: endpoint}))
    assert f"{ENDPOINT}: must not hold a user name or password" in found
    assert CANARY not in str(found)


@pytest.mark.parametrize(
    "endpoint",
    ["https://login.example.com/tenants/a@b/token?c=d@e", "https://localhost/a@b/token?c=d@e"],
)
def test_an_at_sign_in_a_path_is_no_login(endpoint: str) -> None:
    """The host has ended, whether it has dots or not."""
    assert violations_of(changed(OAUTH, {ENDPOINT: endpoint})) == []


def test_a_long_endpoint_is_judged_at_once() -> None:
    """Whoever sends it waits for nobody's regular expression."""
    for endless in (
        "a" * 200_000,
        "/" * 200_000,
        "https:" + "\\" * 200_000,
        "https://a?" + ":" * 9999,
    ):
        assert violations_of(changed(OAUTH, {ENDPOINT: endless}))


@pytest.mark.parametrize("host", ["login.example.com", "localhost"])
@pytest.mark.parametrize("login", [CANARY, f"ada:{CANARY}", ""])
def test_an_endpoint_must_not_hold_a_login(host: str, login: str) -> None:
    """It would be a literal credential, and shown by Describe."""
    found = violations_of(changed(OAUTH, {ENDPOINT: f"https://{login}@{host}/token"}))
    assert found == [f"{ENDPOINT}: must not hold a user name or password"]


@pytest.mark.parametrize("endpoint", ["https://[::1", "https://[login]/", "http://[::1]:80/t"])
def test_an_endpoint_with_brackets_is_refused(endpoint: str) -> None:
    """AWS's model has none either; without a crash, and in one sentence."""
    (found,) = violations_of(changed(OAUTH, {ENDPOINT: endpoint}))
    assert found.startswith(f"{ENDPOINT}: must begin with https://")


def test_an_endpoint_that_only_the_model_refuses_is_told_in_its_words() -> None:
    """A fragment, say."""
    (found,) = violations_of(changed(OAUTH, {ENDPOINT: "https://login.example.com/#fragment"}))
    assert found.startswith(f"{ENDPOINT}: must match")
