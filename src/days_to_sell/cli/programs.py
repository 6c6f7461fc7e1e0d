"""Programs of this environment, run as a person would on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from days_to_sell.errors import DaysToSellError

# Jobs on example data are short: a JVM that does not optimise for the long run ends them in half the time.
SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# A job names its own. MLflow sets them for its children, and refuses an experiment that is named twice.
OF_THIS_PROCESS = frozenset({"MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"})


def job_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for a short job: our programs first on the path, and a quiet MLflow.

    Args:
        extra: What the job gets beside.
    """
    return {
        **{name: value for name, value in os.environ.items() if name not in OF_THIS_PROCESS},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "JDK_JAVA_OPTIONS": f"{SHORT_LIVED_JVM} {os.environ.get('JDK_JAVA_OPTIONS', '')}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        **(extra or {}),
    }


def run_module(
    module: str, *arguments: str, folder: Path | None = None, extra: Mapping[str, str] | None = None
) -> None:
    """Run a module of this environment.

    Args:
        module: Name of the module.
        arguments: Its arguments.
        folder: Where it runs; here when not given.
        extra: Environment that it gets beside this process's.

    Raises:
        DaysToSellError: It failed, after its own message.
    """
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=folder, env=job_environment(extra), check=False
    )
    if finished.returncode:
        raise DaysToSellError(f"`{module} {' '.join(arguments[:2])}` failed; its message stands above")


def run_project(
    project: Path,
    model: str,
    run_name: str,
    parameters: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
) -> None:
    """Run the MLflow Project in this environment.

    Args:
        project: Folder of the project.
        model: Name of the registered model, which is that of the experiment too.
        run_name: Name of the run.
        parameters: Parameters of its main entry point.
        extra: Environment that it gets beside this process's.

    Raises:
        DaysToSellError: It failed, after its own message.
    """
    run_module(
        *("mlflow", "run", ".", "--env-manager", "local", "--experiment-name", model),
        *("--run-name", run_name),
        *(part for name, value in parameters.items() for part in ("-P", f"{name}={value}")),
        folder=project,
        extra=extra,
    )
