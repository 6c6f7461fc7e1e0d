"""What a session is told, by where it runs."""

from __future__ import annotations

import re

import pytest

from days_to_sell.settings import Settings
from days_to_sell.training.spark.launch import session_options

HERE = {"spark.driver.host", "spark.driver.bindAddress"}
OF_THE_OWNER = {"spark.ui.enabled", "spark.sql.shuffle.partitions"}


@pytest.mark.parametrize(
    "master", ["local", "local[*]", "spark://127.0.0.1:7077", "spark://localhost:1,127.0.0.1:2"]
)
def test_a_driver_of_this_machine_alone_is_reached_by_loopback(master: str) -> None:
    """Whatever the machine's name resolves to."""
    assert {name: session_options(master, Settings())[name] for name in HERE} == dict.fromkeys(
        HERE, "127.0.0.1"
    )


@pytest.mark.parametrize(
    "master",
    ["spark://cluster:7077", "spark://127.0.0.1:1,cluster:2", "yarn", "k8s://https://127.0.0.1:6443", ""],
)
def test_a_driver_of_a_cluster_is_reached_by_its_name(master: str) -> None:
    """Executors of other machines would look for it on their own."""
    assert not HERE & session_options(master, Settings()).keys()


@pytest.mark.parametrize(("master", "ours"), [("local[2]", OF_THE_OWNER), ("spark://127.0.0.1:7077", set())])
def test_a_cluster_keeps_what_its_owner_chose(master: str, ours: set[str]) -> None:
    """Pages and shuffles are set on one machine alone."""
    assert OF_THE_OWNER & session_options(master, Settings()).keys() == ours


def test_keys_are_no_settings_and_would_be_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark shows its settings; those of S3 say where it is, and each name of a key is hidden."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret")
    options = session_options("spark://cluster:7077", Settings(s3_endpoint="http://s3"))
    assert options["spark.hadoop.fs.s3a.endpoint"] == "http://s3"
    assert not {"the-key", "the-secret"} & {*options.values()}
    hidden = re.compile(options["spark.redaction.regex"])
    names = ("access.key", "secret.key", "session.token", "awsAccessKeyId", "awsSecretAccessKey")
    assert all(hidden.search(f"fs.s3a.{name}") for name in names)
