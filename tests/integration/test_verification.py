"""An image of a real engine, saved by it and verified from its bytes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.verification.images import check_image
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from tests.packages import make_package, rewrite
from tests.unit.release.verification.images import SBOM, Image

pytestmark = pytest.mark.parts
Build = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A package whose chain has no gap."""
    made = make_package(tmp_path / "context" / "package")
    said = '"training_data": "' + "d" * 64 + '", "run_id"'
    return rewrite(made.root, MANIFEST, lambda text: text.replace('"run_id"', said))


@pytest.fixture
def build(engine: docker.DockerClient, package: ModelPackage) -> Iterator[Build]:
    """Build an image that holds the package and nothing else, with more lines in its Dockerfile."""
    built: list[str] = []
    context = package.root.parent
    (context / "sbom.cdx.json").write_bytes(SBOM)

    def make(*more: str) -> str:
        image = Image(package.root)
        lines = ["FROM scratch", "COPY sbom.cdx.json /srv/", "COPY package /srv/package"]
        lines += [f'LABEL {name}="{value}"' for name, value in image.labels.items()]
        lines += [f'ENV {name}="{value}"' for name, value in image.variables.items()]
        (context / "Dockerfile").write_text("\n".join((*lines, *more, "")), encoding="utf-8")
        built.append(f"days-to-sell-verified:{uuid.uuid4().hex[:12]}")
        engine.images.build(path=str(context), tag=built[-1], rm=True, forcerm=True)
        return built[-1]

    yield make
    for name in built:
        engine.images.remove(name, force=True)


def test_an_image_is_verified_as_the_engine_hands_it_on(
    engine: docker.DockerClient, build: Build, package: ModelPackage
) -> None:
    """Labels, variables, layers and package agree; the package digest comes from the bytes."""
    checks = check_image(engine, build(), None)
    assert [check for check in checks if not check.holds] == []
    assert package.digest in {check.found for check in checks}


def test_a_later_layer_over_the_package_is_found(
    engine: docker.DockerClient, build: Build, package: ModelPackage
) -> None:
    """The image's labels stay those of the package below."""
    (package.root.parent / "bundle.zip").write_bytes(b"another model")
    name = build("COPY bundle.zip /srv/package/bundle.zip")
    assert {check.subject for check in check_image(engine, name, None) if not check.holds} == {"bundle.zip"}


def test_an_image_that_is_not_there_is_one_message(engine: docker.DockerClient) -> None:
    """It may have been meant as a folder or a file."""
    with pytest.raises(TargetError, match="is no folder, no file, and no image"):
        check_image(engine, f"days-to-sell-nowhere:{uuid.uuid4().hex[:12]}", None)
