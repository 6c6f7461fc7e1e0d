"""Files wherever Spark's paths reach: a local folder and an S3 bucket look the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from days_to_sell.errors import DataError

SHOWN = 300


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
        try:
            found = system.listStatus(path) if system.exists(path) else ()
        except Py4JJavaError as error:
            raise DataError(f"{folder} cannot be listed: {_reason(folder, error)}") from error
        return sorted(status.getPath().getName() for status in found)

    def exists(self, file: str) -> bool:
        """Whether there is such a file or folder."""
        system, path = self._locate(file)
        try:
            return bool(system.exists(path))
        except Py4JJavaError as error:
            raise DataError(f"{file} cannot be reached: {_reason(file, error)}") from error

    def read_text(self, file: str) -> str:
        """Read a small text file."""
        system, path = self._locate(file)
        try:
            stream = system.open(path)
            try:
                return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
            finally:
                stream.close()
        except Py4JJavaError as error:
            raise DataError(f"{file} cannot be read: {_reason(file, error)}") from error

    def write_text(self, file: str, text: str) -> None:
        """Write a small text file, whole or not at all."""
        system, path = self._locate(file)
        draft = self._jvm.org.apache.hadoop.fs.Path(f"{file}.part")
        try:
            stream = system.create(draft, True)
            try:
                stream.write(bytearray(text, "utf-8"))
            finally:
                stream.close()
            system.delete(path, False)
            system.rename(draft, path)
        except Py4JJavaError as error:
            raise DataError(f"{file} cannot be written: {_reason(file, error)}") from error

    def absolute(self, location: str) -> str:
        """Say where a location is for a reader who stands elsewhere; a local path stays a plain path."""
        system, path = self._locate(location)
        return str(path.makeQualified(system.getUri(), system.getWorkingDirectory())).removeprefix("file:")

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


def _reason(location: str, error: Py4JJavaError) -> str:
    """Cut what Java says short: an S3 client repeats itself over several hundred characters."""
    said = str(error.java_exception.toString()).splitlines()[0]
    short = said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…"
    if location.startswith("s3a:"):
        return f"{short}; look at the bucket, at DAYS_TO_SELL_S3_ENDPOINT and at the AWS_* variables"
    return short
