"""Which replicas get requests: the decision that outlives programs, the proxy and the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from days_to_sell.errors import TargetError

Colour = Literal["blue", "green"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
REPLICAS = 2
# At a draw a replica has 16 lots for each unit of it: the more, the closer to its share. The proxy takes 256.
WEIGHT = 100
SERVING, PROVEN, NONE = "serving", "proven", "none"
PERCENT, ALL = "percent", 100


@dataclass(frozen=True)
class Routing:
    """The two sets of replicas that an environment may have.

    Args:
        serving: The set that gets requests; ``None`` before the first deployment.
        proven: The set that was confirmed, which may have stepped aside for a candidate.
        percent: Share of the requests that the set which serves gets; the proven one gets the rest.
    """

    serving: Colour | None = None
    proven: Colour | None = None
    percent: int = ALL

    @property
    def is_canary(self) -> bool:
        """Whether both sets get requests."""
        return self.percent < ALL

    def gets_requests(self, colour: Colour) -> bool:
        """Whether a set gets any."""
        return colour == self.serving or (self.is_canary and colour == self.proven)

    def weight(self, colour: Colour) -> int:
        """Weight of each replica of a set that gets requests; both sets have as many."""
        if not self.is_canary:
            return WEIGHT
        return WEIGHT * (self.percent if colour == self.serving else ALL - self.percent) // (ALL // 2)

    def tells(self, colour: Colour) -> bool:
        """Whether a set's counters are what the environment tells of itself; a candidate's are not."""
        return not (self.is_canary and colour == self.serving)

    @property
    def free(self) -> Colour:
        """A set that may be replaced.

        Raises:
            TargetError: Both are in use.
        """
        for colour in COLOURS:
            if colour not in (self.serving, self.proven):
                return colour
        raise TargetError("both sets of replicas are in use; release again, or run `make stop` first")


def other(colour: Colour) -> Colour:
    """Name the other set."""
    return COLOURS[1 - COLOURS.index(colour)]


def slot(colour: Colour, number: int) -> str:
    """Name of a replica in the environment's network, and of its place in the proxy."""
    return f"{colour}{number}"


def slots(colour: Colour) -> tuple[str, ...]:
    """Names of the replicas of a set."""
    return tuple(slot(colour, number) for number in range(1, REPLICAS + 1))


def header(routing: Routing) -> str:
    """Write a routing as comments of the proxy's configuration."""
    told = {
        SERVING: routing.serving or NONE,
        PROVEN: routing.proven or NONE,
        **({PERCENT: routing.percent} if routing.is_canary else {}),
    }
    return "".join(f"# {name}: {value}\n" for name, value in told.items())


def read_header(configuration: str) -> Routing:
    """Read the routing back from the proxy's configuration.

    Raises:
        TargetError: It does not begin with one.
    """
    told = dict(re.findall(r"^# (\w+): (\w+)$", configuration, flags=re.MULTILINE))
    try:
        return Routing(_colour(told[SERVING]), _colour(told[PROVEN]), int(told.get(PERCENT, ALL)))
    except (KeyError, ValueError) as error:
        raise TargetError(
            f"the proxy's configuration does not say what serves ({error}); run `make stop`, "
            "then release again"
        ) from error


def _colour(name: str) -> Colour | None:
    known: dict[str, Colour | None] = {NONE: None, **{colour: colour for colour in COLOURS}}
    return known[name]
