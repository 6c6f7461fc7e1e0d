"""An image in a file, without an engine: what a container would see is held against what the image says."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from days_to_sell.errors import TargetError
from days_to_sell.release.images import labels
from days_to_sell.release.verification.images import check_archive
from days_to_sell.scoring.package import FILES, ModelPackage
from days_to_sell.scoring.signature import sign_package
from days_to_sell.scoring.signing_keys import make_key
from tests.packages import make_package
from tests.unit.release.verification.images import Image, link, pack, write_docker, write_oci
from tests.unit.release.verification.test_packages import found, wrong

WRITERS = (write_docker, write_oci)


@pytest.fixture
def image(package: ModelPackage) -> Image:
    """An image of the package."""
    return Image(package.root)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the image is written to."""
    return tmp_path / "image.tar"


@pytest.mark.parametrize("write", WRITERS)
def test_a_sound_image_holds(
    image: Image, target: Path, package: ModelPackage, write: Callable[[Image, Path], Path]
) -> None:
    """In either layout; the digest is computed from the bytes in its layers."""
    checks = check_archive(write(image, target), None)
    assert wrong(checks) == {}
    assert found(checks)["package digest"] == package.digest


@pytest.mark.parametrize("write", WRITERS)
def test_another_package_over_the_released_one_is_found(
    image: Image, target: Path, tmp_path: Path, write: Callable[[Image, Path], Path]
) -> None:
    """A layer on top, sound in itself; the labels still tell of the one below."""
    other = make_package(tmp_path / "other", intercept=13.0)
    image.layers.append({f"srv/package/{path.name}": path.read_bytes() for path in other.root.iterdir()})
    assert {f"label {labels.PACKAGE_DIGEST}", "DAYS_TO_SELL_PACKAGE_DIGEST"} <= set(
        wrong(check_archive(write(image, target), None))
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_a_later_layer_changes_is_found(image: Image, target: Path, name: str) -> None:
    """A container would see that one."""
    image.layers.append({f"srv/package/{name}": b"{}"})
    assert set(wrong(check_archive(write_docker(image, target), None))) == {name}


@pytest.mark.parametrize("mark", ["srv/package/.wh.bundle.zip", "./srv/package/.wh.bundle.zip"])
def test_a_file_that_a_later_layer_takes_away_is_found(image: Image, target: Path, mark: str) -> None:
    """However the layer spells its names."""
    image.layers.append({mark: b""})
    assert set(wrong(check_archive(write_docker(image, target), None))) == {"bundle.zip"}


@pytest.mark.parametrize(
    "mark", [".wh.srv", "srv/.wh.package", "srv/.wh..wh..opq", "srv/package/.wh..wh..opq"]
)
def test_a_folder_that_a_later_layer_takes_away_leaves_no_package(
    image: Image, target: Path, mark: str
) -> None:
    """As a whole, or by everything in it."""
    image.layers.append({mark: b""})
    assert "manifest" in wrong(check_archive(write_docker(image, target), None))


def test_a_folder_that_is_emptied_and_filled_again_holds(
    image: Image, target: Path, package: ModelPackage
) -> None:
    """What the same layer adds stays, whatever comes first in it."""
    again = {f"srv/package/{path.name}": path.read_bytes() for path in package.root.iterdir()}
    image.layers.append({**again, "srv/package/.wh..wh..opq": b""})
    assert wrong(check_archive(write_docker(image, target), None)) == {}


@pytest.mark.parametrize("name", ["srv/package/bundle.zip", "srv/package", "srv"])
def test_a_link_in_the_place_of_a_file_is_found(image: Image, target: Path, name: str) -> None:
    """It leads to bytes that lie elsewhere in the image."""
    image.layers.append(link(name, "/elsewhere"))
    assert f"/{name}" in wrong(check_archive(write_docker(image, target), None))


def test_a_name_that_leads_round_about_to_a_file_is_followed(image: Image, target: Path) -> None:
    """As an engine does when it unpacks the layer."""
    image.layers.append({"srv/../srv/./package/bundle.zip": b""})
    assert set(wrong(check_archive(write_docker(image, target), None))) == {"bundle.zip"}


def test_a_name_that_leads_through_a_link_is_found(image: Image, target: Path) -> None:
    """An engine would write through it into the package."""
    image.layers.append({**link("other", "srv"), "other/package/bundle.zip": b""})
    assert set(wrong(check_archive(write_docker(image, target), None))) == {"/other/package/bundle.zip"}


@pytest.mark.parametrize(
    "label",
    [
        labels.PACKAGE_DIGEST,
        labels.REVISION,
        labels.DATA_DIGEST,
        labels.RUN_ID,
        labels.MODEL,
        labels.SBOM_DIGEST,
    ],
)
@pytest.mark.parametrize("value", [None, "another"])
def test_a_label_that_says_something_else_is_found(
    image: Image, target: Path, label: str, value: str | None
) -> None:
    """Or nothing."""
    image.labels.pop(label)
    image.labels |= {label: value} if value else {}
    assert set(wrong(check_archive(write_docker(image, target), None))) == {f"label {label}"}


@pytest.mark.parametrize(
    "variable", ["DAYS_TO_SELL_MODEL_VERSION", "DAYS_TO_SELL_PACKAGE", "DAYS_TO_SELL_PACKAGE_DIGEST"]
)
def test_a_variable_that_leads_elsewhere_is_found(image: Image, target: Path, variable: str) -> None:
    """The service obeys it."""
    image.variables[variable] = "/elsewhere"
    assert set(wrong(check_archive(write_docker(image, target), None))) == {variable}


def test_a_list_of_contents_that_is_another_one_is_found(image: Image, target: Path) -> None:
    """Its label has the digest of the one that was written with the image."""
    image.layers.append({"srv/sbom.cdx.json": b"{}"})
    assert set(wrong(check_archive(write_docker(image, target), None))) == {f"label {labels.SBOM_DIGEST}"}


def test_layers_that_are_not_those_of_the_configuration_are_found(image: Image, target: Path) -> None:
    """An archive that was edited after it was saved."""
    image.lie = {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}
    said = wrong(check_archive(write_docker(image, target), None))["image"]
    assert "names 1 layers, the archive has 3" in said
    assert "layer 1 is sha256:" in said


def test_the_signature_in_an_image_counts(
    image: Image, target: Path, package: ModelPackage, tmp_path: Path
) -> None:
    """It lies beside the package there too."""
    public, name = make_key(tmp_path / "release.pem")
    assert "signature" in wrong(check_archive(write_docker(image, target), public))
    sign_package(package, tmp_path / "release.pem")
    checks = check_archive(write_docker(Image(package.root), target), public)
    assert wrong(checks) == {}
    assert found(checks)["signature"] == f"by trusted key {name}"


@pytest.mark.parametrize(
    "content",
    [
        b"not a tar",
        b"",
        pack({}),
        pack({"manifest.json": b"[]"}),
        pack({"manifest.json": b"{"}),
        pack({"manifest.json": json.dumps([{"Config": "c", "Layers": []}]).encode()}),
        pack({"manifest.json": json.dumps([{"Config": "c", "Layers": []}]).encode(), "c": b"[]"}),
        pack(
            {"manifest.json": json.dumps([{"Config": "c", "Layers": ["l"]}]).encode(), "c": b"{}", "l": b"x"}
        ),
        pack({"index.json": b'{"manifests": []}'}),
        pack({"manifest.json": tarfile.TarInfo("manifest.json")}),
    ],
)
def test_what_is_no_image_is_one_message(target: Path, content: bytes) -> None:
    """Whatever it is."""
    target.write_bytes(content)
    with pytest.raises(TargetError, match="write it with docker save"):
        check_archive(target, None)
