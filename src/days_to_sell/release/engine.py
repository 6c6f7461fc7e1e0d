"""The Docker engine: whether one answers, and whether it has the base image or can get it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from days_to_sell.errors import TargetError

ANSWER_SECONDS = 60
CONNECT_SECONDS = 5
PULL_SECONDS = 180


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn what the engine's client raises into our own error.

    Args:
        doing: What was asked of the engine, as in ``cannot <doing>``.
    """
    try:
        yield
    except (DockerException, requests.RequestException) as error:
        raise TargetError(f"the Docker engine cannot {doing}: {error}") from error


def connect() -> docker.DockerClient:
    """Open a client of the engine that the environment names, and see that it answers.

    Raises:
        TargetError: No engine answers.
    """
    try:
        # The version is asked for here, so that a dead socket shows at once.
        docker.from_env(version="auto", timeout=CONNECT_SECONDS).close()
        return docker.from_env(version="auto", timeout=ANSWER_SECONDS)
    except (DockerException, requests.RequestException) as error:
        raise TargetError(
            f"no Docker engine answers ({error}); start one, or name it with DOCKER_HOST"
        ) from error


def ensure_image(engine: docker.DockerClient, image: str, report: Callable[[str], None]) -> None:
    """Make sure that the engine has an image, pulling it within a bounded time where it has not.

    Raises:
        TargetError: It is not there and cannot be pulled.
    """
    with engine_errors(f"look for image {image}"):
        try:
            engine.images.get(image)
            return
        except ImageNotFound:
            report(f"pulling image {image}")
    with engine_errors(f"pull image {image}"):
        deadline = time.monotonic() + PULL_SECONDS
        for step in engine.api.pull(image, stream=True, decode=True):
            if "error" in step:
                raise DockerException(step["error"])
            if time.monotonic() > deadline:
                raise DockerException(f"not done within {PULL_SECONDS} seconds")
