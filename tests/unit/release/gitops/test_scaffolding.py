"""What a deployment repository starts with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from days_to_sell.cli.deployment import deployment
from days_to_sell.release.gitops.scaffolding import write_scaffold

FAKE = """#!/bin/sh
echo "$@" >>"$CALLS"
case "$*" in *bad*) exit 4 ;; esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository's work tree with the scaffold, and two models."""
    write_scaffold(tmp_path / "deployments")
    for name in ("bad", "cars", "vans"):
        (tmp_path / "deployments" / "models" / f"{name}.json").write_text("{}", encoding="utf-8")
    return tmp_path / "deployments"


def deploy(folder: Path, *arguments: str, **variables: str) -> tuple[int, str, list[str]]:
    """Run the script with a days-to-sell that only writes down what it is asked."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "days-to-sell").write_text(FAKE, encoding="utf-8")
    (programs / "days-to-sell").chmod(0o755)
    calls = folder.parent / "calls"
    calls.unlink(missing_ok=True)
    done = subprocess.run(
        ["./deploy.sh", *arguments],
        cwd=folder,
        env={**os.environ, **variables, "CALLS": str(calls), "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    asked = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    return done.returncode, done.stdout, [line.replace(str(folder), ".") for line in asked]


def test_the_script_ends_at_the_first_that_fails_with_its_code(folder: Path) -> None:
    """What comes after it is not deployed on a broken platform."""
    assert deploy(folder)[::2] == (4, ["deployment apply ./models/bad.json"])
    code, _, asked = deploy(folder, "models/cars.json", "models/vans.json")
    assert (code, asked) == (0, [f"deployment apply models/{name}.json" for name in ("cars", "vans")])


def test_options_of_all_and_of_one_model_are_passed_on(folder: Path) -> None:
    """As words of the call, those of the model last."""
    (folder / "models" / "vans.options").write_text("--port 8090 --preprod-port 8091\n", encoding="utf-8")
    asked = deploy(folder, "models/vans.json", DEPLOY_OPTIONS="--target docker")[2]
    assert asked == ["deployment apply models/vans.json --target docker --port 8090 --preprod-port 8091"]


def test_help_and_an_empty_repository_end_well(folder: Path) -> None:
    """Neither calls anything."""
    code, said, asked = deploy(folder, "--help")
    assert (code, asked) == (0, [])
    assert "Usage: ./deploy.sh [FILE...]" in said
    assert deploy(folder, "--no-such")[0] == 2
    for file in (folder / "models").glob("*.json"):
        file.unlink()
    assert deploy(folder) == (0, "deploy.sh: models/ says nothing yet\n", [])


def test_the_workflow_deploys_one_at_a_time_from_the_newest_commit(folder: Path) -> None:
    """Deployments do not overlap, none is cut off, production is protected, and it may only read."""
    written = yaml.safe_load((folder / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))
    job = written["jobs"]["deploy"]
    assert written["concurrency"] == {"group": "deploy", "cancel-in-progress": False}
    assert written["permissions"] == {"contents": "read"}
    assert job["environment"] == "production"
    assert job["steps"][0]["with"] == {"ref": "main", "persist-credentials": False}
    assert job["steps"][1]["run"] == "./deploy.sh"


def test_the_commands_that_the_scaffold_names_exist(folder: Path) -> None:
    """With the options that the workflow and the page give them."""
    apply = deployment.commands["apply"]
    known = {option for each in apply.params if isinstance(each, click.Option) for option in each.opts}
    assert {"--target", "--workspace", "--port", "--preprod-port"} <= known
    assert {"commit", "status"} <= set(deployment.commands)


def test_what_is_there_stays(folder: Path) -> None:
    """A scaffold written again changes nothing that a team made its own."""
    (folder / "deploy.sh").write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(deployment, ["init", str(folder)])
    assert done.exit_code == 0
    assert "has all of it already" in done.output
    assert (folder / "deploy.sh").read_text(encoding="utf-8") == "mine"
