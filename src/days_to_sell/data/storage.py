"""Files wherever Spark's paths reach: a local folder and an S3 bucket look the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import is_instance_of
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from days_to_sell.data.s3 import ENVIRONMENT, diagnose
from days_to_sell.errors import DataError

SHOWN = 300
REFUSAL = "java.io.IOException"


@dataclass(frozen=True)
class Storage:
    """Listing, small files and renames by Hadoop's file system interface.

    Args:
        spark: The session whose configuration knows how to reach the paths.
    """

    spark: SparkSession

    def names(self, folder: str) -> list[str]:
        """List what a folder holds, sorted; an absent folder holds nothing.

        Raises:
            DataError: The storage did not answer or refused.
        """
        system, path = self._locate(folder)
        with self.answering(folder, "listed"):
            if system.exists(path):
                return sorted(status.getPath().getName() for status in system.listStatus(path))
        if refused := _diagnose(folder):
            raise DataError(f"{folder} cannot be listed: {refused}")
        return []

    def exists(self, file: str) -> bool:
        """Whether there is such a file or folder."""
        system, path = self._locate(file)
        with self.answering(file, "reached"):
            return bool(system.exists(path))

    def read_text(self, file: str) -> str:
        """Read a small text file."""
        system, path = self._locate(file)
        with self.answering(file, "read"):
            stream = system.open(path)
            try:
                return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
            finally:
                stream.close()

    def write_text(self, file: str, text: str) -> None:
        """Write a small text file, whole or not at all."""
        system, path = self._locate(file)
        draft = self._jvm.org.apache.hadoop.fs.Path(f"{file}.part")
        with self.answering(file, "written"):
            stream = system.create(draft, True)
            try:
                stream.write(bytearray(text, "utf-8"))
            finally:
                stream.close()
            system.delete(path, False)
            system.rename(draft, path)

    def delete(self, location: str) -> None:
        """Remove a file, or a folder with what it holds; one that is not there is no error."""
        system, path = self._locate(location)
        with self.answering(location, "removed"):
            system.delete(path, True)

    def is_local(self, location: str) -> bool:
        """Whether a location is on the disk of whichever machine asks."""
        system, _ = self._locate(location)
        return str(system.getUri().getScheme()) == "file"

    def absolute(self, location: str) -> str:
        """Say where a location is for a reader who stands elsewhere; a local path stays a plain path."""
        system, path = self._locate(location)
        return str(path.makeQualified(system.getUri(), system.getWorkingDirectory())).removeprefix("file:")

    @contextmanager
    def answering(self, location: str, done: str) -> Iterator[None]:
        """Turn a refusal of the storage into one of ours; what else may fail in Spark passes through.

        Raises:
            DataError: The storage did not answer or refused.
        """
        try:
            yield
        except Py4JJavaError as error:
            if not is_instance_of(self.spark.sparkContext._gateway, error.java_exception, REFUSAL):
                raise
            raise DataError(f"{location} cannot be {done}: {_reason(location, error)}") from error

    @property
    def _jvm(self) -> Any:
        return self.spark._jvm

    def _locate(self, location: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(location)
        configuration = self.spark._jsc.hadoopConfiguration()
        try:
            return path.getFileSystem(configuration), path
        except Py4JJavaError as error:
            raise DataError(f"{location} cannot be reached: {_reason(location, error)}") from error


def _diagnose(location: str) -> str | None:
    return diagnose(location) if location.startswith("s3a:") else None


def _reason(location: str, error: Py4JJavaError) -> str:
    """Say why, in S3's own words where it is S3: Java's client repeats itself over hundreds of characters."""
    if refused := _diagnose(location):
        return refused
    said = str(error.java_exception.toString()).splitlines()[0]
    short = said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…"
    return f"{short}; {ENVIRONMENT}" if location.startswith("s3a:") else short
