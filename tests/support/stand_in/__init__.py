"""
A stand-in of EventBridge's connection API that refuses what AWS refuses and takes AWS's states.

    with running_stand_in() as stand_in:
        os.environ["AWS_ENDPOINT_URL_EVENTBRIDGE"] = stand_in.url

Source: what is recorded of AWS: LocalStack's validated snapshots, stackd's captures, AWS's pages.
"""

from tests.lag import Lag
from tests.stand_in.calls import Call
from tests.stand_in.connection import ManagedSecret, StoredConnection
from tests.stand_in.pace import Pace
from tests.stand_in.running import running_stand_in
from tests.stand_in.stand_in import StandIn
from tests.stand_in.unrecorded import Unrecorded, combinations, pairwise

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
