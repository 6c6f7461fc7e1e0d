"""The compose file: no secret in it, no default password, nothing open that need not be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[3] / "mlflow_server"
ROOT = FOLDER.parent
COMPOSE = FOLDER / "compose.yaml"
WORDS = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = WORDS["services"]
START = (FOLDER / "start.sh").read_text(encoding="utf-8")


def test_every_secret_is_a_file_and_none_has_a_default() -> None:
    """A variable that holds a secret appears only as the path of a file."""
    assert all(set(secret) == {"file"} for secret in WORDS["secrets"].values())
    for service in SERVICES.values():
        assert set(service["secrets"]) <= set(WORDS["secrets"])
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY", name):
                assert name.endswith("_FILE"), name
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_what_mlflow_is_given_is_what_the_script_reads() -> None:
    """A variable that nobody reads would be a setting without effect."""
    given = SERVICES["mlflow"]["environment"]
    for name in given:
        assert re.search(rf"\b{name.removesuffix('_FILE')}\b", START), name
    assert given["MLFLOW_SERVER_ALLOWED_HOSTS"].startswith("${MLFLOW_SERVER_ALLOWED_HOSTS:?")


def test_only_mlflow_is_reached_and_only_from_this_machine() -> None:
    """A proxy with TLS stands before it."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["mlflow"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["mlflow"]["ports"])
    assert WORDS["networks"]["inside"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("database", "s3")] == [["inside"]] * 2


def test_every_service_is_watched_comes_back_and_keeps_what_it_writes() -> None:
    """MLflow waits until the others are healthy; their data are in volumes with names."""
    for service in SERVICES.values():
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["retries"]
    waits = SERVICES["mlflow"]["depends_on"]
    assert waits == {name: {"condition": "service_healthy"} for name in ("database", "s3")}
    assert {mount.split(":")[0] for name in ("database", "s3") for mount in SERVICES[name]["volumes"]} == set(
        WORDS["volumes"]
    )


def test_every_image_names_its_version_and_no_host() -> None:
    """``latest`` would be another one tomorrow; what is built here has no version but the code's."""
    pinned = re.compile(r"\$\{\w+:-[a-z/]+:[\w.-]*\d[\w.-]*\}")
    assert all(pinned.fullmatch(service["image"]) for name, service in SERVICES.items() if name != "mlflow")
    build = SERVICES["mlflow"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


def test_the_image_is_made_of_files_that_are_there_and_of_nothing_else() -> None:
    """What the Dockerfile copies is what its ignore file lets through."""
    lines = (FOLDER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    let_through = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied == {line[1:] for line in let_through if line.startswith("!")}
    assert all((ROOT / path).exists() for path in copied)
