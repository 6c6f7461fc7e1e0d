"""The steps of a release: each can be done again at any time, and tells whether what it made is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from days_to_sell.errors import PackageError
from days_to_sell.release.canary.trial import Trial
from days_to_sell.release.machine.key import IMAGE, PACKAGE, PREPROD, PRODUCTION, PUBLISH, REPLAY, VERIFY
from days_to_sell.release.machine.works import Piece, Works, there
from days_to_sell.release.names import short
from days_to_sell.release.packages import fetch_package, kept_package
from days_to_sell.release.replay import replay, require
from days_to_sell.release.target import Artifact, Deployment, bring_back_on_failure
from days_to_sell.scoring.golden import Proof

Made = Mapping[str, Any]


class Step(Protocol):
    """One step, for one version."""

    @property
    def name(self) -> str:
        """Name of the step, as the log has it."""

    def stands(self, made: Made) -> bool:
        """Ask the world whether what the step made, as the log has it, is there still; take it if so."""

    def do(self) -> Made:
        """Do it, whatever was done before, and say what it made."""


@dataclass(frozen=True)
class FetchPackage:
    """The version's package, verified, on this machine, and on S3 where a place for packages is named."""

    works: Works
    piece: Piece
    name: str = PACKAGE

    def stands(self, made: Made) -> bool:
        """Look for it in the workspace, where only its own bytes count."""
        return self._is_here(str(made.get("digest", ""))) and (self._stays or bool(made.get("stored")))

    def do(self) -> Made:
        """Fetch it, unless the very bytes that are asked for are here."""
        version, due = self.piece.version, self.piece.digest
        name = f"{version.model} version {version.version}"
        if due and self._is_here(due):
            self.works.report(f"package {short(due)} of {name} was kept")
            return {"digest": due, **self._stored()}
        self.works.report(f"fetching the model package of {name}")
        package = fetch_package(self.works.registry, version, self.works.workspace)
        if due and package.digest != due:
            raise PackageError(
                f"{name} was released with the package {due}, and its files are another one now, "
                f"{package.digest}: somebody changed them; promote another version"
            )
        self.piece.package, self.piece.digest = package, package.digest
        return {"digest": package.digest, **self._stored()}

    @property
    def _stays(self) -> bool:
        """Whether nothing is to be put on S3: what was released is there, and a way back waits for nobody."""
        return self.works.store is None or self.piece.kept

    def _is_here(self, digest: str) -> bool:
        version = self.piece.version
        found = kept_package(
            version.model, version.version, digest, self.works.workspace, self.works.trusted_keys
        )
        if found is not None:
            self.piece.package, self.piece.digest = found, digest
        return found is not None

    def _stored(self) -> Made:
        if self._stays or self.works.store is None:
            return {}
        address = self.works.store(there(self.piece.package, "package"))
        self.works.report(f"package {short(self.piece.digest)} is at {address}")
        return {"stored": address}


@dataclass(frozen=True)
class MakeImage:
    """What the target deploys: for some an image, for others the package as it is."""

    works: Works
    piece: Piece
    name: str = IMAGE

    def stands(self, made: Made) -> bool:
        """Leave it to the target, which knows by the bytes whether there is anything to build."""
        return False

    def do(self) -> Made:
        """Let the target make it, unless it has it."""
        package = there(self.piece.package, "package")
        predictor = self.works.load(package)
        self.works.report(f"engine {predictor.engine}: {predictor.reason}")
        self.piece.predictor = predictor
        artifact = self.works.target.prepare(
            package, self.piece.version.version, predictor.engine, kept=self.piece.kept
        )
        self.piece.artifact = artifact
        return {"image": artifact.image or "", "engine": artifact.engine}


@dataclass(frozen=True)
class ReplayArtifact:
    """The golden rows, answered by the bundle itself: a proof about bytes, which need not be asked again."""

    works: Works
    piece: Piece
    name: str = REPLAY

    def stands(self, made: Made) -> bool:
        """Believe a proof of the same bytes by the same engine."""
        return made.get("engine") == there(self.piece.predictor, "predictor").engine

    def do(self) -> Made:
        """Answer them, and compare."""
        version, package = self.piece.version, there(self.piece.package, "package")
        predictor = there(self.piece.predictor, "predictor")
        proof = predictor.prove()
        require(proof, f"the bundle of {version.model} version {version.version}")
        self.works.report(f"package {short(package.digest)}: {proof.rows} golden rows hold in the bundle")
        return {"engine": predictor.engine, **_found(proof)}


