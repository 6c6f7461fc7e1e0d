"""What an image is called, built on and labelled with."""

from __future__ import annotations

from pathlib import Path

import pytest

from days_to_sell.release.images.base_image import BaseImage, digest_of
from days_to_sell.release.images.order import Order
from tests.packages import make_package

HERE = BaseImage("base:bookworm", "sha256:aa", "", "amd64")
PUBLISHED = BaseImage("python:3.11", "sha256:aa", "python@sha256:bb", "amd64")


@pytest.mark.parametrize(
    ("name", "known", "digest"),
    [
        ("python:3.11", ["mirror.example/python@sha256:aa", "python@sha256:bb"], "python@sha256:bb"),
        ("docker.io/library/python:3.11", ["a/python@sha256:aa", "python@sha256:bb"], "python@sha256:bb"),
        ("127.0.0.1:5001/base", ["127.0.0.1:5001/base@sha256:aa"], "127.0.0.1:5001/base@sha256:aa"),
        ("127.0.0.1:5001/base:1", ["z@sha256:cc", "b@sha256:aa"], "b@sha256:aa"),
        ("python@sha256:bb", ["python@sha256:aa", "python@sha256:bb"], "python@sha256:bb"),
        ("made-here:1", [], ""),
    ],
)
def test_a_base_is_named_by_the_digest_of_the_repository_that_was_asked_for(
    name: str, known: list[str], digest: str
) -> None:
    """One that came from no registry has none."""
    assert digest_of(name, known) == digest


def test_a_build_starts_from_the_digest_of_its_base_else_from_its_id() -> None:
    """A tag could mean another image by the time of the build."""
    assert (PUBLISHED.reference, PUBLISHED.digest) == ("python@sha256:bb", "sha256:bb")
    assert (HERE.reference, HERE.digest) == ("sha256:aa", "")
    assert str(PUBLISHED) == "base image python:3.11 is python@sha256:bb"
    assert "came from no registry" in str(HERE)
    assert "its id is sha256:aa" in str(HERE)


def test_an_image_is_named_after_model_version_and_package(tmp_path: Path) -> None:
    """The same package under another version is another image, and so is another engine."""
    package = make_package(tmp_path / "package", model="Tiny Model")
    short = package.digest.removeprefix("sha256:")[:12]

    assert Order(package, "7", "python", HERE).image == f"tiny-model:7-{short}"
    assert Order(package, "7", "jvm", HERE).image == f"tiny-model:7-{short}-jvm"


def test_labels_say_what_is_known_and_nothing_else(tmp_path: Path) -> None:
    """An empty label would look as if somebody had looked and found nothing."""
    package = make_package(tmp_path / "package")
    labels = Order(package, "7", "python", PUBLISHED).labels(sbom="5b", context="c0", source="")

    assert labels["org.opencontainers.image.base.digest"] == "sha256:bb"
    assert labels["org.opencontainers.image.base.name"] == "python:3.11"
    assert labels["io.github.days-to-sell.package-digest"] == package.digest
    assert "org.opencontainers.image.source" not in labels
    assert all(labels.values())
    at_home = Order(package, "7", "python", HERE).labels(
        sbom="5b", context="c0", source="https://git.example/a"
    )
    assert "org.opencontainers.image.base.digest" not in at_home
    assert at_home["io.github.days-to-sell.base-id"] == "sha256:aa"
    assert at_home["org.opencontainers.image.source"] == "https://git.example/a"
