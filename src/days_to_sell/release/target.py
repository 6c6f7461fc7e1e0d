"""Where a model version is deployed to: the values of a deployment and the seam between the targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from days_to_sell.errors import DaysToSellError, LeaseError, TargetError
from days_to_sell.release.image_size import ImageSize
from days_to_sell.scoring.package import ModelPackage

PREPROD, PRODUCTION = "preprod", "production"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """One model version that serves, as it says itself.

    Args:
        environment: ``preprod`` or ``production``.
        url: Address of the service.
        model: Name of the registered model.
        version: Its version.
        digest: Digest of its model package.
    """

    environment: str
    url: str
    model: str
    version: str
    digest: str

    @property
    def port(self) -> int:
        """Port of the address."""
        return urlsplit(self.url).port or 80

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.model} version {self.version} ({self.environment})"


@dataclass(frozen=True)
class Artifact:
    """What a target made of a model package, ready to be deployed to any environment.

    Args:
        package: The verified model package.
        version: The registered version that it is.
        image: Name of the image; ``None`` where the package itself is served.
        engine: What computes the bundle: ``python`` or ``jvm``.
        size: What the image weighs; ``None`` where there is none.
        kept: Whether it was proven at this place before, and comes back.
    """

    package: ModelPackage
    version: str
    image: str | None = None
    engine: str = "python"
    size: ImageSize | None = None
    kept: bool = False


class Target(Protocol):
    """A place that serves model packages.

    A deployment starts as a *candidate*: what served before steps aside but is kept, until ``confirm`` drops
    it or ``restore`` lets it serve again. An interrupted release therefore leaves nothing that the next one
    could take for proven.
    """

    @property
    def name(self) -> str:
        """``docker`` or ``process``."""

    def reserve(self, model: str, environment: str) -> None:
        """Make sure that the environment's port is free, or held by this model from here.

        Raises:
            TargetError: Something else holds the port; the message says what, and the way out.
        """

    def prepare(
        self, package: ModelPackage, version: str, engine: str = "python", *, kept: bool = False
    ) -> Artifact:
        """Make what ``deploy`` takes; nothing that serves changes.

        Args:
            package: The verified model package.
            version: The registered version that it is.
            engine: What is to compute its bundle: ``python`` or ``jvm``.
            kept: Whether it comes back: what was made of it before will do, with the code of that time.

        Raises:
            TargetError: It could not be made.
        """

    def deploy(self, artifact: Artifact, environment: str) -> Deployment:
        """Start the artifact as candidate and wait until it is ready.

        Raises:
            TargetError: It did not get ready; what served before serves again.
        """

    def confirm(self, candidate: Deployment) -> None:
        """Make the candidate what serves, and drop what served before; again, it changes nothing."""

    def restore(self, candidate: Deployment) -> Deployment | None:
        """Drop the candidate and let what served before serve again.

        Returns:
            What serves now; ``None`` where nothing served before.
        """

    def current(self, environment: str) -> Deployment | None:
        """Ask the environment's address what serves there; ``None`` where no scoring service answers."""

    def started(self) -> tuple[Deployment, ...]:
        """List what runs and was started from this workspace."""

    def stop(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """End what was started from this workspace, in one environment or in all, and say what that was."""


@contextmanager
def bring_back_on_failure(restore: Callable[[], object]) -> Iterator[None]:
    """Restore what served before when the block fails, even by an interrupt; not where another took over.

    Raises:
        TargetError: The block failed, and so did the restoration; the message holds both reasons.
    """
    try:
        yield
    except LeaseError:
        # Whoever took over decides what serves.
        raise
    except BaseException as error:
        try:
            restore()
        except DaysToSellError as failure:
            raise TargetError(f"{error}\nwhat served before could not be brought back: {failure}") from error
        raise
