"""Every error of the toolkit, as one tree.

    DaysToSellError
    ├── SettingsError         the environment holds a value that cannot be used
    ├── SpecError             a model's declaration contradicts itself
    ├── EnvironmentProblem    Java, Spark or the exporter is missing or does not fit
    ├── DataError             a source cannot be read
    │   └── IntegrityError    the integrity report is red
    ├── TrainingError         a fit cannot be trusted or did not happen
    │   ├── HorizonError      the follow-up does not reach the horizon
    │   └── ExportError       MLeap cannot carry a stage of the pipeline
    ├── BundleError           an MLeap bundle is damaged or holds what the scorer does not know
    ├── ScoringError          a row holds a value that the pipeline refuses
    ├── ContractError         a request row breaks the model's contract
    ├── PackageError          a model package is damaged or incomplete
    │   └── SignatureError    nobody who is trusted signed a package, or a key cannot be used
    ├── NotebookError         a notebook does not run, or cannot be paired with a source file
    ├── RegistryError         the registry refused, or holds something unexpected
    │   ├── GateError         a version may not go to Production: a gate is red or was not evaluated
    │   ├── EventLogError     the event log does not answer, or was tampered with
    │   └── LeaseError        another program has taken over
    ├── WorkspaceError        a Databricks workspace did not do what it was asked
    ├── ReproductionError     a version cannot be made again, so nothing can be compared
    └── ReleaseError          a version cannot be released
        ├── StoppedError      a release was asked to end between two steps; the next one goes on
        ├── TargetError       the place to deploy to did not do what it was asked
        ├── PublishError      an image registry did not take an image, or does not hand it out
        ├── RepositoryError   a deployment repository did not do what it was asked
        ├── DeploymentError   what a deployment repository says cannot be deployed, or it refuses a commit
        ├── ProofError        golden data and the answers of the service differ
        ├── CanaryError       a candidate did worse than what serves on live requests, or got too few
        └── MonitorError      a service in production cannot be watched

A message says what was wrong, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DaysToSellError(Exception):
    """Anything the toolkit refuses on purpose."""


class SettingsError(DaysToSellError):
    """The environment holds a value that cannot be used."""


class SpecError(DaysToSellError):
    """A model's declaration contradicts itself."""


class EnvironmentProblem(DaysToSellError):  # noqa: N818 - EnvironmentError is a builtin
    """Java, Spark or the exporter is missing or does not fit."""


class DataError(DaysToSellError):
    """A source cannot be read."""


class IntegrityError(DataError):
    """The integrity report is red; nothing after it may run."""


class TrainingError(DaysToSellError):
    """A fit cannot be trusted or did not happen."""


class HorizonError(TrainingError):
    """The follow-up of the training data does not reach the spec's horizon."""


class ExportError(TrainingError):
    """MLeap cannot carry a stage of the pipeline."""


class BundleError(DaysToSellError):
    """An MLeap bundle is damaged, or holds something the scorer does not know."""


class ScoringError(DaysToSellError):
    """A row holds a value that the pipeline refuses."""


class ContractError(DaysToSellError):
    """A request row breaks the model's contract."""


class PackageError(DaysToSellError):
    """A model package is damaged or incomplete."""


class SignatureError(PackageError):
    """Nobody who is trusted signed a package, or a key cannot be used."""


class NotebookError(DaysToSellError):
    """A notebook does not run, or cannot be paired with a source file."""


class RegistryError(DaysToSellError):
    """The registry refused, or holds something unexpected."""


class GateError(RegistryError):
    """A version may not go to Production: a gate is red or was not evaluated."""


class EventLogError(RegistryError):
    """The event log does not answer, or was tampered with."""


class LeaseError(RegistryError):
    """Another program has taken over; what this one was about to write would come too late."""


class WorkspaceError(DaysToSellError):
    """A Databricks workspace did not do what it was asked."""


class ReproductionError(DaysToSellError):
    """A version cannot be made again, so nothing can be compared."""


class ReleaseError(DaysToSellError):
    """A version cannot be released."""


class StoppedError(ReleaseError):
    """A release was asked to end between two steps; the next one goes on from there."""


class TargetError(ReleaseError):
    """The place to deploy to did not do what it was asked."""


class PublishError(ReleaseError):
    """An image registry did not take an image, or does not hand it out."""


class RepositoryError(ReleaseError):
    """A deployment repository did not do what it was asked."""


class DeploymentError(ReleaseError):
    """What a deployment repository says cannot be deployed, or it refuses a commit."""


class ProofError(ReleaseError):
    """Golden data and the answers of the service differ."""


class CanaryError(ReleaseError):
    """A candidate did worse than what serves on live requests, or got too few to be judged."""

    def __init__(self, message: str, told: Mapping[str, Any] | None = None) -> None:
        """Keep what the log is to know beside the message."""
        super().__init__(message)
        self.told: Mapping[str, Any] = told or {}


class MonitorError(ReleaseError):
    """A service in production cannot be watched."""
