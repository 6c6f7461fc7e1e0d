"""Counters that the workers of one service share: each writes a file of its own, and anybody can sum them.

A worker that starts takes over the file of one that ended and counts on from there. So there are never more
files than workers were alive at once, and no sum ever goes back.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from days_to_sell.errors import SettingsError
from days_to_sell.settings import PREFIX

WORD = 8
# Before the counters stands when the first of them was counted, in nanoseconds since 1970.
HEADER = 1


class SharedCounters:
    """Unsigned 64-bit counters, one writer each.

    It belongs to one process, so it has to be made after gunicorn has forked.

    Args:
        directory: Folder that the workers of the service share; None to count for this process alone.
        name: What is counted. Files of another name, such as those of another package, are left alone.
        size: Number of counters.

    Raises:
        SettingsError: The folder cannot be used.
    """

    def __init__(self, directory: Path | None, name: str, size: int) -> None:
        self._directory, self._name, self._size = directory, f"{name}-{size}", size
        if directory is None:
            self._file, self._map = -1, mmap.mmap(-1, self._bytes)
            _write_start(self._map)
        else:
            try:
                self._file, self._map = self._take_over(directory) or self._create(directory)
            except OSError as error:
                raise SettingsError(
                    f"the folder of counters {directory} cannot be used ({error}); set {PREFIX}COUNTERS to "
                    "one that can be written, or leave it to gunicorn's settings"
                ) from error
        # A store of eight aligned bytes is never seen by halves on a 64-bit machine.
        self.own = memoryview(self._map).cast("Q")[HEADER:]

    def totals(self) -> tuple[float, list[int]]:
        """Sum the counters of every worker, ended ones included.

        Returns:
            When counting began, in seconds since 1970, and the sums.
        """
        found = [memoryview(self._map).cast("Q").tolist(), *self._others()]
        sums = [sum(column) for column in zip(*found, strict=True)]
        return min(each[0] for each in found) / 1e9, sums[HEADER:]

    @property
    def _bytes(self) -> int:
        return (HEADER + self._size) * WORD

    def _files(self, directory: Path) -> list[Path]:
        return sorted(directory.glob(f"{self._name}.*"))

    def _others(self) -> Iterator[list[int]]:
        if self._directory is None:
            return
        own = os.fstat(self._file).st_ino
        for path in self._files(self._directory):
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_ino != own:
                    # Copying by read() might see halves of a number.
                    with (
                        mmap.mmap(file.fileno(), self._bytes, access=mmap.ACCESS_READ) as mapped,
                        memoryview(mapped) as whole,
                        whole.cast("Q") as words,
                    ):
                        yield words.tolist()

    def _take_over(self, directory: Path) -> tuple[int, mmap.mmap] | None:
        for path in self._files(directory):
            file = os.open(path, os.O_RDWR)
            try:
                # The lock ends with the process that holds it, however that ended.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
            else:
                return file, mmap.mmap(file, self._bytes)
        return None

    def _create(self, directory: Path) -> tuple[int, mmap.mmap]:
        file, draft = tempfile.mkstemp(prefix=".draft-", dir=directory)
        os.ftruncate(file, self._bytes)
        fcntl.flock(file, fcntl.LOCK_EX)
        mapped = mmap.mmap(file, self._bytes)
        _write_start(mapped)
        Path(draft).rename(directory / f"{self._name}.{secrets.token_hex(8)}")
        return file, mapped


def _write_start(mapped: mmap.mmap) -> None:
    struct.pack_into("=Q", mapped, 0, time.time_ns())
