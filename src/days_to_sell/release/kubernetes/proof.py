"""Proving an image on this machine's engine, before its address is written down for a cluster."""

from __future__ import annotations

from collections.abc import Mapping

import docker
from docker.models.containers import Container

from days_to_sell.errors import TargetError
from days_to_sell.release.engine import engine_errors
from days_to_sell.release.replay import replay, require
from days_to_sell.release.service import identify, wait_until_ready
from days_to_sell.release.target import Artifact

PORT, LOG_LINES = 8080, 40


def prove(
    engine: docker.DockerClient,
    artifact: Artifact,
    environment: str,
    variables: Mapping[str, str],
    *,
    seconds: float,
) -> None:
    """Run an image as the manifests do, with the settings of its environment, and replay its golden rows.

    Raises:
        TargetError: It does not get ready; the message holds its log.
        ProofError: It answers golden rows otherwise than Spark did.
    """
    with engine_errors(f"prove image {artifact.image}"):
        container = engine.containers.run(
            str(artifact.image),
            detach=True,
            environment={**variables, "PORT": str(PORT)},
            # Any port that is free.
            ports={f"{PORT}/tcp": ("127.0.0.1", 0)},
            user="10001:10001",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            mem_limit="1g",
            memswap_limit="1g",
            tmpfs={"/tmp": "rw,nosuid,nodev,size=64m"},  # noqa: S108 - the container's own
        )
        try:
            container.reload()
            published = container.ports.get(f"{PORT}/tcp")
            if not published:
                raise TargetError(f"image {artifact.image} ended at once")
            url = f"http://127.0.0.1:{published[0]['HostPort']}"
            wait_until_ready(url, seconds=seconds, running=lambda: _runs(container))
            identify(url, artifact, environment)
            require(replay(url, artifact.package.golden), f"image {artifact.image}")
        except TargetError as error:
            said = container.logs(tail=LOG_LINES).decode(errors="replace")
            raise TargetError(f"{error}; its log ends with:\n{said}") from error
        finally:
            container.remove(force=True, v=True)


def _runs(container: Container) -> bool:
    container.reload()
    return bool(container.status == "running")
