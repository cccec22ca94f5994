"""
A stand-in of EventBridge's connection API that refuses what AWS refuses and takes AWS's states.

    with running_stand_in() as stand_in:
        os.environ["AWS_ENDPOINT_URL_EVENTBRIDGE"] = stand_in.url

Source: what is recorded of AWS: LocalStack's validated snapshots, stackd's captures, AWS's pages.
"""

from tests.support.lag import Lag
from tests.support.stand_in.calls import Call
from tests.support.stand_in.connection import ManagedSecret, StoredConnection
from tests.support.stand_in.pace import Pace
from tests.support.stand_in.running import running_stand_in
from tests.support.stand_in.stand_in import StandIn
from tests.support.stand_in.unrecorded import Unrecorded, combinations, pairwise

__all__ = [
    "Call",
    "Lag",
    "ManagedSecret",
    "Pace",
    "StandIn",
    "StoredConnection",
    "Unrecorded",
    "combinations",
    "pairwise",
    "running_stand_in",
]
