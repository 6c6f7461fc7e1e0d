"""All parts of a platform together: S3, PostgreSQL, MLflow, images, git, a Spark cluster and Airflow."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem
from days_to_sell.release.addresses import Addresses
from days_to_sell.release.gitops.scaffolding import write_scaffold
from days_to_sell.release.project import project_root
from days_to_sell.release.target import PREPROD, PRODUCTION
from stack.airflow import VARIABLE, Airflow, find_airflow
from stack.git_remote import GitRemote
from stack.image_registry import ImageRegistry
from stack.ports import free_port
from stack.postgres import Postgres
from stack.s3 import S3Server
from stack.spark_cluster import SparkCluster
from stack.team_mlflow import TeamMlflow

USER = "airflow"
LAKE, MLFLOW, PACKAGES = "lake", "mlflow", "packages"
GIT_SECONDS = 60
Report = Callable[[str], None]
IDENTITY = {
    name: value
    for who in ("AUTHOR", "COMMITTER")
    for name, value in ((f"GIT_{who}_NAME", "platform"), (f"GIT_{who}_EMAIL", "platform@localhost"))
}


@dataclass
class Platform:
    """The parts, and how each finds the others.

    Args:
        folder: Of this run alone; everything is written below it.
    """

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {PRODUCTION: free_port(), PREPROD: free_port()})
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)

    def __post_init__(self) -> None:
        """Say which parts there are; nothing runs yet."""
        installed = find_airflow()
        if installed is None:
            raise EnvironmentProblem(
                f"there is no Airflow: run make airflow, or name its folder by {VARIABLE}"
            )
        self.s3 = S3Server(self._home("s3"), (LAKE, MLFLOW, PACKAGES))
        self.database = Postgres(self.folder / "postgres")
        self.images = ImageRegistry(self._home("images"), free_port())
        self.remote = GitRemote(self._home("git"))
        self.cluster = SparkCluster(self._home("spark"))
        self._airflow = installed

    @property
    def place(self) -> Path:
        """Workspace of what is deployed."""
        return self.folder / "place"

    @property
    def addresses(self) -> Addresses:
        """Where what is deployed answers."""
        return Addresses(ports=self.ports)

    def start(self, stack: ExitStack, report: Report) -> None:
        """Start all parts, those that need each other one after the other; the stack ends them.

        Raises:
            EnvironmentProblem: A part cannot be had, or does not come up.
        """
        with told("S3 and PostgreSQL", report):
            stack.callback(self.s3.end)
            self.s3.start()
            stack.callback(self.database.stop)
            self.database.start()
        s3 = self.s3.variables
        self.mlflow = TeamMlflow(
            self._home("mlflow"), self.database.bare, self.database.password, f"s3://{MLFLOW}", s3, workers=1
        )
        self.airflow = Airflow(
            self._home("airflow"), self._airflow, project_root(), {**self.clients, **self.wiring}
        )
        with told("image registry and git remote", report):
            stack.enter_context(self.images)
            self._begin_repository()
        stack.callback(self.cluster.end)
        stack.callback(self.mlflow.stop)
        stack.callback(self.airflow.stop)
        with told("MLflow, Spark cluster and Airflow", report), ThreadPoolExecutor() as pool:
            starts = (self.mlflow.start, self.cluster.start, self.airflow.start)
            for started in [pool.submit(start) for start in starts]:
                started.result()
        self.mlflow.add_user(USER, self.password)

    @property
    def clients(self) -> dict[str, str]:
        """Variables that lead whoever trains and commits to every part."""
        return {
            **self.s3.variables,
            **self.cluster.variables,
            **self.mlflow.client_variables(USER, self.password),
            "DAYS_TO_SELL_EVENT_LOG": self.database.address,
            "DAYS_TO_SELL_IMAGE_REGISTRY": self.images.place,
            "DAYS_TO_SELL_GIT_IDENTITY": "platform <platform@localhost>",
        }

    @property
    def wiring(self) -> dict[str, str]:
        """Variables of the DAGs."""
        choices = {
            "LAKE": f"s3a://{LAKE}/{{model}}",
            "TRAINING_DATA": f"s3a://{LAKE}/sets",
            "TOOLKIT": str(Path(sys.executable).parent),
            "MASTER": self.cluster.master,
            "SCHEDULE": "",
            "PROMOTE": "true",
            "REPOSITORY": self.remote.address,
            "BRANCH": self.remote.branch,
            "PACKAGES": f"s3://{PACKAGES}/released",
            "POKE_SECONDS": "2",
            "RETRY_SECONDS": "2",
        }
        return {f"DAYS_TO_SELL_DAGS_{name}": value for name, value in choices.items()}

    def _home(self, part: str) -> Path:
        home = self.folder / part
        home.mkdir(parents=True)
        return home

    def _begin_repository(self) -> None:
        """Make the repository with what `deployment init` writes, and let each push deploy."""
        remote, clone = self.remote.create(), self.folder / "git" / "clone"
        _git(self.folder, "clone", "--quiet", remote.address, str(clone))
        write_scaffold(clone)
        _git(clone, "checkout", "--quiet", "-B", remote.branch)
        _git(clone, "add", "--all")
        _git(clone, "commit", "--quiet", "--message", "Begin with what deploys")
        _git(clone, "push", "--quiet", "origin", remote.branch)
        options = (
            *("--target", "docker", "--workspace", str(self.place)),
            *("--port", str(self.ports[PRODUCTION]), "--preprod-port", str(self.ports[PREPROD])),
        )
        # A CI system's own environment: whoever pushes lends it nothing.
        variables = {
            **self.s3.variables,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DEPLOY_OPTIONS": " ".join(options),
            "DAYS_TO_SELL_PACKAGES": f"s3://{PACKAGES}/released",
            "DAYS_TO_SELL_IMAGE_REGISTRY": self.images.place,
            "DAYS_TO_SELL_EVENT_LOG": f"sqlite:///{self.folder / 'deployments.db'}",
        }
        remote.deploys(["./deploy.sh"], variables)


@contextmanager
def told(what: str, report: Report) -> Iterator[None]:
    """Say how long something took."""
    began = time.monotonic()
    yield
    report(f"{what}: {time.monotonic() - began:.0f} s")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **IDENTITY}, check=True, timeout=GIT_SECONDS
    )
