"""A push: folders, notebooks, libraries, and last the job, so that what it runs is there before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import methodcaller
from typing import Any

from days_to_sell.cli.databricks.files import Upload
from days_to_sell.cli.databricks.job import Job, find_job
from days_to_sell.cli.databricks.workspace import Workspace
from days_to_sell.errors import WorkspaceError

Report = Callable[[str], None]
# What it does in words, and how.
Step = tuple[str, Callable[[Workspace], Any]]
JOB_STEP = "create or update the job"


@dataclass(frozen=True)
class Push:
    """What a folder of a workspace is to hold, and the job.

    Args:
        folder: Absolute path of the folder.
        notebooks: Notebooks below it.
        libraries: Wheel and requirements below it.
        job: The retraining job; the libraries are added to it.
    """

    folder: str
    notebooks: Sequence[Upload]
    libraries: tuple[Upload, Upload]
    job: Job

    def installed(self) -> Job:
        """The job with the libraries that this push puts in place."""
        wheel, requirements = (f"/Workspace{self._path(each)}" for each in self.libraries)
        return replace(self.job, libraries=({"requirements": requirements}, {"whl": wheel}))

    def told(self) -> Iterator[str]:
        """Say in words what it would do, without asking anybody."""
        yield from (f"would {what}" for what, _ in self._steps())
        yield f"would {JOB_STEP} with tag {self.job.key}"

    def run(self, workspace: Workspace, report: Report) -> int:
        """Do it, with a line for each thing that is done.

        Returns:
            Number of the job.

        Raises:
            WorkspaceError: A step failed; the message says how far it came.
        """
        steps: list[Step] = [*self._steps(), (JOB_STEP, partial(put_job, job=self.installed()))]
        came: Any = None
        for done, (what, step) in enumerate(steps):
            try:
                came = workspace.attempt(what, partial(step, workspace))
            except WorkspaceError as error:
                left = "everything but the job is in place" if what == JOB_STEP else "the job was not touched"
                raise WorkspaceError(
                    f"{error}\n{done} of {len(steps)} steps were done before it, and {left}; "
                    "run the same command again: what was done is done over, and nothing is made twice"
                ) from error
            if what != JOB_STEP:
                report(f"{what}: done")
        number, verb = came
        report(f"{verb} job {number}: {workspace.access.host}/jobs/{number}")
        return int(number)

    def _steps(self) -> Iterator[Step]:
        uploads = (*self.notebooks, *self.libraries)
        for folder in sorted({self._path(each).rpartition("/")[0] for each in uploads}):
            yield f"make folder {folder}", methodcaller("make_folder", folder)
        for each in self.notebooks:
            path = self._path(each)
            yield f"import notebook {path}", methodcaller("put_notebook", path, each.content)
        for each in self.libraries:
            path = self._path(each)
            yield f"put file {path}", methodcaller("put_file", path, each.content)

    def _path(self, upload: Upload) -> str:
        return f"{self.folder}/{upload.name}"


def put_job(workspace: Workspace, job: Job) -> tuple[int, str]:
    """Create the job, or replace its settings if it is there.

    It looks before it creates, each time anew: where an answer was lost, the second attempt finds what the
    first one made.

    Returns:
        Its number, and ``created`` or ``updated``.

    Raises:
        WorkspaceError: It cannot be told which job is meant.
    """
    number = find_job(job, workspace.jobs())
    if number is None:
        return workspace.create_job(job.settings()), "created"
    workspace.reset_job(number, job.settings(workspace.job(number).get("settings")))
    return number, "updated"
