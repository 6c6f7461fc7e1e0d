"""The files of a bundle, read whole and within bounds before anything in them is believed."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from days_to_sell.errors import BundleError

# A forest of 500 deep trees takes about 1,000 files and 100 MB: these bounds stop a bomb, not a model.
MAX_FILES = 20_000
MAX_BYTES = 256 * 1024 * 1024
# Parsed, JSON takes up to twenty times as much memory. Trees are parsed line by line.
MAX_DOCUMENT = 32 * 1024 * 1024

# What zipfile raises on damaged archives; NotImplementedError and encryption come as RuntimeError, names that
# are no text as ValueError.
_NO_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, EOFError)

# What JSON calls blank.
_BLANK = " \t\r\n"
# What each entry of an archive's directory begins with.
_ENTRY = b"PK\x01\x02"
_PLAIN_NAME = re.compile(r"(?!\.\.?\Z)[^/\\\x00-\x1f]+")


class Folder:
    """A folder of a bundle, held in memory.

    Args:
        files: Content of every file of the bundle by its path.
        path: Path of this folder inside the bundle, empty for the bundle itself.
    """

    def __init__(self, files: Mapping[str, bytes], path: str = "") -> None:
        self._files = files
        self.path = path

    def folder(self, name: str) -> Folder:
        """Enter the folder ``name``; it may turn out to hold nothing.

        Raises:
            BundleError: ``name`` is a path and would leave this folder.
        """
        if not _PLAIN_NAME.fullmatch(name):
            raise BundleError(f"{self._at(name)!r} is not the name of a folder; the bundle was tampered with")
        return Folder(self._files, self._at(name))

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Give every file below this folder, by its path inside it."""
        prefix = f"{self.path}/" if self.path else ""
        for path, content in self._files.items():
            if path.startswith(prefix):
                yield path.removeprefix(prefix), content

    def text(self, name: str) -> str:
        """Read a file as UTF-8.

        Raises:
            BundleError: It is missing or is not UTF-8.
        """
        path = self._at(name)
        if path not in self._files:
            raise BundleError(f"file {path!r} is missing; export the model again")
        try:
            return self._files[path].decode("utf-8")
        except UnicodeDecodeError as error:
            raise BundleError(f"file {path!r} is not UTF-8 text: {error}") from error

    def document(self, name: str) -> dict[str, Any]:
        """Read a file that holds one JSON object.

        Raises:
            BundleError: It is missing or holds something else.
        """
        return parse_object(self.text(name), f"file {self._at(name)!r}")

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name


def parse_object(text: str, where: str) -> dict[str, Any]:
    """Parse one JSON object; NaN and infinities, which JSON does not know, are refused.

    Args:
        text: The JSON.
        where: What the text is, for the message.

    Raises:
        BundleError: The text is something else.
    """
    if len(text) > MAX_DOCUMENT:
        raise BundleError(
            f"{where} is JSON of {len(text) >> 20} MiB; at most {MAX_DOCUMENT >> 20} MiB are read"
        )
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where} is not JSON that a bundle holds: {error}") from error
    if not isinstance(value, dict):
        raise BundleError(f"{where} holds a JSON {type(value).__name__} where an object is due")
    return value


def parse_lines(text: str) -> list[dict[str, Any]]:
    """Parse one JSON object from each line that is not blank, several times as fast as one by one.

    Raises:
        BundleError: A line is something else; names it, counted from 1.
    """
    decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not (trimmed := line.strip(_BLANK)):
            continue
        try:
            value, end = decode(trimmed)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"line {number} is not JSON that a bundle holds: {error}") from error
        if end != len(trimmed) or type(value) is not dict:
            raise BundleError(f"line {number} holds something else than one JSON object")
        found.append(value)
    return found


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a JSON number")


def read_bundle_files(path: Path) -> Folder:
    """Read every file of a bundle, a zip or a directory.

    Raises:
        BundleError: It is neither, is too large, or holds a path that leads out of it.
    """
    if not path.exists():
        raise BundleError("there is no such file or directory")
    files: dict[str, bytes] = {}
    room = MAX_BYTES
    try:
        for name, content in _directory_files(path) if path.is_dir() else _zip_files(path):
            if name in files:
                raise BundleError(f"file {name!r} is there twice; which one is meant cannot be known")
            files[name] = content
            room -= len(content)
            if room < 0 or len(files) > MAX_FILES:
                raise BundleError(f"it holds more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB")
    except OSError as error:
        raise BundleError(f"it cannot be read: {error}") from error
    return Folder(files)


def write_bundle_files(bundle: Folder, target: Path) -> None:
    """Write a bundle as a zip that is the same bytes for the same files, whatever archive they came from.

    The exporter's zip carries the time of day and the order in which its files were written.
    """
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(bundle.contents()):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)


def _directory_files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            raise BundleError(f"{path.relative_to(root).as_posix()!r} is a symbolic link; a bundle has none")
        if path.is_file():
            _check_size(path.stat().st_size)
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    _check_size(path.stat().st_size)
    content = path.read_bytes()
    # Counted before zipfile makes an object of each; its own count of them is not to be believed.
    if content.count(_ENTRY) > MAX_FILES:
        raise BundleError(f"it holds more than {MAX_FILES} files")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            # Checked before anything is unpacked; zipfile never unpacks more than is declared.
            _check_size(sum(entry.file_size for entry in entries))
            for entry in entries:
                parts = entry.filename.removesuffix("/").split("/")
                if not all(_PLAIN_NAME.fullmatch(part) for part in parts):
                    raise BundleError(f"entry {entry.filename!r} leads out of the bundle")
                if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise BundleError(f"entry {entry.filename!r} is not compressed as MLeap does, by deflate")
                if not entry.is_dir():
                    yield entry.filename, archive.read(entry)
    except _NO_ZIP as error:
        raise BundleError(f"it is not a zip that can be read: {error}") from error


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise BundleError(f"it unpacks to {size >> 20} MiB; at most {MAX_BYTES >> 20} MiB are read")
