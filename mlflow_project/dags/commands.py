"""The commands that tasks run: MLflow Project entry points, and `days-to-sell`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlflow_project.dags.wiring import Wiring

# In the order in which they run.
STEPS = ("data", "check", "fit", "convert", "register", "promote", "deploy")


@dataclass(frozen=True)
class Subject:
    """The model that a DAG is for.

    Args:
        folder: Model folder.
        name: Name of the registered model.
        sources: Names of its sources.
    """

    folder: str
    name: str
    sources: tuple[str, ...]


def command_of(
    step: str, subject: Subject, wiring: Wiring, day: str, params: Mapping[str, Any]
) -> Sequence[str] | None:
    """Give the command of a step; none where the run's parameters switch it off.

    Args:
        step: One of ``STEPS``.
        subject: The model.
        wiring: Where things are.
        day: Day of the snapshot, ISO.
        params: Parameters of the run.
    """
    which = {"model": subject.folder, "lake": wiring.lake_of(subject.folder), "snapshot": day}
    spark = {"master": wiring.master}
    match step:
        case "data":
            # A red report is step check's to tell, which is never tried again.
            more = {"training_data": wiring.training_data, "halt": "no"}
            return _project(step, subject, wiring, which | spark | more)
        case "check":
            return _toolkit("step", step, options=which | spark | {"accept_drift": params["accept_drift"]})
        case "fit":
            return _project(step, subject, wiring, which | spark | {"search": params["search"]})
        case "convert":
            return _project(step, subject, wiring, which | spark)
        case "register":
            return _project(step, subject, wiring, which)
        case "promote":
            return _toolkit("step", step, options=which) if params["promote"] else None
        case "deploy":
            given = {name: params[name] for name in ("repository", "branch", "packages") if params[name]}
            if not params["repository"]:
                return None
            return _toolkit("deployment", "commit", subject.name, options=given)
        case _:
            raise ValueError(f"there is no step {step!r}; the steps are {', '.join(STEPS)}")


def _project(step: str, subject: Subject, wiring: Wiring, parameters: Mapping[str, str]) -> list[str]:
    return [
        *("mlflow", "run", wiring.project, "--env-manager", "local", "--entry-point", step),
        *("--experiment-name", subject.name, "--run-name", f"{step} {parameters['snapshot']}"),
        *(part for name, value in parameters.items() for part in ("-P", f"{name}={value}")),
    ]


def _toolkit(*words: str, options: Mapping[str, str]) -> list[str]:
    given = (part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value))
    return ["days-to-sell", *words, *given]
