"""One event, and the hash that chains it to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happened."""

    PROMOTED = "promoted"
    """A version was put in Production; the body has ``from``, ``to``, ``by``, ``reason`` and ``gates``."""
    WITHDRAWN = "withdrawn"
    """A version left Production and none took its place."""
    REFUSED = "refused"
    """Somebody asked for a change of Production and was refused; the body has ``to`` and ``reasons``."""
    GATES = "gates"
    """Gates were evaluated; the body has what :mod:`days_to_sell.registry.gates` found."""
    OVERRIDE = "override"
    """A named person let a version pass red gates; the body has the ``reason``."""
    STEP = "step"
    """A step of a release began or ended; the body has ``step``, ``state`` and what the step made."""
    COMMITTED = "committed"
    """A version was written to a deployment repository; the body has ``repository`` and ``commit``."""
    RELEASED = "released"
    """A version serves in production, proven; the body has where, and from which image."""
    FAILED = "failed"
    """A release ended without success; what served before serves on. The body has the ``reason``."""
    ROLLED_BACK = "rolled_back"
    """An earlier version was put back; the body has ``from``, ``to``, ``reason`` and ``seconds``."""


@dataclass(frozen=True)
class Actor:
    """Who did it.

    Args:
        name: User, or the program that acted by itself.
        verified: Whether somebody checked that; else it is only a claim.
    """

    name: str
    verified: bool = False


@dataclass(frozen=True)
class NewEvent:
    """An event that is to be written.

    Args:
        model: Name of the registered model.
        kind: What happened.
        actor: Who did it.
        version: Registered version that it is about; empty where it is about none.
        digest: Digest of that version's model package, where it is known.
        body: What else there is to know, of JSON's types.
    """

    model: str
    kind: Kind
    actor: Actor
    version: str = ""
    digest: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """An event of the log.

    Args:
        position: Place in the whole log; later events have higher ones, with gaps.
        number: Place in the chain of its model: 1, 2, 3, ...
        at: When it was written, in UTC as ISO 8601 with microseconds; never before the event before it.
        previous: Hash of the event before it in the chain; empty for the first.
        hash: SHA-256 over everything above it, in hexadecimal digits.
        written: The body as the log holds it, which is what was hashed; made of the body where not given.
    """

    position: int
    workspace: str
    model: str
    number: int
    at: str
    kind: str
    version: str
    digest: str
    actor: Actor
    body: Mapping[str, Any]
    previous: str
    hash: str
    written: str | None = field(default=None, compare=False, repr=False)

    def expected_hash(self) -> str:
        """Compute the hash that the event has unless somebody changed it."""
        return hash_of(
            self.workspace,
            self.model,
            self.number,
            self.at,
            self.kind,
            self.version,
            self.digest,
            self.actor.name,
            self.actor.verified,
            canonical(self.body) if self.written is None else self.written,
            self.previous,
        )


def canonical(body: Mapping[str, Any]) -> str:
    """Write JSON that is the same text for the same content.

    Raises:
        ValueError: It holds a number that JSON has not, such as NaN.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(*fields: str | int | bool) -> str:
    """Hash fields in order, so that no two lists of fields give the same text to hash."""
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True).encode("ascii")).hexdigest()
