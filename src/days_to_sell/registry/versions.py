"""Registered versions: what is in Production, its model package, and the tags that tell people about it.

Production is the alias ``production``; the stage of that name follows it. MLflow lets the two part when a
person moves only one of them, and keeps no record of which moved last. What serves now decides: the one of
the two that still names it did not move.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion as MlflowVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_CONFLICT, ErrorCode
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from days_to_sell.data.s3 import reason
from days_to_sell.errors import RegistryError
from days_to_sell.registry import overriding
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.sources import logged_model_of, require_location
from days_to_sell.scoring.package import ModelPackage, open_package
from days_to_sell.scoring.signature import require_signature
from days_to_sell.settings import Settings

ALIAS, STAGE = "production", "Production"
# A version that was registered from a logged model has that model as its source.
LOGGED = "models:/"
# How often stage and alias are read again before it is believed that they name different versions.
LOOKS = 10


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model.

    Args:
        model: Name of the registered model.
        version: Number of the version, as text.
        run_id: Run that logged it.
        tags: Tags of the version.
    """

    model: str
    version: str
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class _Marks:
    """What names the version in Production: spellings of the alias, with their versions, and the stage."""

    aliases: Mapping[str, str]
    staged: Sequence[str]

    @property
    def named(self) -> set[str]:
        return {*self.aliases.values(), *self.staged}

    @property
    def agree(self) -> bool:
        return len(self.named) <= 1

    @property
    def whole(self) -> bool:
        return self.agree and bool(self.aliases) and bool(self.staged)


class Registry:
    """The MLflow model registry, as release and promotion see it.

    Args:
        client: A client of the tracking server that holds the registry; that of the environment if absent.
        trusted_keys: Keys of which one must have signed a package; those of the environment if absent, where
            it names any.
    """

    def __init__(self, client: MlflowClient | None = None, *, trusted_keys: Path | None = None) -> None:
        self._client = client or MlflowClient()
        self._trusted_keys = trusted_keys or Settings.from_env().trusted_keys

    def production(self, model: str, serving: str | None = None) -> ModelVersion | None:
        """Give the version in Production, or None.

        Args:
            model: Name of the registered model.
            serving: Version that serves now, which tells which of stage and alias moved.

        Raises:
            RegistryError: The model is unknown, or stage and alias both moved, to different versions.
        """
        with translated(f"registered model {model!r}"):
            marks = self._marks(model)
        moved = marks.named - {serving}
        if not marks.agree and len(moved) != 1:
            raise RegistryError(
                f"{model!r} has version {', '.join(marks.staged)} in stage {STAGE} and version "
                f"{', '.join(marks.aliases.values())} under alias {ALIAS!r}; promote the one that is meant: "
                f"days-to-sell promote {model} VERSION"
            )
        chosen = marks.named if marks.agree else moved
        return self.version(model, *chosen) if chosen else None

    def version(self, model: str, version: str) -> ModelVersion:
        """Look a version up.

        Raises:
            RegistryError: There is no such version.
        """
        with translated(f"version {version} of {model!r}"):
            return _record(self._client.get_model_version(model, version))

    def versions(self, model: str) -> list[ModelVersion]:
        """List the versions of a model, newest first."""
        with translated(f"the versions of {model!r}"):
            found = self._client.search_model_versions(f"name = '{model}'")
        return sorted((_record(version) for version in found), key=lambda each: -int(each.version))

    def made_from(self, model: str, model_id: str) -> ModelVersion | None:
        """Find the version that was registered from a logged model; the first, where there are several."""
        with translated(f"the versions of {model!r}"):
            found = self._client.search_model_versions(f"name = '{model}'")
        made = [version for version in found if version.source == f"{LOGGED}{model_id}"]
        return _record(min(made, key=lambda each: int(each.version))) if made else None

    def promote(self, model: str, version: str, *, override: str | None = None) -> ModelVersion:
        """Put a version in Production, stage and alias together, and archive the one before.

        Running it again after an interruption completes it.

        Args:
            model: Name of the registered model.
            version: Number of the version.
            override: Why red gates are to be passed by, for whom the registry lets do so.

        Raises:
            RegistryError: There is no such version, it holds no model package, or the registry refused.
        """
        found = self.version(model, version)
        with tempfile.TemporaryDirectory() as scratch:
            self.fetch_package(found, Path(scratch) / "package")
        if override is not None:
            with translated(f"promotion of version {version} of {model!r}"):
                overriding.promote_overriding(self._client, model, version, override)
        self.put_in_production(found)
        return self.version(model, version)

    def gated(self, model: str) -> bool:
        """Tell whether the registry itself keeps a model's gates."""
        with translated(f"registered model {model!r}"):
            return overriding.is_gated(self._client, model)

    def put_in_production(self, version: ModelVersion) -> None:
        """Make stage and alias name this version, both; nothing is written where they do."""
        model, number = version.model, version.version
        with translated(f"promotion of version {number} of {model!r}"):
            aliases, staged = self._aliases(model), self._staged(model)
            if staged != [number]:
                with _stages_are_used_on_purpose():
                    self._client.transition_model_version_stage(
                        model, number, STAGE, archive_existing_versions=True
                    )
                # A gated store moved the alias along, and lets nobody take it away.
                aliases = self._aliases(model)
            for alias in aliases.keys() - {ALIAS}:
                self._client.delete_registered_model_alias(model, alias)
            if aliases.get(ALIAS) != number:
                self._client.set_registered_model_alias(model, ALIAS, number)

    def bring_along(self, version: ModelVersion) -> None:
        """Move stage or alias after the other, where only one of them was moved to this version.

        Where both name another version, somebody has promoted that one meanwhile, and nothing is written.
        """
        with translated(f"promotion of version {version.version} of {version.model!r}"):
            marks = self._marks(version.model)
        if version.version in marks.named and not marks.whole:
            self.put_in_production(version)

    def fetch_package(self, version: ModelVersion, target: Path) -> ModelPackage:
        """Download the model package of a version and verify it.

        Args:
            version: The version.
            target: Directory to become the package; it must not exist.

        Raises:
            RegistryError: It has no package, or none that MLflow logged, or it cannot be downloaded.
            PackageError: The package is damaged.
            SignatureError: None of the trusted keys signed it.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            with translated(f"the model package of version {version.version} of {version.model!r}"):
                fetched = Path(self._artifacts(version).download_artifacts(MODEL_DATA_SUBPATH, str(draft)))
            require_signature(open_package(fetched), self._trusted_keys)
            fetched.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return open_package(target)

    def _artifacts(self, version: ModelVersion) -> ArtifactRepository:
        """Find the files where this registry's own server says that MLflow logged them."""
        source = self._client.get_model_version(version.model, version.version).source
        try:
            logged = logged_model_of(source or "")
            location = require_location(self._client.get_logged_model(logged).artifact_location, logged)
        except RegistryError as error:
            name = f"version {version.version} of {version.model!r}"
            raise RegistryError(f"the model package of {name} is not fetched: {error}") from error
        return get_artifact_repository(location, tracking_uri=self._client.tracking_uri)

    def _marks(self, model: str) -> _Marks:
        """Read what names Production: two requests, between which somebody may promote another version."""
        marks = _Marks(self._aliases(model), self._staged(model))
        for _ in range(LOOKS):
            if marks.agree:
                break
            before, marks = marks, _Marks(self._aliases(model), self._staged(model))
            if marks == before:
                break
        return marks

    def _aliases(self, model: str) -> dict[str, str]:
        """Give the spellings of the alias that the model has, with the version that each names."""
        aliases = self._client.get_registered_model(model).aliases
        return {alias: str(version) for alias, version in aliases.items() if alias.lower() == ALIAS}

    def _staged(self, model: str) -> list[str]:
        """Give every version in the stage: MLflow allows several, and its ``latest`` hides all but one."""
        versions = self._client.search_model_versions(f"name = '{model}'")
        return [str(v.version) for v in versions if v.current_stage == STAGE]

    def describe(self, version: ModelVersion, description: str) -> None:
        """Write what a person reads first of a version, in Markdown."""
        with translated(f"version {version.version} of {version.model!r}"):
            self._client.update_model_version(version.model, version.version, description)

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Write tags for people to see; they are never evidence."""
        with translated(f"version {version.version} of {version.model!r}"):
            for name, value in tags.items():
                self._client.set_model_version_tag(version.model, version.version, name, value)


def logged_model_id(source: str) -> str | None:
    """Name the logged model that a version was registered from, by the version's source."""
    return source.removeprefix(LOGGED) if source.startswith(LOGGED) else None


