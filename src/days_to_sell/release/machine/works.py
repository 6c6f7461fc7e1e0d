"""What one release works with, and what its steps hand on to one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from days_to_sell.errors import ReleaseError
from days_to_sell.release.machine.key import Key
from days_to_sell.release.packages import Versions
from days_to_sell.release.target import Artifact, Deployment, Report, Target
from days_to_sell.scoring.golden import Proof
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor

if TYPE_CHECKING:
    # The registry brings MLflow along, which takes seconds to import and is needed here for a type alone.
    from days_to_sell.registry.versions import ModelVersion

Thing = TypeVar("Thing")
Load = Callable[[ModelPackage], Predictor]
Publish = Callable[[Artifact], Mapping[str, str]]
Store = Callable[[ModelPackage], str]


@dataclass(frozen=True)
class Works:
    """What every step may use.

    Args:
        registry: Where versions and their packages are.
        target: What serves, behind its fence.
        workspace: Directory for packages and state.
        report: Takes one line of progress.
        load: Opens a package with the engine that is asked for.
        batch_rows: Golden rows of one request.
        trusted_keys: Keys of which one must have signed a package, where any are named.
        publish: Publishes an image and says where; absent where no image registry is named.
        store: Puts a package where packages are kept by digest and gives its address; absent where no such
            place is named.
    """

    registry: Versions
    target: Target
    workspace: Path
    report: Report
    load: Load
    batch_rows: int
    trusted_keys: Path | None = None
    publish: Publish | None = None
    store: Store | None = None


@dataclass
class Piece:
    """What becomes of a version on its way, filled by the steps one after the other.

    Args:
        version: The registered version.
        digest: Digest that its package has to have; empty where any will do.
        kept: Whether it was released before, and goes back as it was.
        package: The verified package.
        predictor: The package, opened with its engine.
        artifact: What the target made of it.
        published: Address of its image in a registry; empty where it is not published.
        deployment: Where it serves in production.
        proof: What the last replay there found.
    """

    version: ModelVersion
    digest: str = ""
    kept: bool = False
    package: ModelPackage | None = None
    predictor: Predictor | None = None
    artifact: Artifact | None = None
    published: str = ""
    deployment: Deployment | None = None
    proof: Proof | None = None

    @property
    def key(self) -> Key:
        """What it is about, as far as that is known."""
        return Key(self.version.model, self.version.version, self.digest)


def there(thing: Thing | None, what: str) -> Thing:
    """Take what an earlier step made.

    Raises:
        ReleaseError: It did not.
    """
    if thing is None:
        raise ReleaseError(f"no {what}: the steps before did not run")
    return thing
