"""Lists the registered connections of a deployed application; ``make inventory``."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.operating import entry_points
from tools.operating.application import Application, application
from tools.operating.table import drawn

HEAD = ("Name", "Owner", "State", "Secrets (version)", "Last refresh", "Last failure")
LENGTH_OF_VERSION = 8


def main() -> int:
    """Print what is registered with a deployed application, or with what the demo left."""
    parser = argparse.ArgumentParser(prog="make inventory", description=__doc__)
    parser.add_argument("--stack", help="on AWS: the application's stack; else the local one")
    with application(parser.parse_args().stack) as found:
        try:
            print(inventory(found))
        except entry_points.RequestFailedError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def inventory(provisioner: Application) -> str:
    """Draw what is registered with an application."""
    own_account = provisioner.outputs["FunctionArn"].split(":")[4]
    return table(list(listed(provisioner)), own_account)


def listed(provisioner: Application) -> Iterator[dict[str, Any]]:
    """Yield every registered connection, page after page."""
    about: dict[str, str] = {}
    while True:
        page = entry_points.administer(
            provisioner, {"RequestType": "List", "ResourceProperties": about}
        )
        yield from page["Connections"]
        if "NextToken" not in page:
            return
        about = {"NextToken": page["NextToken"]}


def table(connections: Sequence[Mapping[str, Any]], own_account: str) -> str:
    """Draw connections in the order of their names."""
    ordered = sorted(connections, key=lambda each: str(each["Name"]))
    return drawn(HEAD, [_row(each, own_account) for each in ordered])


def _row(connection: Mapping[str, Any], own_account: str) -> tuple[str, ...]:
    return (
        connection["Name"],
        _owner(connection["Owner"]) + (", adopted" if connection["IsAdopted"] else ""),
        connection["ConnectionState"] or "GONE",
        ", ".join(_secret(each, own_account) for each in connection["Secrets"]),
        connection["LastRefreshTime"].partition(".")[0] or "-",
        _failure(connection.get("LastFailure")),
    )


def _failure(failure: Mapping[str, str] | None) -> str:
    # The reason is in the log and in the result; here it would break the table.
    return f"{failure['ErrorCode']} {failure['Time'].partition('.')[0]}" if failure else "-"


def _owner(owner: str) -> str:
    # cloudformation/arn:…:cloudformation:<Region>:<account>:stack/<name>/<id>/<logical id>
    match owner.split("/"):
        case ["cloudformation", _, stack_name, _, logical_resource_id]:
            return f"{stack_name}/{logical_resource_id}"
        case _:
            return owner


def _secret(secret: Mapping[str, str], own_account: str) -> str:
    account = secret.get("AccountId", own_account)
    name = secret.get("SecretId") or secret["ParameterName"]
    version = secret["VersionId"][:LENGTH_OF_VERSION] or "not applied"
    return f"{name if account == own_account else f'{account}:{name}'} ({version})"


if __name__ == "__main__":
    sys.exit(main())
