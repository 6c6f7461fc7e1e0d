"""Images in archives, made by hand: layers of a few files, in the layouts that tools write.

image = Image(package.root)
image.layers.append({"srv/package/.wh.bundle.zip": b""})
write_docker(image, tmp_path / "image.tar")
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from days_to_sell.release.images import labels
from days_to_sell.scoring.package import open_package

SBOM = b'{"bomFormat": "CycloneDX"}\n'
Layer = dict[str, bytes | tarfile.TarInfo]


@dataclass
class Image:
    """An image of a package, as a release builds it.

    Args:
        package: Folder of the package.
    """

    package: Path
    layers: list[Layer] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    lie: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        opened = open_package(self.package)
        files: Layer = {f"srv/package/{path.name}": path.read_bytes() for path in self.package.iterdir()}
        self.layers = [{"etc/os-release": b"base"}, {"srv/sbom.cdx.json": SBOM}, files]
        self.labels = {
            labels.MODEL: opened.model,
            labels.MODEL_VERSION: "3",
            labels.PACKAGE_DIGEST: opened.digest,
            labels.REVISION: opened.provenance["code_commit"],
            labels.DATA_DIGEST: opened.provenance["training_data"],
            labels.RUN_ID: opened.provenance["run_id"],
            labels.SBOM_DIGEST: hashlib.sha256(SBOM).hexdigest(),
        }
        self.variables = {
            "DAYS_TO_SELL_MODEL_VERSION": "3",
            "DAYS_TO_SELL_PACKAGE": "/srv/package",
            "DAYS_TO_SELL_PACKAGE_DIGEST": opened.digest,
        }

    def config(self) -> bytes:
        """The image's configuration, true unless ``lie`` says otherwise."""
        diff_ids = [f"sha256:{hashlib.sha256(pack(layer)).hexdigest()}" for layer in self.layers]
        said = {"Labels": self.labels, "Env": [f"{name}={value}" for name, value in self.variables.items()]}
        return json.dumps(
            {"config": said, "rootfs": {"type": "layers", "diff_ids": diff_ids}} | self.lie
        ).encode()


def link(name: str, target: str) -> Layer:
    """A layer that puts a symbolic link in a place."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return {name: entry}


def pack(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """Write a tar of files, or of entries without content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def write_docker(image: Image, path: Path) -> Path:
    """Write an image as ``docker save`` does."""
    config = image.config()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    layers = {f"{number}/layer.tar": pack(layer) for number, layer in enumerate(image.layers)}
    manifest = json.dumps([{"Config": name, "RepoTags": ["tiny:3"], "Layers": list(layers)}]).encode()
    path.write_bytes(pack({name: config, **layers, "manifest.json": manifest}))
    return path


def write_oci(image: Image, path: Path) -> Path:
    """Write an image as an OCI layout, with compressed layers."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes, kind: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {
            "mediaType": f"application/vnd.oci.image.{kind}",
            "digest": f"sha256:{digest}",
            "size": len(content),
        }

    config = blob(image.config(), "config.v1+json")
    layers = [blob(gzip.compress(pack(layer), mtime=0), "layer.v1.tar+gzip") for layer in image.layers]
    manifest = blob(
        json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode(), "manifest.v1+json"
    )
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    path.write_bytes(pack({**blobs, "index.json": index, "oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}))
    return path
