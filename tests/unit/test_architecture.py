"""The rooms stay apart: the contracts hold, and each one notices when it is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("src/days_to_sell", "serving", "mlflow_project", "bench", "chaos", "stack")
PACKAGES = tuple(ROOT / room for room in ROOMS)
MODULES = sorted(module for package in PACKAGES for module in package.rglob("*.py"))
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
]
LONGEST = 400
NAMELESS = {"utils", "helpers", "common", "manager", "base"}
LINT_SECONDS = 120


@dataclass(frozen=True)
class Breach:
    """An import that a contract forbids.

    Args:
        contract: How the contract's name begins.
        module: Where the import is put.
        line: The import.
    """

    contract: str
    module: str
    line: str


BREACHES = (
    Breach(
        "Training goes one way",
        "src/days_to_sell/training/preparing/folds.py",
        "import days_to_sell.training.fitting.fit",
    ),
    Breach(
        "Imports go one way", "src/days_to_sell/spec/columns.py", "import days_to_sell.training.fitting.fit"
    ),
    Breach("Imports go one way", "src/days_to_sell/data/lake.py", "import days_to_sell.registry.publish"),
    Breach(
        "A release goes one way",
        "src/days_to_sell/release/images/places.py",
        "import days_to_sell.release.docker.target",
    ),
    Breach("The service, the", "serving/app.py", "import mlflow_project.train"),
    Breach("The service, the", "mlflow_project/train.py", "import bench.part"),
    Breach("The service, the", "chaos/plan.py", "import bench.part"),
    Breach("The service, the", "stack/program.py", "import chaos.plan"),
    Breach("Scoring stands on the spec", "src/days_to_sell/scoring/derive.py", "import pyspark"),
    Breach("Scoring stands on the spec", "src/days_to_sell/scoring/bundle.py", "import pandas"),
    Breach("Single rows are scored without NumPy", "src/days_to_sell/scoring/rows/writer.py", "import numpy"),
    Breach("Spark, MLflow, pandas and py4j", "serving/edge.py", "import pandas"),
    Breach(
        "The flavour can leave home",
        "src/days_to_sell/registry/mleap_flavor.py",
        "from days_to_sell.settings import Settings",
    ),
    Breach("DAGs shell out", "mlflow_project/dags/commands.py", "import mlflow"),
    Breach("The spec is pure", "src/days_to_sell/spec/contract.py", "import numpy"),
)


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a tree as ``make lint`` does."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])},
        capture_output=True,
        text=True,
        timeout=LINT_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree; who breaks a file of it puts the file back."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", root)
    for package in PACKAGES:
        shutil.copytree(
            package, root / package.relative_to(ROOT), ignore=shutil.ignore_patterns("__pycache__")
        )
    return root


def test_the_contracts_hold(copy: Path) -> None:
    """Every contract is kept in the tree as it is."""
    checked = lint_imports(copy)
    assert checked.returncode == 0, checked.stdout
    assert [name for name in CONTRACTS if not _says(checked, name, "KEPT")] == []


def test_every_contract_has_a_breach_to_prove_it() -> None:
    """A contract that nothing here breaks might not work."""
    unproven = [name for name in CONTRACTS if not any(name.startswith(b.contract) for b in BREACHES)]
    assert unproven == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: f"{breach.module}: {breach.line}")
def test_a_breach_is_noticed_by_its_contract(copy: Path, breach: Breach) -> None:
    """The sown import breaks the contract that is for it, and the linter names both."""
    module = copy / breach.module
    sound = module.read_text(encoding="utf-8")
    module.write_text(f"{sound}\n{breach.line}\n", encoding="utf-8")
    try:
        checked = lint_imports(copy)
    finally:
        module.write_text(sound, encoding="utf-8")
    assert checked.returncode == 1, checked.stdout
    name = next(name for name in CONTRACTS if name.startswith(breach.contract))
    assert _says(checked, name, "BROKEN"), checked.stdout


def _says(checked: subprocess.CompletedProcess[str], contract: str, verdict: str) -> bool:
    # The linter pads names to a width, and leaves no blank after one that fills it.
    line = rf"^{re.escape(contract)}\s*{verdict}( \(.* ignored imports?\))?$"
    return re.search(line, checked.stdout, re.MULTILINE) is not None


def test_every_folder_with_modules_is_a_package() -> None:
    """Without ``__init__.py`` a folder is not linted; a folder of data holds no module at all."""
    folders = {module.parent for module in MODULES}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []
    data = [
        folder
        for package in PACKAGES
        for name in ("reference", "mleap_conf")
        for folder in package.rglob(name)
    ]
    assert len(data) >= 2
    assert [str(folder) for folder in data if list(folder.rglob("*.py"))] == []


def test_no_module_is_longer_than_a_room() -> None:
    """Source and tests alike: a file that outgrows the limit becomes a folder with a name."""
    files = [*MODULES, *(ROOT / "tests").rglob("*.py")]
    lengths = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_every_module_is_named_for_what_it_does() -> None:
    """A module for everything is one that nobody finds anything in."""
    named = {module: {part.lower() for part in module.with_suffix("").parts} for module in MODULES}
    assert [str(module) for module, parts in named.items() if parts & NAMELESS] == []


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("needs git and a clone: only tracked files are looked at")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


# Put together from halves, so that this file does not hold what it looks for.
FORBIDDEN = {
    "address of a package registry": [
        "".join(halves)
        for halves in (
            ("pypi", r"\.org"),
            ("python", r"hosted\.org"),
            ("repo1?", r"\.maven\.(org|apache\.org)"),
            ("proxy", r"\.golang\.org"),
            ("registry-1", r"\.docker\.io"),
            ("deb", r"\.debian\.org"),
            ("index", r"-url[ =]*https?:"),
        )
    ],
    "path of one machine": [
        "".join(halves)
        for halves in (
            (r"(?<![\w.])/wo", r"rk/\w"),
            (r"(?<![\w.])/ro", r"ot/\w"),
            (r"(?<![\w.])/ho", r"me/\w"),
            (r"(?<![\w.])/Us", r"ers/\w"),
            (r"\bC:\\", r"\\?Users"),
        )
    ],
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names_a_place_that_only_some_have(what: str) -> None:
    """Where packages come from and where things lie is up to the machine that the project runs on."""
    forbidden = re.compile("|".join(FORBIDDEN[what]))
    found = []
    for file in _tracked():
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            continue
        found += [
            f"{file.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if forbidden.search(line)
        ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("address of a package registry", "https://" + "pypi" + ".org/simple"),
        ("address of a package registry", "https://repo" + "1.maven" + ".org/maven2"),
        ("path of one machine", "cd /ho" + "me/someone/project"),
        ("path of one machine", "HOME=/ro" + "ot/cache"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, text: str) -> None:
    """A search that finds nothing anywhere would prove nothing."""
    assert re.search("|".join(FORBIDDEN[what]), text)
