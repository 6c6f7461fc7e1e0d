"""MLeap's own JVM runtime, as the oracle of what a bundle says.

It runs in a JVM of its own, with its own jars, since Spark 3.5's breeze breaks MLeap's one-hot encoder. The
jars come through the Ivy that Spark brings, into the product's cache.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway, JavaObject, launch_gateway

from days_to_sell.settings import Settings
from days_to_sell.training.java import Java, find_java

SPARK_JARS = Path(pyspark.__file__).parent / "jars"


class RuntimeMissingError(Exception):
    """The runtime's jars could not be had."""


class MleapRefusedError(Exception):
    """The runtime raised on a row."""


@contextmanager
def mleap_jvm(settings: Settings) -> Iterator[JavaGateway]:
    """A JVM with MLeap's runtime on its class path, ended with the block."""
    java = find_java(settings)
    with Path(os.devnull).open("w") as quiet:
        port = launch_gateway(
            jarpath=str(_jar("py4j-*.jar")),
            classpath=_class_path(java, settings),
            java_path=str(java.home / "bin" / "java"),
            die_on_exit=True,
            redirect_stdout=quiet,
            redirect_stderr=quiet,
        )
        gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auto_convert=True))
        try:
            yield gateway
        finally:
            gateway.shutdown()


def _class_path(java: Java, settings: Settings) -> str:
    """Class path of the runtime of the exporter's version, resolved with Ivy unless an earlier run did."""
    *_, version = settings.mleap_exporter.split(":")
    cache = settings.cache_dir / "ivy-mleap-runtime"
    cache.mkdir(parents=True, exist_ok=True)
    written = cache / f"class-path-{version}.txt"
    with (cache / ".lock").open("w") as lock:
        # Ivy's cache is damaged by two that fill it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _resolve(java, cache, version, written)


def _resolve(java: Java, cache: Path, version: str, written: Path) -> str:
    if written.exists() and all(Path(jar).exists() for jar in written.read_text().strip().split(os.pathsep)):
        return written.read_text().strip()
    command = [
        str(java.home / "bin" / "java"),
        *java.options,
        "-cp",
        f"{_jar('ivy-*.jar')}{os.pathsep}{_jar('commons-cli-*.jar')}",
    ]
    command += ["org.apache.ivy.Main", "-cache", str(cache), "-confs", "default", "-types", "jar", "bundle"]
    command += ["-dependency", "ml.combust.mleap", "mleap-runtime_2.12", version, "-cachepath", str(written)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if ended.returncode != 0 or not written.exists():
        raise RuntimeMissingError(f"Ivy could not fetch mleap-runtime {version}: {ended.stdout[-500:]}")
    return written.read_text().strip()


def _jar(pattern: str) -> Path:
    return next(SPARK_JARS.glob(pattern))


class MleapRuntime:
    """One bundle in MLeap's runtime."""

    def __init__(self, gateway: JavaGateway, bundle: Path) -> None:
        self._jvm = gateway.jvm
        dsl = self._jvm.ml.combust.mleap.runtime.javadsl
        self._frames, self._support = dsl.LeapFrameBuilder(), dsl.LeapFrameSupport()
        context = dsl.ContextBuilder().createMleapContext()
        loaded = dsl.BundleBuilder().load(self._jvm.java.io.File(str(bundle)), context)
        self._transformer = loaded.root()
        fields = list(self._support.getFields(self._transformer.inputSchema()))
        self._columns = [field.name() for field in fields]
        # Declared nullable, as data from outside are: a null in a column declared otherwise is read as 0.
        self._schema = self._frames.createSchema([self._nullable(field) for field in fields])

    def transform(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Score rows.

        Raises:
            MleapRefusedError: A row cannot be scored.
        """
        leap_rows = self._jvm.java.util.ArrayList()
        for row in rows:
            values = self._jvm.java.util.ArrayList()
            for column in self._columns:
                values.add(row[column])
            leap_rows.add(self._frames.createRowFromIterable(values))
        tried = self._transformer.transform(self._frames.createFrame(self._schema, leap_rows))
        # Asked for, not raised: pyspark looks every Java exception up in Spark's JVM, where this one is not.
        if tried.isFailure():
            raise MleapRefusedError(tried.failed().get().toString())
        frame = tried.get()
        names = [field.name() for field in self._support.getFields(frame.schema())]
        collected = self._support.collect(frame)
        return [
            {name: self._value(row.getRaw(position)) for position, name in enumerate(names)}
            for row in collected
        ]

    def _nullable(self, field: Any) -> Any:
        kinds = {"double": self._frames.createDouble, "string": self._frames.createString}
        return self._frames.createField(field.name(), kinds[field.dataType().base().toString()](True))

    def _value(self, value: Any) -> Any:
        """A tensor as a list; its text takes one call where its elements would take one each."""
        if not isinstance(value, JavaObject):
            return value
        text = self._jvm.java.util.Arrays.toString(value.toDense().rawValues())
        return [float(each) for each in text.strip("[]").split(", ") if each]
