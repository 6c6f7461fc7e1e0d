"""A version trained from a lake on S3 is made again from its commit, or what has changed since is named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from days_to_sell.data.code import DIRTY
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.package import MANIFEST
from stack.s3 import S3Server
from tests.integration.conftest import upload
from tests.packages import rewrite
from tests.registered import register_folder
from tests.repositories import commit_all

ROOT = Path(__file__).parents[2]
PARTS = ("src", "mlflow_project", "requirements", "pyproject.toml", "Makefile", ".gitignore")
# The recipe of CONTRIBUTING is a whole model that is quick to fit; a test of its own proves the page.
FILES = dict(
    re.findall(
        r"^```python (src/\S+)\n(.*?)^```$",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
FOLDER = Path(next(iter(FILES))).parent.name
MODEL = "days-to-let"
STEP_SECONDS = 400
"""The first process brings Spark's S3 file system from Maven, about 280 MB."""

pytestmark = [pytest.mark.parts, pytest.mark.timeout(3 * STEP_SECONDS)]


@dataclass(frozen=True)
class Project:
    """A copy of this project in a repository of its own, with a tracking store.

    Args:
        home: Folder of the copy.
        work: Folder of everything else.
        commit: Its one commit.
        s3: The server of its lake.
    """

    home: Path
    work: Path
    commit: str
    s3: S3Server

    @property
    def client(self) -> MlflowClient:
        """A client of the tracking store."""
        return MlflowClient(f"sqlite:///{self.work / 'mlflow.db'}")

    @property
    def scratch(self) -> Path:
        """Where the project's processes put temporary files."""
        return self.work / "tmp"

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the copy's command line, standing elsewhere."""
        return subprocess.run(
            [sys.executable, "-m", "days_to_sell.cli", *arguments],
            cwd=self.work,
            env=os.environ
            | self.s3.variables
            | {
                "PYTHONPATH": str(self.home / "src"),
                "MLFLOW_TRACKING_URI": f"sqlite:///{self.work / 'mlflow.db'}",
                "TMPDIR": str(self.scratch),
            },
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """Run a command that has to succeed and give what it said."""
        ended = self.call(*arguments)
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"[-4_000:]
        return ended.stdout

    def reproduce(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Make version 1 again with the packages of this environment."""
        return self.call(
            "reproduce", MODEL, "1", "--environment", "current", "--master", "local[2]", *options
        )


@pytest.fixture(scope="module")
def project(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A committed copy with one more model, which was trained once, with all its data on S3."""
    work = tmp_path_factory.mktemp("reproduction")
    home = work / "project"
    home.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, home / part, ignore=ignored)
        else:
            shutil.copy(source, home / part)
    for path, content in FILES.items():
        file = home / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    project = Project(home, work, commit_all(home, "All of it"), s3)
    project.scratch.mkdir()
    artifacts = (work / "artifacts").as_uri()
    project.client.create_experiment(MODEL, artifact_location=artifacts)
    project.run("data", "example", "--model", FOLDER, "--lake", "lake", "--adverts", "1500")
    upload(s3, work / "lake", FOLDER)
    project.run(
        *("train", "--model", FOLDER, "--lake", f"s3a://lake/{FOLDER}", "--master", "local[2]"),
        *("--training-data", "s3a://lake/sets"),
    )
    return project


def test_the_training_set_on_s3_says_what_it_is(project: Project) -> None:
    """Its manifest, read without Spark, names lake, rows and the commit that built it."""
    found = project.s3.client.list_objects_v2(Bucket="lake", Prefix=f"sets/{FOLDER}/")["Contents"]
    (key,) = [each["Key"] for each in found if each["Key"].endswith("/manifest.json")]
    manifest = json.loads(project.s3.client.get_object(Bucket="lake", Key=key)["Body"].read())
    assert manifest["lake"] == f"s3a://lake/{FOLDER}"
    assert manifest["input_rows"] == {"flats": 1_500}
    assert manifest["code_commit"] == project.commit
    (dataset,) = _run_of_version(project).inputs.dataset_inputs
    assert json.loads(dataset.dataset.source)["path"] == f"s3a://lake/{key.removesuffix('manifest.json')}rows"


def test_a_version_is_made_again_from_its_commit(project: Project) -> None:
    """Edited since, the project at the commit gives the same golden answers; nothing more is registered."""
    spec = project.home / "src" / "days_to_sell" / "models" / FOLDER / "spec.py"
    committed = spec.read_text(encoding="utf-8")
    spec.write_text(committed.replace("(700, 1_000, 1_400)", "(600,)"), encoding="utf-8")
    try:
        made = project.reproduce()
    finally:
        spec.write_text(committed, encoding="utf-8")

    assert made.returncode == 0, f"{made.stdout}\n{made.stderr}"[-4_000:]
    lines = made.stdout.splitlines()
    assert lines[-1] == f"reproduced: {MODEL} version 1 from commit {project.commit}"
    assert "not a clean environment" in made.stdout
    table = {line.partition("  ")[0]: line for line in lines if line.endswith("  same")}
    assert {"source flats", "training rows", "chosen estimator", "contract", "golden answers"} <= table.keys()
    assert len(project.client.search_model_versions(f"name = '{MODEL}'")) == 1
    assert list(project.scratch.glob("reproduce-*")) == []
    tags = project.client.get_model_version(MODEL, "1").tags
    run = project.client.get_run(tags["reproduction.run_id"])
    assert tags["reproduction"] == run.data.tags["reproduction"] == "reproduced"
    (model,) = run.inputs.model_inputs
    assert project.client.get_model_version(MODEL, "1").source == f"models:/{model.model_id}"


def test_a_lake_that_changed_is_named_by_its_source_before_anything_is_fitted(project: Project) -> None:
    """One rent that differs: the table says where, the verdict and the exit code say that it failed."""
    bucket, prefix = "lake", f"{FOLDER}/flats/"
    (listed,) = project.s3.client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    content = project.s3.client.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
    head, first, *rest = content.decode().splitlines()
    changed = first.rpartition(",")[0] + ",1234"
    assert changed != first
    _put(project, bucket, listed["Key"], "\n".join((head, changed, *rest)).encode())
    try:
        made = project.reproduce("--keep")
    finally:
        _put(project, bucket, listed["Key"], content)

    assert made.returncode == 1, made.stderr
    lines = made.stdout.splitlines()
    assert lines[-1] == f"NOT reproduced: {MODEL} version 1 differs in source flats, training rows"
    (source,) = [line for line in lines if line.startswith("source flats")]
    assert source.count("1,500 rows") == 2
    assert source.endswith("DIFFERS")
    assert "[5/5]" not in made.stdout
    (kept,) = project.scratch.glob("reproduce-*")
    assert f"kept: {kept}" in lines
    assert (kept / "project" / ".git").exists()
    shutil.rmtree(kept)


def test_a_version_of_code_that_was_never_committed_is_refused(project: Project) -> None:
    """A package that says so is refused with the way out, before anything is checked out."""
    registry = Registry(project.client)
    home = project.work / "edited"
    package = registry.fetch_package(registry.version(MODEL, "1"), home / MODEL_DATA_SUBPATH)
    marked = project.commit + DIRTY
    rewrite(package.root, MANIFEST, lambda text: text.replace(project.commit, marked))
    edited = register_folder(project.client, MODEL, home)

    refused = project.call("reproduce", MODEL, edited, "--environment", "current")

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(
        f"error: the version was trained by code that differed from commit {project.commit}, "
    )
    assert "[2/5]" not in refused.stdout
    assert list(project.scratch.glob("reproduce-*")) == []


def _run_of_version(project: Project) -> Run:
    return project.client.get_run(project.client.get_model_version(MODEL, "1").run_id)


def _put(project: Project, bucket: str, key: str, content: bytes) -> None:
    project.s3.client.put_object(Bucket=bucket, Key=key, Body=content)
