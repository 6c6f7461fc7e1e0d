"""A build context as one archive that is the same bytes whenever and wherever the same files are packed.

Of a folder, an archive would also carry what differs from one machine to the next: the order in which files
are listed, their times, their owner, and the rights that a umask left.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

# 2024-01-01; any fixed time will do, one before 1980 would not fit into a wheel.
EPOCH = 1_704_067_200


def pack(folder: Path, archive: Path, changed: Mapping[str, bytes] | None = None) -> str:
    """Write the files of a folder into a tar archive.

    Args:
        folder: What to pack; it holds directories and plain files.
        archive: The file to write.
        changed: What is written of some files instead of what they hold, by their paths in the folder.

    Returns:
        SHA-256 of the archive, in hexadecimal digits.
    """
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as out:
        for path in sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix()):
            entry = _entry(path, path.relative_to(folder).as_posix())
            if entry.isdir():
                out.addfile(entry)
                continue
            instead = (changed or {}).get(entry.name)
            with path.open("rb") if instead is None else io.BytesIO(instead) as content:
                entry.size = path.stat().st_size if instead is None else len(instead)
                out.addfile(entry, content)
    with archive.open("rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _entry(path: Path, name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime = EPOCH
    # Readable by whatever user the container is given, writable by none but root.
    if path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    else:
        entry.mode = 0o644
    return entry
