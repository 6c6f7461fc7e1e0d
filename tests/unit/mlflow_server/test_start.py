"""The script that starts MLflow for a team refuses by name what would not hold, and shows no secret."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.ports import free_port

SCRIPT = Path(__file__).parents[3] / "mlflow_server" / "start.sh"
SECRET = "0123456789abcdef0123456789abcdef"
SOUND = {
    "MLFLOW_DATABASE": "postgresql://mlflow@127.0.0.1/mlflow",
    "MLFLOW_ARTIFACTS": "s3://models/mlflow",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": SECRET,
}


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script in an environment that has only this."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ.get("HOME", "")} | SOUND | variables
    chosen = {name: value for name, value in environment.items() if value != "-"}
    return subprocess.run(
        [str(SCRIPT), *arguments], env=chosen, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_names_every_variable_that_the_script_reads() -> None:
    """Also what may be in a file."""
    told = start("--help")
    assert told.returncode == 0
    for name in (*SOUND, "PGPASSWORD_FILE", "MLFLOW_SERVER_ALLOWED_HOSTS", "DAYS_TO_SELL_OVERRIDE_USERS"):
        assert name in told.stdout
    assert start("--unknown").returncode == 2


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"MLFLOW_DATABASE": "-"}, "MLFLOW_DATABASE is not set; set it to postgresql://USER@HOST/DATABASE"),
        ({"MLFLOW_DATABASE": "sqlite:///mlflow.db"}, "MLFLOW_DATABASE is no address of PostgreSQL"),
        ({"MLFLOW_DATABASE": "dts+postgresql://db/mlflow"}, "without dts+"),
        (
            {"MLFLOW_DATABASE": f"postgresql://mlflow:{SECRET}@db/mlflow"},
            "MLFLOW_DATABASE holds a password, which ps would show",
        ),
        ({"MLFLOW_ARTIFACTS": "-"}, "MLFLOW_ARTIFACTS is not set"),
        ({"MLFLOW_ARTIFACTS": "models"}, "MLFLOW_ARTIFACTS is 'models'; write s3://BUCKET/PREFIX"),
        ({"MLFLOW_FLASK_SERVER_SECRET_KEY": "-"}, "MLFLOW_FLASK_SERVER_SECRET_KEY is not set"),
        ({"MLFLOW_FLASK_SERVER_SECRET_KEY": "short"}, "is shorter than 32 characters"),
        ({"MLFLOW_HOST": "0.0.0.0"}, "MLFLOW_SERVER_ALLOWED_HOSTS is not set"),  # noqa: S104 - refused
        ({"MLFLOW_WORKERS": "many"}, "MLFLOW_WORKERS is 'many'"),
        ({"MLFLOW_DEFAULT_PERMISSION": "ALL"}, "MLFLOW_DEFAULT_PERMISSION is 'ALL'; set it to READ, USE"),
        (
            {"MLFLOW_LOGIN_CACHE_SECONDS": "-1"},
            "MLFLOW_LOGIN_CACHE_SECONDS is '-1'; set it to a",
        ),
        ({"PATH": "/usr/bin:/bin"}, "is not on PATH; activate the environment"),
    ],
)
def test_what_would_not_hold_is_refused_by_name(variables: dict[str, str], said: str) -> None:
    """Before anything is asked or made."""
    ended = start(**variables)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr


def test_a_secret_comes_from_a_file_or_a_variable_and_not_from_both(tmp_path: Path) -> None:
    """A file that is empty or not there is named; its content is not."""
    empty, whole = tmp_path / "empty", tmp_path / "whole"
    empty.touch()
    whole.write_text(SECRET)
    name = "MLFLOW_FLASK_SERVER_SECRET_KEY"
    both = start(**{f"{name}_FILE": str(whole)})
    assert f"{name} and {name}_FILE are both set; unset one" in both.stderr
    for path, said in ((empty, "which is empty"), (tmp_path / "absent", "which cannot be read")):
        ended = start(**{name: "-", f"{name}_FILE": str(path)})
        assert (ended.returncode, f"{name}_FILE names {path}, {said}" in ended.stderr) == (1, True)
    taken = start(**{name: "-", f"{name}_FILE": str(whole), "MLFLOW_WORKERS": "0"})
    assert "MLFLOW_WORKERS is '0'" in taken.stderr


def test_artifacts_that_cannot_be_listed_keep_it_from_starting() -> None:
    """Else the first training would be what tells."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
    ended = start("--check", **keys, MLFLOW_S3_ENDPOINT_URL=endpoint)
    assert ended.returncode == 1
    assert "start.sh: MLFLOW_ARTIFACTS cannot be listed" in ended.stderr
    assert "look at the bucket, AWS_ACCESS_KEY_ID" in ended.stderr
    assert SECRET not in ended.stderr


@pytest.mark.parametrize(("variables", "seconds"), [({}, 30), ({"MLFLOW_LOGIN_CACHE_SECONDS": "0"}, 0)])
def test_a_right_password_is_computed_again_after_a_while(
    variables: dict[str, str], seconds: int, tmp_path: Path
) -> None:
    """MLflow's own default computes it at each request; what it reads is shown by a program in its place."""
    for name, content in (("mlflow", 'cat "$MLFLOW_AUTH_CONFIG_PATH"'), ("days-to-sell", ""), ("python", "")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
        program.chmod(0o755)
    told = start(**variables, PATH=f"{tmp_path}:/usr/bin:/bin")
    read = configparser.ConfigParser()
    read.read_string(told.stdout)
    assert read.getint("mlflow", "auth_cache_ttl_seconds") == seconds, told.stderr
    assert read["mlflow"]["database_uri"] == SOUND["MLFLOW_DATABASE"]
