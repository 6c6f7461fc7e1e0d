"""Pushes to a Databricks workspace, and somebody who makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from days_to_sell.cli.databricks.cluster import SPEC, read_cluster_spec
from days_to_sell.cli.databricks.files import Upload
from days_to_sell.cli.databricks.job import Job
from days_to_sell.cli.databricks.push import Push
from days_to_sell.cli.databricks.workspace import Access, Workspace
from tests.databricks_workspace import DatabricksWorkspace

ROOT = Path(__file__).parents[1]
FOLDER = "/Shared/days-to-sell"
SOURCE = b"# Databricks notebook source\nprint(1)\n"


def make_job(**choices: Any) -> Job:
    """The retraining of a model, on the cluster of the project."""
    return Job(
        model="days_to_sell",
        parameters=("--model", "days_to_sell", "--lake", "s3a://lake/cars"),
        cluster=read_cluster_spec(ROOT / SPEC),
        libraries=(),
        variables={"MLFLOW_TRACKING_URI": "databricks"},
        **choices,
    )


def make_push(source: bytes = SOURCE, **choices: Any) -> Push:
    """A push of one notebook, and of libraries that are none."""
    libraries = (
        Upload("libraries/ab12/toolkit.whl", b"wheel"),
        Upload("libraries/ab12/requirements.txt", b"a==1"),
    )
    return Push(FOLDER, (Upload("notebooks/1-explore", source),), libraries, make_job(**choices))


class Session:
    """Somebody who pushes, and what was said and waited for."""

    def __init__(self, there: DatabricksWorkspace, token: str | None = None, url: str | None = None) -> None:
        """Open a workspace with its token, or another one."""
        self.lines: list[str] = []
        self.waits: list[float] = []
        access = Access(url or there.url, token or there.token, "profile TESTS")
        self.workspace = Workspace(access, self.lines.append, pause=self.waits.append)

    def push(self, push: Push) -> int:
        """Push, and tell the number of the job."""
        return push.run(self.workspace, self.lines.append)


def ours(there: DatabricksWorkspace) -> list[int]:
    """Numbers of the jobs that are not other people's."""
    return [number for number in there.jobs if number > 605]
