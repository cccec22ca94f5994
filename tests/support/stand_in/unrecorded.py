"""
Where nobody recorded what AWS does: a switch for each question, and ways through their positions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import combinations as pairs_of
from itertools import product
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """
    What AWS may do where it was never seen doing it; the first position is the default.

    ``empty``: whether ``{}`` and ``[]`` in an Update remove what is there.
    ``lists``: whether a list in an Update replaces the one there, or is merged into it by Key.
    ``empty_description``: whether ``Description: ""`` removes the description.
    ``create_while_deleting``: Create of a name that is DELETING: ResourceAlreadyExists, or new.
    ``type_mismatch``: parameters of another type than AuthorizationType: refused, or no effect.
    ``delete_while_deleting``: DELETING again, ConcurrentModification, or ResourceNotFound.
    ``update_while_deleting``: ConcurrentModification, or ResourceNotFound.
    ``update_while_deauthorizing``: recorded both ways, by chance; a switch makes it certain.
    ``private_token_endpoint``: where a public API with a private token endpoint settles; AWS's
        table says AUTHORIZED, the text below it may be read as ACTIVE.
    """

    empty: Literal["clears", "keeps"] = "clears"
    lists: Literal["replace", "merge"] = "replace"
    empty_description: Literal["clears", "keeps"] = "clears"
    create_while_deleting: Literal["refused", "accepted"] = "refused"
    type_mismatch: Literal["refused", "ignored"] = "refused"
    delete_while_deleting: Literal["accepted", "refused", "not found"] = "accepted"
    update_while_deleting: Literal["refused", "not found"] = "refused"
    update_while_deauthorizing: Literal["refused", "accepted"] = "refused"
    private_token_endpoint: Literal["AUTHORIZED", "ACTIVE"] = "AUTHORIZED"

    def __str__(self) -> str:
        """Name the positions that are not the default; the id of a parametrized test."""
        changed = (
            f"{switch.name}={getattr(self, switch.name)}"
            for switch in fields(self)
            if getattr(self, switch.name) != switch.default
        )
        return ",".join(changed) or "default"


def combinations(*switches: str) -> Iterator[Unrecorded]:
    """Yield every combination of the named switches' positions, the others at their default."""
    positions = _positions()
    for chosen in product(*(positions[switch] for switch in switches)):
        chosen_positions: dict[str, Any] = dict(zip(switches, chosen, strict=True))
        yield Unrecorded(**chosen_positions)


@cache
def pairwise() -> tuple[Unrecorded, ...]:
    """
    Give few combinations, the default first, that hold each pair of positions of two switches.
    """
    candidates = list(combinations(*_positions()))
    numbers: dict[tuple[object, ...], int] = {}
    masks = {candidate: _mask(candidate, numbers) for candidate in candidates}
    chosen = [Unrecorded()]
    missing = (1 << len(numbers)) - 1 & ~masks[chosen[0]]
    while missing:
        best = max(candidates, key=lambda candidate: (masks[candidate] & missing).bit_count())
        chosen.append(best)
        missing &= ~masks[best]
    return tuple(chosen)


def _mask(candidate: Unrecorded, numbers: dict[tuple[object, ...], int]) -> int:
    positions = [(switch, getattr(candidate, switch)) for switch in _positions()]
    mask = 0
    for pair in pairs_of(positions, 2):
        mask |= 1 << numbers.setdefault(pair, len(numbers))
    return mask


def _positions() -> dict[str, tuple[str, ...]]:
    hints = get_type_hints(Unrecorded)
    return {switch.name: get_args(hints[switch.name]) for switch in fields(Unrecorded)}