@dataclass(frozen=True)
class PublishImage:
    """The image in a registry, where one is named and the target makes images."""

    works: Works
    piece: Piece
    name: str = PUBLISH

    def stands(self, made: Made) -> bool:
        """Leave it to the registry, which knows whether it has the image."""
        return False

    def do(self) -> Made:
        """Publish it, unless the registry has it."""
        artifact = there(self.piece.artifact, "artifact")
        if self.works.publish is None or artifact.image is None:
            return {}
        said = self.works.publish(artifact)
        self.piece.published = said.get("published", "")
        return said


@dataclass(frozen=True)
class Rehearse:
    """The version in pre-production, proven over HTTP."""

    works: Works
    piece: Piece
    name: str = PREPROD

    def stands(self, made: Made) -> bool:
        """Ask what serves there."""
        return _serves(self.works, self.piece, self.name, made) is not None

    def do(self) -> Made:
        """Deploy it, prove it, and let it stay; what served there comes back unless all of that succeeds."""
        deployment = _deploy(self.works, self.piece, self.name)
        with bring_back_on_failure(lambda: self.works.target.restore(deployment)):
            proof = _prove(self.works, self.piece, deployment)
        self.works.target.confirm(deployment)
        return {"url": deployment.url, "engine": _artifact(self.piece).engine, **_found(proof)}


@dataclass(frozen=True)
class Deploy:
    """The version in production, where it answers; what served before is kept until it is verified."""

    works: Works
    piece: Piece
    trial: Trial | None = None
    name: str = PRODUCTION

    def stands(self, made: Made) -> bool:
        """Ask what serves there."""
        self.piece.deployment = _serves(self.works, self.piece, self.name, made)
        return self.piece.deployment is not None

    def do(self) -> Made:
        """Deploy it: all at once, or tried out on a share of the requests where something serves already."""
        told: Made = {}
        artifact = _artifact(self.piece)
        if self.trial and self.trial.target.has_incumbent(artifact.package.model, self.name):
            self.piece.deployment, told = self.trial.take(artifact, self.name)
        else:
            self.piece.deployment = _deploy(self.works, self.piece, self.name)
        return {"url": self.piece.deployment.url, "engine": artifact.engine, **told}


@dataclass(frozen=True)
class Verify:
    """The proof where clients ask, after which what served before is dropped."""

    works: Works
    piece: Piece
    name: str = VERIFY

    def stands(self, made: Made) -> bool:
        """Prove it anew: the release was not told as done."""
        return False

    def do(self) -> Made:
        """Prove it, and confirm it; that was done already where only the last word is missing."""
        deployment = there(self.piece.deployment, "deployment")
        proof = _prove(self.works, self.piece, deployment)
        self.works.target.confirm(deployment)
        self.piece.proof = proof
        return {"url": deployment.url, **_found(proof)}


def steps_of(
    works: Works, piece: Piece, environments: tuple[str, ...], trial: Trial | None = None
) -> tuple[Step, ...]:
    """Line up the steps of a release.

    Args:
        works: What they may use.
        piece: The version.
        environments: Where to prove it, in order; the last is production.
        trial: Tries it out on a share of the requests; absent where it gets all of them at once.
    """
    *rehearsals, production = environments
    first = (FetchPackage(works, piece), MakeImage(works, piece), ReplayArtifact(works, piece))
    rehearse = tuple(Rehearse(works, piece, environment) for environment in rehearsals)
    last = (Deploy(works, piece, trial, production), Verify(works, piece))
    return (*first, PublishImage(works, piece), *rehearse, *last)


def _artifact(piece: Piece) -> Artifact:
    return there(piece.artifact, "artifact")


def _serves(works: Works, piece: Piece, environment: str, made: Made) -> Deployment | None:
    """Tell what serves in an environment, where it is this piece."""
    found, version = works.target.current(environment), piece.version
    due = (version.model, version.version, piece.digest)
    if found is None or (found.model, found.version, found.digest) != due:
        return None
    return found if made.get("engine") == _artifact(piece).engine else None


def _deploy(works: Works, piece: Piece, environment: str) -> Deployment:
    artifact = _artifact(piece)
    works.report(f"{environment}: deploying version {artifact.version} to the {works.target.name} target")
    return works.target.deploy(artifact, environment)


def _prove(works: Works, piece: Piece, deployment: Deployment) -> Proof:
    golden = there(piece.package, "package").golden
    proof = replay(deployment.url, golden, batch_rows=works.batch_rows)
    require(proof, f"{deployment} at {deployment.url}")
    works.report(
        f"{deployment.environment}: {proof.rows} golden rows hold at {deployment.url}, "
        f"largest relative error {proof.max_rel_error:.1e}"
    )
    return proof


def _found(proof: Proof) -> dict[str, Any]:
    return {"golden_rows": proof.rows, "golden_max_rel_error": proof.max_rel_error}
