"""A scoring service as its clients see it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from days_to_sell.errors import TargetError
from days_to_sell.release.service import answering, identify, service_environment, wait_until_ready
from days_to_sell.release.target import Artifact
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.settings import Settings
from serving.app import create_app
from stack.ports import free_port
from tests.packages import make_package, rewrite


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A package whose golden data its bundle does not meet, so that a service of it is never ready."""
    return rewrite(
        make_package(tmp_path / "package").root,
        "golden.jsonl",
        lambda text: text.replace('"days": 4', '"days": 9', 1),
    )


@pytest.fixture
def url(package: ModelPackage) -> Iterator[str]:
    """Address of a service of version 3 in preprod."""
    app = create_app(package, Settings(environment="preprod", model_version="3"))
    server = make_server("127.0.0.1", free_port(), app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_that_stays_unready_tells_why(url: str) -> None:
    """The last answer of the service stands in the error."""
    with pytest.raises(TargetError, match=r"not ready within 0\.2 seconds \(HTTP 503: .*golden rows"):
        wait_until_ready(url, seconds=0.2, running=lambda: True)


def test_a_service_that_ended_is_not_waited_for() -> None:
    """Where nothing runs any more, nothing will get ready."""
    with pytest.raises(TargetError, match="ended before it was ready"):
        wait_until_ready(f"http://127.0.0.1:{free_port()}", seconds=600, running=lambda: False)


def test_the_deployed_artifact_is_recognised(url: str, package: ModelPackage) -> None:
    """Model, version, digest and environment are what was deployed."""
    assert identify(url, Artifact(package, "3"), "preprod") == answering(url)


@pytest.mark.parametrize(("version", "environment"), [("4", "preprod"), ("3", "production")])
def test_another_answer_than_the_deployed_artifact_is_refused(
    url: str, package: ModelPackage, version: str, environment: str
) -> None:
    """A port may be answered by what should have gone; the message names both."""
    with pytest.raises(
        TargetError, match=r"should serve .* but tiny-model version 3 \(preprod\) with package"
    ):
        identify(url, Artifact(package, version), environment)


def test_a_silent_port_is_no_deployment(package: ModelPackage) -> None:
    """Nothing answers, so nothing serves."""
    url = f"http://127.0.0.1:{free_port()}"
    assert answering(url) is None
    with pytest.raises(TargetError, match="GET /version has no answer"):
        identify(url, Artifact(package, "3"), "preprod")


def test_both_targets_give_the_service_the_same_limits(package: ModelPackage) -> None:
    """What the service is given reads back as the settings it came from."""
    limits = Settings(max_rows=7, max_body_bytes=70, allow_unknown_fields=True, jvm_options="-Xmx1g -Xss1m")
    artifact = Artifact(package, "3", engine="jvm")
    read = Settings.from_env(service_environment(limits, artifact, "preprod"))
    assert (read.engine, read.jvm_options) == ("jvm", "-Xmx1g -Xss1m")
    assert (read.model_version, read.environment) == ("3", "preprod")
    assert (read.max_rows, read.max_body_bytes, read.allow_unknown_fields) == (7, 70, True)
