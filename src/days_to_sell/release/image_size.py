"""What an image weighs, by the parts that somebody can act upon: its base, each distribution, the model.

Layers would say less: everything that is installed lies in one. So the files are counted where they are, by a
container of the image itself that runs this very module.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from days_to_sell.errors import TargetError

if TYPE_CHECKING:
    # In the image there is no client of the engine.
    import docker

MEGABYTE = 1e6
SHOWN = 5


@dataclass(frozen=True)
class ImageSize:
    """Bytes of an image.

    Args:
        total: All of it.
        parts: Base, distributions and folders; what the image holds beside them is left over.
    """

    total: int
    parts: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one line, the largest parts first."""
        ranked = sorted(self.parts.items(), key=lambda part: -part[1])[:SHOWN]
        rest = self.total - sum(size for _, size in ranked)
        named = [f"{name} {_megabytes(size)}" for name, size in ranked]
        return f"{_megabytes(self.total)} MB: " + ", ".join([*named, f"the rest {_megabytes(rest)}"])


def image_size(engine: docker.DockerClient, image: str, base: str) -> ImageSize:
    """Weigh an image with its base, whose bytes it shares with all that is built on it.

    Args:
        engine: Client of the engine.
        image: Name of the image.
        base: Name of its base image.

    Raises:
        TargetError: The image does not tell what it holds.
    """
    said = engine.containers.run(
        image,
        ["python", "-m", __name__],
        remove=True,
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
    )
    try:
        parts = {str(name): int(size) for name, size in json.loads(said).items()}
    except ValueError as error:
        raise TargetError(f"image {image} does not tell what it holds: {said[:200]!r}") from error
    total, below = (int(engine.images.get(name).attrs["Size"]) for name in (image, base))
    return ImageSize(total, {"base": below, **parts})


def parts_of(service: Path, code: Path) -> dict[str, int]:
    """Count the bytes of what an image adds to its base.

    Args:
        service: Folder of the environment.
        code: Folder of the service and its model package.
    """
    sizes: Counter[str] = Counter()
    (packages,) = service.glob("lib/python3*/site-packages")
    for folder in (packages, code):
        owners = _owners(folder)
        for path in folder.iterdir():
            sizes[owners.get(path.name, path.name)] += _bytes(path)
    jars = service / "jvm" / "jars"
    if jars.exists():
        sizes["MLeap's jars"] += _bytes(jars)
    return dict(sizes)


def _owners(packages: Path) -> dict[str, str]:
    """Tell which distribution each entry of a folder of packages belongs to."""
    owners: dict[str, str] = {}
    for found in distributions(path=[str(packages)]):
        for file in found.files or ():
            owners.setdefault(file.parts[0], str(found.metadata["Name"]).lower())
    return owners


def _bytes(path: Path) -> int:
    return sum(each.lstat().st_size for each in _files(path))


def _files(path: Path) -> Iterable[Path]:
    if not path.is_dir() or path.is_symlink():
        return (path,)
    return (Path(folder) / name for folder, _, names in os.walk(path) for name in names)


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(parts_of(Path(sys.prefix), Path("/srv"))) + "\n")
