"""HAProxy's runtime API: the commands that change places, and what it tells of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.proxy.configuration import BACKEND, METRICS
from days_to_sell.release.docker.proxy.routing import COLOURS, Colour, Routing, slots

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
        lost: Requests that it was given and never answered, since the proxy was started.
    """

    address: str
    status: str
    checked: bool
    sessions: int
    lost: int = 0

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
                row["addr"],
                row["status"],
                row["check_status"].endswith("OK"),
                int(row["scur"]),
                int(row["eresp"]),
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


def set_weight(names: Iterable[str], weight: int, backend: str = BACKEND) -> tuple[str, ...]:
    """Commands that give replicas a weight among those that get requests.

    >>> set_weight(["green1"], 20)
    ('set server replicas/green1 weight 20',)
    """
    return tuple(f"set server {backend}/{name} weight {weight}" for name in names)


def states(routing: Routing) -> tuple[str, ...]:
    """Commands that make the proxy do what a routing says, the set that serves first.

    A proven set that stepped aside stays drained: it is checked, and can take over at once. The weights of
    those that get no requests stay as they are, so that at no moment a candidate gets more than its share.
    """
    wanted: list[tuple[Colour, State]] = [(colour, _state(colour, routing)) for colour in COLOURS]
    wanted.sort(key=lambda each: (each[1] != "ready", routing.is_canary and each[0] == routing.serving))
    commands: list[str] = []
    for colour, state in wanted:
        if state == "ready":
            commands += set_weight(slots(colour), int(routing.tells(colour)), METRICS)
            commands += set_weight(slots(colour), routing.weight(colour))
        commands += set_state(slots(colour), state)
    return tuple(commands)


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
    if routing.gets_requests(colour):
        return "ready"
    return "drain" if colour == routing.proven else "maint"
