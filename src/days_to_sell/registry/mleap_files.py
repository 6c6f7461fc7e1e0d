"""What lies beside the bundle in the directory of an MLeap model: environment, and code that scores it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.utils.environment import (
    _CONDA_ENV_FILE_NAME,
    _CONSTRAINTS_FILE_NAME,
    _PYTHON_ENV_FILE_NAME,
    _REQUIREMENTS_FILE_NAME,
    _process_conda_env,
    _process_pip_requirements,
    _PythonEnv,
)
from mlflow.utils.yaml_utils import write_yaml

import days_to_sell

# What travels with the model: the parts of this package that loading and scoring need.
TRAVELS = (
    "__init__.py",
    "errors.py",
    "py.typed",
    "spec",
    "scoring",
    "registry/__init__.py",
    "registry/mleap_flavor.py",
    "registry/mleap_pyfunc.py",
)


@dataclass(frozen=True)
class Environment:
    """What has to be installed where a model is loaded.

    Args:
        conda: The conda environment, as MLflow writes it.
        requirements: Lines for pip.
        constraints: Constraints for pip.
    """

    conda: dict[str, Any]
    requirements: list[str]
    constraints: list[str]


def make_environment(
    default: list[str], conda_env: Any, pip_requirements: Any, extra_pip_requirements: Any
) -> Environment:
    """Make the environment of a model from what its caller says, as MLflow's own flavours do."""
    if conda_env is not None:
        return Environment(*_process_conda_env(conda_env))
    return Environment(*_process_pip_requirements(default, pip_requirements, extra_pip_requirements))


def write_environment(home: Path, environment: Environment) -> None:
    """Write an environment into the directory of a model, over what another flavour wrote."""
    write_yaml(str(home), _CONDA_ENV_FILE_NAME, environment.conda, overwrite=True)
    if environment.constraints:
        (home / _CONSTRAINTS_FILE_NAME).write_text("\n".join(environment.constraints), encoding="utf-8")
    (home / _REQUIREMENTS_FILE_NAME).write_text("\n".join(environment.requirements), encoding="utf-8")
    _PythonEnv.current().to_yaml(str(home / _PYTHON_ENV_FILE_NAME))


def copy_code(target: Path) -> None:
    """Copy the code that travels into a directory that MLflow puts on the path."""
    home = Path(days_to_sell.__file__).parent
    for part in TRAVELS:
        source, copy = home / part, target / home.name / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copyfile(source, copy)
