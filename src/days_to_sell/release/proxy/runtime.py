"""HAProxy's runtime API: the commands that change places, and what it tells of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from days_to_sell.errors import TargetError
from days_to_sell.release.proxy.configuration import BACKEND
from days_to_sell.release.proxy.routing import COLOURS, Colour, Routing, slots

State = Literal["ready", "drain", "maint"]
SHOW = f"show stat {BACKEND} 4 -1"


@dataclass(frozen=True)
class Place:
    """One replica's place, as the proxy sees it.

    Args:
        address: Address and port that its name resolved to; empty before it did.
        status: HAProxy's word: ``UP``, ``DRAIN``, ``MAINT``, ``DOWN``, or one of these with an addition.
        checked: Whether its last health check passed.
        sessions: Requests under way.
    """

    address: str
    status: str
    checked: bool
    sessions: int

    def gets_requests(self) -> bool:
        """Whether new requests are sent to it."""
        return self.status.startswith("UP")


def read_places(told: str) -> Mapping[str, Place]:
    """Read the places by name from what ``SHOW`` gave.

    Raises:
        TargetError: It is not the list that HAProxy gives.
    """
    try:
        places = {
            row["svname"]: Place(
                row["addr"], row["status"], row["check_status"].endswith("OK"), int(row["scur"])
            )
            for row in csv.DictReader(told.removeprefix("# ").splitlines())
        }
    except (KeyError, ValueError, AttributeError):
        places = {}
    if not places:
        raise TargetError(f"the proxy does not tell its state, but {told[:200]!r}")
    return places


def set_state(names: Iterable[str], state: State) -> tuple[str, ...]:
    """Commands that put replicas into a state.

    >>> set_state(["blue1"], "drain")
    ('set server replicas/blue1 state drain',)
    """
    return tuple(f"set server {BACKEND}/{name} state {state}" for name in names)


def states(routing: Routing) -> tuple[str, ...]:
    """Commands that make the proxy do what a routing says, the set that serves first.

    A proven set that stepped aside stays drained: it is checked, and can take over at once.
    """
    wanted: list[tuple[Colour, State]] = [(colour, _state(colour, routing)) for colour in COLOURS]
    wanted.sort(key=lambda each: each[1] != "ready")
    return tuple(command for colour, state in wanted for command in set_state(slots(colour), state))


def checked(places: Mapping[str, Place], addresses: Mapping[str, str]) -> bool:
    """Whether replicas are found at their addresses, and passed their health check there.

    Args:
        places: What the proxy tells.
        addresses: IP address of each replica, by its name.
    """
    return all(
        places[name].checked and places[name].address.rpartition(":")[0] == address
        for name, address in addresses.items()
    )


def busy(places: Mapping[str, Place], colour: Colour) -> int:
    """Count the requests that are under way in a set of replicas."""
    return sum(places[name].sessions for name in slots(colour))


def refusals(told: str) -> Sequence[str]:
    """What HAProxy said against commands that answer nothing when they are carried out."""
    return [line.strip() for line in told.splitlines() if line.strip()]


def _state(colour: Colour, routing: Routing) -> State:
    if colour == routing.serving:
        return "ready"
    return "drain" if colour == routing.proven else "maint"
