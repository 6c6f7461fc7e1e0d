"""Which target serves: a Docker engine where one is to be had, else a local process."""

from __future__ import annotations

from typing import Literal

from days_to_sell.errors import TargetError
from days_to_sell.release.docker.target import DockerTarget
from days_to_sell.release.engine import connect, ensure_image
from days_to_sell.release.process.target import ProcessTarget
from days_to_sell.release.site import Site
from days_to_sell.release.target import Deployment, Target

Choice = Literal["auto", "docker", "process"]


def choose_target(choice: Choice, site: Site, published: str = "") -> tuple[Target, str]:
    """Choose where to deploy.

    Args:
        choice: ``docker``, ``process``, or ``auto``: Docker where its engine answers and has the images of
            base and proxy or can pull them, else a process.
        site: What the target stands on.
        published: Address by digest of the image that a container is to run; built here where empty.

    Returns:
        The target, and the reason for it, to be told to people.

    Raises:
        TargetError: Docker was asked for and cannot be had.
    """
    if choice == "process":
        return ProcessTarget(site), "serving as a local process, as asked"
    try:
        engine = connect()
        ensure_image(engine, site.settings.base_image, site.report)
        ensure_image(engine, site.settings.proxy_image, site.report)
    except TargetError as error:
        if choice == "docker":
            raise
        return ProcessTarget(site), f"serving as a local process, not as a container: {error}"
    images = f"base image {site.settings.base_image} and proxy {site.settings.proxy_image}"
    reason = f"serving as a container: the Docker engine has {images}"
    return DockerTarget(engine, site, published), reason


def stop_all(site: Site) -> tuple[Deployment, ...]:
    """End everything that was started from the site's workspace, by either target.

    Raises:
        TargetError: A process or container does not end.
    """
    ended = ProcessTarget(site).stop()
    try:
        engine = connect()
    except TargetError:
        # Without an engine no container runs.
        return ended
    return ended + DockerTarget(engine, site).stop()
