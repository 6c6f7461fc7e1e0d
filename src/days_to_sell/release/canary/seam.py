"""What a canary asks of a target: a share for the candidate, and what the replicas of both versions count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from days_to_sell.errors import TargetError
from days_to_sell.release.target import Artifact, Deployment, Target


@dataclass(frozen=True)
class Replica:
    """One process that answers, as it can be asked by itself.

    Args:
        name: What tells it from others.
        url: Its own address, past the proxy; ``None`` while it does not run.
        digest: Digest of the package that it serves.
        lost: Requests that the proxy gave it and that it never answered, since the proxy was started.
    """

    name: str
    url: str | None
    digest: str
    lost: int = 0


@dataclass(frozen=True)
class Sides:
    """The replicas of both versions."""

    candidate: tuple[Replica, ...]
    incumbent: tuple[Replica, ...]


@runtime_checkable
class CanaryTarget(Target, Protocol):
    """A target that can give a candidate a share of the requests.

    From ``try_out`` until ``take_over`` both versions answer, and ``current`` names the incumbent.
    ``restore`` takes the candidate back at any time, and so does the next deployment after an interrupted
    program.
    """

    def has_incumbent(self, model: str, environment: str) -> bool:
        """Whether a proven version serves there, which a candidate can be compared with."""

    def try_out(self, artifact: Artifact, environment: str, percent: int) -> Deployment:
        """Start the artifact as candidate, prove it, and give it a share of the requests, drawn at random.

        Raises:
            TargetError: It did not get ready; what served before serves all requests.
        """

    def sides(self, candidate: Deployment) -> Sides:
        """Name the replicas of both versions, as they are now."""

    def take_over(self, candidate: Deployment) -> None:
        """Give all requests to the candidate; what served before is kept until it is confirmed."""


def able(target: Target) -> CanaryTarget:
    """Take a target as one that can give a share.

    Raises:
        TargetError: It serves one version at a time.
    """
    if not isinstance(target, CanaryTarget):
        raise TargetError(
            f"the {target.name} target serves one version at a time, so it has no share to give to a canary; "
            "release with --target docker, or without --canary"
        )
    return target
