"""What is promoted and what is killed, and when: a function of the seed, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Way = Literal["stage", "alias"]
Victim = Literal["daemon", "server", "image", "service"]
WAYS: tuple[Way, ...] = get_args(Way)
VICTIMS: tuple[Victim, ...] = get_args(Victim)
# A kill for so many promotions, and a version for so many: most are promoted again and again, some are new.
PER_KILL, PER_VERSION, FEWEST_VERSIONS = 4, 8, 4
LONGEST_BURST, LONGEST_PAUSE = 10, 0.5
LONGEST_DOWN = 2.0
# As long as a release takes, about, so that every step of it is met.
RELEASE_SECONDS, IMAGE_SECONDS = 12.0, 4.0
SAME_AGAIN = 0.1


@dataclass(frozen=True)
class Kill:
    """One ``kill -9``.

    Args:
        victim: ``image`` is the program that has an image made, while it does.
        after: Seconds after the promotion is asked for; for ``image``, after the making of one begins.
        down: Seconds until the victim is started again, where that is not the product's own business.
        luck: From 0 to 1; chooses among several processes or containers.
    """

    victim: Victim
    after: float
    down: float
    luck: float

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"kill {self.victim} after {self.after:.2f} s"


@dataclass(frozen=True)
class Promotion:
    """One promotion.

    Args:
        number: Counted from 1.
        version: Which version, counted from 1.
        way: By which of the two names of Production.
        pause: Seconds before the next.
        settles: Whether the next one waits until this one serves.
        kills: What is killed from the moment that it is asked for.
    """

    number: int
    version: int
    way: Way
    pause: float = 0.0
    settles: bool = False
    kills: tuple[Kill, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        then = "wait until it serves" if self.settles else f"pause {self.pause:.2f} s"
        what = f"{self.number}: version {self.version} by {self.way}"
        return "; ".join((what, *map(str, self.kills), then))


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Args:
        seed: What it was made from.
        versions: How many versions there are.
        promotions: In order.
    """

    seed: int
    versions: int
    promotions: tuple[Promotion, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        kills = sum(len(each.kills) for each in self.promotions)
        return (
            f"seed {self.seed}, {len(self.promotions)} promotions of {self.versions} versions, {kills} kills"
        )


def make_plan(
    seed: int, promotions: int, victims: Sequence[Victim] = VICTIMS, kills: int | None = None
) -> Plan:
    """Make a plan.

    Args:
        seed: The same one makes the same plan of the same other arguments.
        promotions: How many; the last is waited for.
        victims: What may be killed.
        kills: How often something is; a quarter of the promotions when not given.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    versions = max(FEWEST_VERSIONS, promotions // PER_VERSION)
    count = max(len(victims), promotions // PER_KILL) if kills is None else kills
    struck: dict[int, list[Kill]] = {}
    for kill in _kills(draw, count, victims):
        struck.setdefault(draw.randint(1, promotions), []).append(kill)
    ends, before, made = set(_ends(draw, promotions)), 0, []
    for number in range(1, promotions + 1):
        before = _version(draw, versions, before)
        pause = draw.choice((0.0, 0.0, draw.uniform(0, LONGEST_PAUSE)))
        way = draw.choice(WAYS)
        made.append(Promotion(number, before, way, pause, number in ends, tuple(struck.get(number, ()))))
    return Plan(seed, versions, tuple(made))


def _kills(draw: random.Random, count: int, victims: Sequence[Victim]) -> Iterator[Kill]:
    """Draw kills, each victim as often as the others."""
    for index in range(count if victims else 0):
        victim = victims[index % len(victims)]
        yield Kill(victim, _after(draw, victim), draw.uniform(0, LONGEST_DOWN), draw.random())


def _after(draw: random.Random, victim: Victim) -> float:
    if victim == "image":
        return IMAGE_SECONDS * draw.random() ** 3
    if victim == "server" and draw.random() < 0.5:
        # While it is about to answer the very promotion.
        return draw.uniform(0, 0.1)
    return draw.uniform(0, RELEASE_SECONDS)


def _ends(draw: random.Random, promotions: int) -> Iterator[int]:
    """Draw the last promotions of bursts."""
    number = 0
    while number < promotions:
        number = min(number + draw.randint(1, LONGEST_BURST), promotions)
        yield number


def _version(draw: random.Random, versions: int, before: int) -> int:
    if before and draw.random() < SAME_AGAIN:
        return before
    return draw.choice([each for each in range(1, versions + 1) if each != before])
