"""Images in files, as ``docker save`` and OCI tools write them, read without an engine and without unpacking.

An archive is untrusted: only the files that are asked for are copied out of its layers, under names of ours.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from days_to_sell.errors import TargetError

MAX_JSON = 10_000_000
OPAQUE, GONE = ".wh..wh..opq", ".wh."
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Archived:
    """An image in an archive.

    Args:
        id: ``sha256:`` and the digest of its configuration, which names the digests of its layers.
        labels: Its labels.
        variables: The environment variables that it sets.
        files: Path in the image to a copy of the file there, of those that were asked for.
        strays: Paths in the folders that were asked for that are no plain file directly in them.
        problems: Where the archive contradicts itself.
    """

    id: str
    labels: Mapping[str, str]
    variables: Mapping[str, str]
    files: Mapping[str, Path]
    strays: Sequence[str]
    problems: Sequence[str]


def read_archive(path: Path, folder: str, single: Sequence[str], target: Path) -> Archived:
    """Read an image, and copy files out as a container of it would see them.

    Args:
        path: The archive.
        folder: Folder in the image whose files are wanted, without a slash at either end.
        single: Other files that are wanted.
        target: Empty directory for the copies.

    Raises:
        TargetError: It is no archive of one image.
    """
    with _translated(path), tarfile.open(path) as archive:
        config_name, layers = _parts(archive)
        content = _member(archive, config_name, MAX_JSON)
        config = json.loads(content)
        digest = hashlib.sha256(content).hexdigest()
        problems = (
            [] if digest in config_name else [f"the configuration is not {config_name}: it has {digest}"]
        )
        wanted = _Wanted(folder, tuple(single), target)
        expected = list(config["rootfs"]["diff_ids"])
        if len(expected) != len(layers):
            problems.append(f"the configuration names {len(expected)} layers, the archive has {len(layers)}")
        for position, name in enumerate(layers):
            found = _read_layer(archive, name, wanted)
            if position < len(expected) and found != expected[position]:
                problems.append(
                    f"layer {position + 1} is {found}, the configuration says {expected[position]}"
                )
        said = config.get("config") or {}
        return Archived(
            f"sha256:{digest}",
            dict(said.get("Labels") or {}),
            dict(each.split("=", 1) for each in said.get("Env") or () if "=" in each),
            dict(wanted.files),
            sorted(wanted.strays),
            problems,
        )


class _Wanted:
    """The files that are wanted, as the layers so far leave them."""

    def __init__(self, folder: str, single: tuple[str, ...], target: Path) -> None:
        self.files: dict[str, Path] = {}
        self.strays: set[str] = set()
        self._folder, self._single, self._target = folder, single, target
        self._above = {str(each) for path in (f"{folder}/x", *single) for each in PurePosixPath(path).parents}

    def apply(self, layer: tarfile.TarFile, members: Sequence[tuple[str, tarfile.TarInfo]]) -> None:
        for name, _ in members:
            place = PurePosixPath(name)
            if place.name == OPAQUE:
                self._remove(str(place.parent), itself=False)
            elif place.name.startswith(GONE):
                self._remove(str(place.parent / place.name.removeprefix(GONE)), itself=True)
        links = {name for name, member in members if member.issym()}
        for name, member in members:
            if not links.isdisjoint(map(str, PurePosixPath(name).parents)):
                # An engine follows the link when it unpacks; none that saves an image writes such a name.
                self.strays.add(name)
            elif not PurePosixPath(name).name.startswith(GONE):
                self._add(layer, name, member)

    def _add(self, layer: tarfile.TarFile, name: str, member: tarfile.TarInfo) -> None:
        if name in self._above:
            if not member.isdir():
                # Whoever follows the link sees other files than those that lie here.
                self._remove(name, itself=True)
                self.strays.add(name)
            return
        inside = name.startswith(f"{self._folder}/")
        if not inside and name not in self._single:
            return
        self._remove(name, itself=True)
        flat = name in self._single or str(PurePosixPath(name).parent) == self._folder
        content = layer.extractfile(member) if member.isreg() and flat else None
        if content is None:
            self.strays.add(name)
            return
        copy = self._target / hashlib.sha256(name.encode()).hexdigest()
        with content, copy.open("wb") as out:
            shutil.copyfileobj(content, out)
        self.files[name] = copy

    def _remove(self, path: str, *, itself: bool) -> None:
        below = f"{path}/" if path != "." else ""
        gone = {
            name
            for name in (*self.files, *self.strays)
            if name.startswith(below) or (itself and name == path)
        }
        self.files = {name: copy for name, copy in self.files.items() if name not in gone}
        self.strays -= gone


def _parts(archive: tarfile.TarFile) -> tuple[str, list[str]]:
    """Name the configuration and the layers, lowest first."""
    if "manifest.json" in archive.getnames():
        images = _json(archive, "manifest.json")
        if len(images) != 1:
            raise ValueError(f"it holds {len(images)} images; save one alone")
        return str(images[0]["Config"]), [str(layer) for layer in images[0]["Layers"]]
    manifests = _json(archive, "index.json")["manifests"]
    if len(manifests) != 1 or "manifest" not in str(manifests[0].get("mediaType")):
        raise ValueError("it holds another number of images than one; save one alone")
    manifest = _json(archive, _blob(manifests[0]))
    return _blob(manifest["config"]), [_blob(layer) for layer in manifest["layers"]]


def _blob(descriptor: Mapping[str, Any]) -> str:
    return f"blobs/{str(descriptor['digest']).replace(':', '/')}"


def _json(archive: tarfile.TarFile, name: str) -> Any:
    return json.loads(_member(archive, name, MAX_JSON))


def _member(archive: tarfile.TarFile, name: str, most: int) -> bytes:
    with _open(archive, name) as content:
        return content.read(most)


def _open(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise ValueError(f"{name} is no file")
    return content


def _read_layer(archive: tarfile.TarFile, name: str, wanted: _Wanted) -> str:
    """Take what is wanted from a layer, and give its digest, of the uncompressed bytes."""
    with _uncompressed(archive, name) as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    with _uncompressed(archive, name) as content, tarfile.open(fileobj=content, mode="r:") as layer:
        # An engine tidies names up before it writes the files.
        members = [(posixpath.normpath(each.name).lstrip("/") or ".", each) for each in layer.getmembers()]
        wanted.apply(layer, members)
    return f"sha256:{digest}"


@contextmanager
def _uncompressed(archive: tarfile.TarFile, name: str) -> Iterator[IO[bytes]]:
    with _open(archive, name) as content:
        packed = content.read(len(_GZIP)) == _GZIP
        content.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=content) as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield content


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise TargetError(f"{path} cannot be read as an image: {error}; write it with docker save") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise TargetError(f"{path} is no archive of one image: {error}; write it with docker save") from error
