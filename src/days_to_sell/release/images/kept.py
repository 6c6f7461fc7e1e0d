"""Images of released versions that the engine keeps."""

from __future__ import annotations

from dataclasses import dataclass

import docker

from days_to_sell.release.engine import engine_errors
from days_to_sell.release.images import labels


@dataclass(frozen=True)
class KeptImage:
    """An image of a version, under all of its names.

    Args:
        id: The engine's name of it.
        names: Names and tags, those for an image registry too.
    """

    id: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Name it as people know it."""
        return self.names[0] if self.names else self.id


def images_of(engine: docker.DockerClient, model: str, version: str, digest: str) -> tuple[KeptImage, ...]:
    """Find the images of a package that no container runs from, by what they say of themselves.

    Raises:
        TargetError: The engine does not answer.
    """
    said = {labels.MODEL: model, labels.MODEL_VERSION: version, labels.PACKAGE_DIGEST: digest}
    with engine_errors(f"list the images of {model} version {version}"):
        found = engine.images.list(filters={"label": [f"{name}={value}" for name, value in said.items()]})
        # Also what is stopped: it may be started again.
        containers = engine.containers.list(all=True, ignore_removed=True)
    used = {container.attrs["Image"] for container in containers}
    return tuple(KeptImage(str(each.id), tuple(sorted(each.tags))) for each in found if each.id not in used)


def drop_image(engine: docker.DockerClient, image: KeptImage) -> None:
    """Remove an image under all of its names; layers that others share stay.

    Raises:
        TargetError: The engine does not let go of it.
    """
    with engine_errors(f"remove image {image}"):
        for name in image.names or (image.id,):
            engine.images.remove(name)
