"""
Rotation of a secret that many connections were made from, with the deployed function, its queues,
mappings, rule and registry: from ``PutSecretValue`` until every connection has the new credential.
EventBridge's connections are the tests' stand-in, which counts all calls of the function and keeps
what arrived. First undisturbed. Then twice in slow motion, each call taking 0.4 s, so that this
machine's cores are not what the queues compete for: alone, and while four times as many Creates of
producers wait in the request queue, whose mapping works on them all the while. Last with every
event delivered twice, and one in twenty of all calls to AWS throttled, answered by a server's
error, lost before it was carried out, or carried out with its answer lost. An update whose answer
was lost is sent again, as it must be: it counts once.
"""

from tests.support.stand_in.weather import slow
from tools.bench import fleet
from tools.bench.crowd import waiting_messages
from tools.bench.measuring import Bench, Measured, Row, ratio
from tools.bench.rotating_fleet import Fleet, Rotated, disturbed, running_fleet

WAITING = 4  # messages of producers, for each connection
CALL_SECONDS = 0.4
BESIDE_A_CROWD_AT_MOST = 1.5


def measure(bench: Bench) -> Measured:
    """Rotate undisturbed, slowly, slowly beside a crowd, and disturbed."""
    size = max(bench.effort.requests // 2, 1)
    with running_fleet(bench.stack, size) as running:
        calm = running.rotate()
        alone, crowded, left = _slow_rotations(running, CALL_SECONDS * bench.effort.share)
        with disturbed(running):
            stormy = running.rotate()
    what = f"{size} connections on one rotated secret"
    crowd = f"{what}, {WAITING * size:,} messages waiting"
    wrong = crowded.wrong + crowded.dead_letters
    return Measured(
        [
            _time(f"{what}, until all follow", calm.seconds),
            _none(f"{what}, behind or updated twice", calm.wrong),
            _calls(f"{what}, API calls for each", calm),
            ratio(crowd, crowded.seconds, alone.seconds, "s", BESIDE_A_CROWD_AT_MOST),
            _none(f"{crowd}, behind, updated twice or dead letters", wrong),
            _time(f"{what}, disturbed, until all follow", stormy.seconds),
            _none(f"{what}, disturbed, behind or updated twice", stormy.wrong),
            _none(f"{what}, disturbed, dead letters", stormy.dead_letters),
        ],
        rounds=1,
        remarks=_remarks(calm, stormy, left),
    )


def _slow_rotations(running: Fleet, call_seconds: float) -> tuple[Rotated, Rotated, int]:
    stack = running.stack
    running.stand_in.plan(slow(call_seconds))
    alone = running.rotate()
    with waiting_messages(stack, WAITING * len(running.names)):
        crowded = running.rotate()
        left = fleet.messages(stack, fleet.REQUESTS)
    running.stand_in.clear_up()
    return alone, crowded, left


def _time(what: str, seconds: float) -> Row:
    return Row(what, f"{seconds:.3g} s", "-", seconds)


def _none(what: str, count: int) -> Row:
    return Row(what, str(count), "-", count, 0)


def _calls(what: str, rotated: Rotated) -> Row:
    each = rotated.calls.total() / len(rotated.names)
    return Row(what, f"{each:.2f}", "-", each)


def _remarks(calm: Rotated, stormy: Rotated, left: int) -> str:
    counted = ", ".join(f"{name} {count}" for name, count in sorted(calm.calls.items()))
    return (
        f"Calls of the undisturbed rotation: {counted}.\n\n"
        f"Of the producers' messages, {left} still waited when the rotation beside them was over."
        f" Disturbed: {stormy.faults} of {stormy.calls.total()} calls were spoiled,"
        f" {stormy.lost_answers} of them updates that were carried out and not answered;"
        f" the last message was done after {stormy.seconds_to_rest:.3g} s."
    )