@contextmanager
def translated(subject: str) -> Iterator[None]:
    """Turn MLflow's errors into one of ours, at the seam."""
    try:
        yield
    except MlflowException as error:
        if refused := _of_s3(error):
            raise RegistryError(f"{subject} cannot be had: {_reason(error)} ({reason(refused)})") from error
        raise RegistryError(f"the registry refused {subject}: {_reason(error)}") from error
    except (ClientError, BotoCoreError) as error:
        # Artifacts on S3 that are not handed out by the server are read there, and MLflow lets these pass.
        raise RegistryError(f"{subject} cannot be had: {reason(error)}") from error
    except OSError as error:
        raise RegistryError(f"{subject} cannot be had: {error}; is the tracking server up?") from error


def _of_s3(error: BaseException) -> ClientError | BotoCoreError | None:
    """Find the refusal of S3 that MLflow wrapped, if it was one."""
    cause = error.__cause__ or error.__context__
    if cause is None or isinstance(cause, ClientError | BotoCoreError):
        return cause
    return _of_s3(cause)


def _reason(error: MlflowException) -> str:
    """Give the first line, which for most errors a trace follows; a refusal has its reasons below it."""
    lines = str(error).splitlines()
    if error.error_code != ErrorCode.Name(RESOURCE_CONFLICT):
        return lines[0]
    return "\n".join(lines).removeprefix(f"{error.error_code}: ")


@contextmanager
def _stages_are_used_on_purpose() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _record(found: MlflowVersion) -> ModelVersion:
    return ModelVersion(found.name, str(found.version), found.run_id or "", dict(found.tags))
