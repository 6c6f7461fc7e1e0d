"""A task that runs one command of the toolkit, in the toolkit's own environment."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Mapping
from typing import Any

from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.sdk import BaseOperator, Context

from mlflow_project.dags.alerts import REFUSED, tell, where
from mlflow_project.dags.commands import Subject, command_of
from mlflow_project.dags.leftovers import MARK, end_leftovers
from mlflow_project.dags.runs import snapshot_of
from mlflow_project.dags.wiring import Wiring

# Codes by which a command says more than that it failed: its data is bad, or a gate is red.
BAD_DATA, NOT_PROMOTED = 65, 99
LAST_WORDS = 12
# Airflow's own secrets, and its Python, are none of the command's business.
OF_AIRFLOW = ("AIRFLOW", "_AIRFLOW", "PYTHONPATH", "VIRTUAL_ENV")


class ToolkitOperator(BaseOperator):
    """Runs a step of a training.

    Args:
        step: Which one.
        subject: The model.
        wiring: Where things are.
    """

    def __init__(self, *, step: str, subject: Subject, wiring: Wiring, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step, self.subject, self.wiring = step, subject, wiring

    def execute(self, context: Context) -> None:
        """Run the command, after ending what an earlier try of this task left running."""
        day = snapshot_of(context)
        command = command_of(self.step, self.subject, self.wiring, day, context["params"])
        if command is None:
            raise AirflowSkipException(f"{self.step} is switched off for this run")
        self._mark = mark_of(context)
        if ended := end_leftovers(self._mark):
            self.log.warning("ended %d processes that an earlier try left", ended)
        self.log.info("$ %s", " ".join(command))
        last_words: deque[str] = deque(maxlen=LAST_WORDS)
        with subprocess.Popen(
            list(command),
            cwd=self.wiring.project,
            env=environment(os.environ, self.wiring, self._mark),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            for line in process.stdout:
                self.log.info("%s", line.rstrip())
                last_words.append(line.rstrip())
        self._judge(process.returncode, "\n".join(last_words), context)

    def on_kill(self) -> None:
        """End the command with all that it started: the task was stopped, or took too long."""
        if mark := getattr(self, "_mark", None):
            end_leftovers(mark)

    def _judge(self, code: int, said: str, context: Context) -> None:
        match code:
            case 0:
                return
            case code if code == NOT_PROMOTED:
                tell(REFUSED, self.subject.name, said, where(context))
                raise AirflowSkipException(said)
            case code if code == BAD_DATA:
                raise AirflowFailException(said)
            case _:
                raise AirflowException(f"{self.step} ended with code {code}; it said last:\n{said}")


def mark_of(context: Mapping[str, Any]) -> str:
    """Name a task of a run, whichever try it is."""
    task = context["ti"]
    return f"{task.dag_id}/{task.run_id}/{task.task_id}"


def environment(environ: Mapping[str, str], wiring: Wiring, mark: str) -> dict[str, str]:
    """Give the variables of a command: the worker's without Airflow's, the toolkit's programs first."""
    kept = {name: value for name, value in environ.items() if not name.startswith(OF_AIRFLOW)}
    path = f"{wiring.toolkit}{os.pathsep}{environ.get('PATH', '')}"
    return kept | {"PATH": path, MARK: mark, "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
