"""The recipes of CONTRIBUTING, followed to the letter in a copy, end in a registered version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from days_to_sell.models import find_model, model_names
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.predictor import Predictor

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python (src/\S+)\n(.*?)^```$", CONTRIBUTING, re.MULTILINE | re.DOTALL))
LINES = re.findall(r"^```python\n(\w+\([^\n]*\),)\n```$", CONTRIBUTING, re.MULTILINE)
SPEC = "src/days_to_sell/models/days_to_sell/spec.py"
STEP_SECONDS = 560

pytestmark = pytest.mark.timeout(2 * STEP_SECONDS)


@dataclass(frozen=True)
class Project:
    """A copy of the package with a store of its own.

    Args:
        home: Folder of the copy.
    """

    home: Path

    @property
    def store(self) -> str:
        """Address of its MLflow store."""
        return f"sqlite:///{self.home / 'mlflow.db'}"

    def python(self, *arguments: str) -> str:
        """Run Python on the copy and give what it printed."""
        process = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.home,
            env=os.environ | {"PYTHONPATH": str(self.home / "src"), "MLFLOW_TRACKING_URI": self.store},
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    def train(self, folder: str, model: str, adverts: int) -> ModelPackage:
        """Write the example lake of a model folder, train on it, and fetch what was registered."""
        artifacts = (self.home / "artifacts").as_uri()
        MlflowClient(self.store).create_experiment(model, artifact_location=artifacts)
        command = ("-m", "days_to_sell.cli")
        self.python(
            *command, "data", "example", "--model", folder, "--lake", "lake", "--adverts", str(adverts)
        )
        said = self.python(*command, "train", "--model", folder, "--lake", "lake", "--training-data", "sets")
        assert f"registered {model} version 1: mleap, python_function, spark" in said
        registry = Registry(MlflowClient(self.store))
        return registry.fetch_package(registry.version(model, "1"), self.home / "package")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the package to edit."""
    shutil.copytree(
        ROOT / "src" / "days_to_sell",
        tmp_path / "src" / "days_to_sell",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return Project(tmp_path)


def edit(project: Project, pattern: str, replacement: str, count: int = 1) -> None:
    """Change the copy's spec in exactly so many places."""
    path = project.home / SPEC
    changed, found = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    assert found == count
    path.write_text(changed, encoding="utf-8")


def add_feature(project: Project, line: str) -> str:
    """Follow "Add a feature column": one line in ``features``. Gives the name of the column."""
    edit(project, r"    features=\(\n", f"    features=(\n        {line}\n")
    return re.findall(r'\w+\("(\w+)"', line)[0]


def test_the_page_has_the_recipes() -> None:
    """Two lines that each add a column, and the files of one new model folder."""
    assert len(LINES) == 2
    folders = {str(Path(path).parent) for path in FILES}
    assert len(folders) == 1
    assert {Path(path).name for path in FILES} == {
        "__init__.py",
        "spec.py",
        "training_data.py",
        "example.py",
    }
    assert Path(folders.pop()).name not in model_names()


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.partition(",")[0])
def test_each_line_adds_its_column_and_nothing_else(project: Project, line: str) -> None:
    """The raw columns of the edited spec are those of the old one and the new one."""
    column = add_feature(project, line)
    show = "from days_to_sell.models.days_to_sell.spec import SPEC; print(*[c.name for c in SPEC.columns])"
    before = [found.name for found in find_model("days_to_sell").spec.columns]
    assert column not in before
    assert sorted(project.python("-c", show).split()) == sorted([*before, column])


@pytest.mark.parts
def test_a_feature_added_by_one_line_is_trained_on_and_asked_for(project: Project) -> None:
    """The column is in training set, bundle, contract and golden data, and changes answers."""
    column = add_feature(project, LINES[0])
    # One candidate that is quick to fit is enough to see the column pass through.
    edit(project, r"(    candidates=\(\n        Candidate\.of\(\"AFT.*\n)(?: {8}.*\n)+", r"\1")
    package = project.train("days_to_sell", "days-to-sell", adverts=4_000)

    (rows,) = (project.home / "sets" / "days_to_sell").glob("*/rows")
    assert column in pq.read_schema(next(rows.glob("*.parquet"))).names
    assert column in load_bundle(package.bundle).inputs
    assert column in package.contract.names
    row = package.golden[0].input
    assert column in row
    predictor = Predictor(package)
    assert predictor.prove().passed
    small, large = predictor.predict([row | {column: 900}, row | {column: 4_000}])
    assert small != large


@pytest.mark.parts
def test_a_model_added_as_one_folder_is_found_and_trained(project: Project) -> None:
    """The four files of the page are a model: listed, generated, trained, registered and answering."""
    for path, content in FILES.items():
        file = project.home / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    folder = next(iter({Path(path).parent.name for path in FILES}))
    show = (
        "from days_to_sell.models import find_model, model_names; "
        f"print(find_model({folder!r}).spec.name, *model_names())"
    )
    model, *folders = project.python("-c", show).split()
    assert folders == sorted([*model_names(), folder])

    package = project.train(folder, model, adverts=3_000)
    assert package.model == model
    predictor = Predictor(package)
    assert predictor.prove().passed
    (answer,) = predictor.predict([package.golden[0].input])
    assert isinstance(answer, float)
