"""The judgement: what clients were told, held against the log, the registry, and what answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.ledger import Ask, Outcome
from days_to_sell.registry.events.event import Event, Kind
from days_to_sell.release.target import Deployment

MOVES = (Kind.PROMOTED, Kind.WITHDRAWN)


@dataclass(frozen=True)
class Seen:
    """What is there when all is quiet.

    Args:
        events: The log of the model, in order.
        faults: Where its chain does not hold.
        alias: Version that the alias of Production names; ``None`` where there is none.
        staged: Versions in the stage Production.
        serving: What answers in production.
        images: Ids of the images of each key that was built, by what the images say of themselves.
        strays: Services that run from here and that no record names.
    """

    events: Sequence[Event]
    alias: str | None
    staged: tuple[str, ...]
    serving: Deployment | None
    faults: Sequence[str] = ()
    images: Mapping[str, Sequence[str]] = field(default_factory=dict)
    strays: Sequence[str] = ()


@dataclass(frozen=True)
class Verdict:
    """What went wrong, in words; nothing where all are empty.

    Args:
        lost: What was acknowledged, and is not so.
        doubled: What is there more than once, or though nobody asked for it.
        refused: What the registry refused: every version may go to Production, so that it should not have.
    """

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled, or refused."""
        return not (self.lost or self.doubled or self.refused)

    def line(self, promotions: int, kills: int) -> str:
        """Say it in the one line that a run ends with."""
        counted = f"{len(self.lost)} lost, {len(self.doubled)} doubled"
        if self.refused:
            counted += f", {len(self.refused)} refused"
        named = "; ".join((*self.lost, *self.doubled, *self.refused))
        return f"chaos: {promotions} promotions, {kills} kills, {counted}{': ' if named else ''}{named}"


def judge(asks: Sequence[Ask], seen: Seen) -> Verdict:
    """Judge a run.

    Args:
        asks: Promotions by the one client that there was, in the order in which it asked.
        seen: What is there in the end.
    """
    told = [event for event in seen.events if event.kind in MOVES]
    missing, unasked = unexplained(asks, told)
    lost = [f"{each} was acknowledged and is not in the log" for each in missing]
    lost += [f"the log does not hold: {fault}" for fault in seen.faults]
    lost += _unserved(seen, told)
    doubled = [
        f"event {each.number} ({each.kind} {each.version} by {each.body.get('by')}) was asked for by nobody"
        for each in unasked
    ]
    doubled += _twice(seen)
    doubled += [f"{each} is recorded nowhere" for each in seen.strays]
    refused = [f"{each}: {each.said}" for each in asks if each.outcome == Outcome.REFUSED]
    return Verdict(tuple(lost), tuple(doubled), tuple(refused))


def unexplained(asks: Sequence[Ask], told: Sequence[Event]) -> tuple[list[Ask], list[Event]]:
    """Find which promotions have no event, and which events no promotion, leaving as few as can be.

    A promotion of what is in Production already changes nothing and has no event. One that was never answered
    may have one.
    """
    cost = _costs(asks, told)
    missing, unasked = [], []
    at = (0, 0)
    while at != (len(asks), len(told)):
        _, price, after = min((price + cost[after], price, after) for price, after in _steps(asks, told, *at))
        if price:
            number, event = at
            if after == (number, event + 1):
                unasked.append(told[event])
            else:
                missing.append(asks[number])
        at = after
    return missing, unasked


def _costs(asks: Sequence[Ask], told: Sequence[Event]) -> dict[tuple[int, int], int]:
    """Count what stays unexplained at best, of everything from a promotion and an event onwards."""
    cost = {(len(asks), len(told)): 0}
    for number in range(len(asks), -1, -1):
        for event in range(len(told), -1, -1):
            at = (number, event)
            if at not in cost:
                cost[at] = min(price + cost[after] for price, after in _steps(asks, told, *at))
    return cost


def _steps(
    asks: Sequence[Ask], told: Sequence[Event], number: int, event: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Give the ways on, each with its price: an event without a promotion, one without the other, or both."""
    if event < len(told):
        yield 1, (number, event + 1)
    if number == len(asks):
        return
    asked = asks[number]
    there = event > 0 and told[event - 1].kind == Kind.PROMOTED and told[event - 1].version == asked.version
    yield int(asked.outcome == Outcome.ACKNOWLEDGED and not there), (number + 1, event)
    if event < len(told) and asked.outcome != Outcome.REFUSED:
        found = told[event]
        if (found.kind, found.version, found.body.get("by")) == (Kind.PROMOTED, asked.version, asked.way):
            yield 0, (number + 1, event + 1)


def _unserved(seen: Seen, told: Sequence[Event]) -> Iterator[str]:
    """Hold log, registry, and what answers against each other."""
    last = told[-1].version if told and told[-1].kind == Kind.PROMOTED else None
    if seen.alias != last:
        yield f"the log has {_named(last)} in Production last, the alias names {_named(seen.alias)}"
    if seen.staged != ((seen.alias,) if seen.alias else ()):
        yield f"the alias names {_named(seen.alias)}, the stage {', '.join(seen.staged) or 'none'}"
    if seen.alias is None:
        return
    answers = (seen.serving.version, seen.serving.digest) if seen.serving else (None, "")
    if answers[0] != seen.alias:
        yield f"{_named(seen.alias)} is in Production, and {_named(answers[0])} answers"
    elif told and answers[1] != told[-1].digest:
        yield f"{_named(seen.alias)} answers with other bytes than were promoted"
    released = [event.version for event in seen.events if event.kind == Kind.RELEASED]
    if released[-1:] != [seen.alias]:
        yield f"{_named(seen.alias)} is in Production, and was not released last"


def _named(version: str | None) -> str:
    return f"version {version}" if version else "no version"


def _twice(seen: Seen) -> Iterator[str]:
    ends = Counter(str(event.body["release"]) for event in seen.events if event.kind == Kind.RELEASED)
    for release, count in ends.items():
        if count > 1:
            yield f"release {release} is told as done {count} times"
    for key, images in seen.images.items():
        if len(set(images)) > 1:
            yield f"the image of {key} was built {len(set(images))} times"
