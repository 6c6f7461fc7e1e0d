"""What a JVM is started from: a Java, MLeap's jars, and options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from days_to_sell.errors import EnvironmentProblem

# Where a Java home keeps the library that is the JVM, by system.
_LIBRARIES = ("lib/server/libjvm.so", "lib/server/libjvm.dylib", "bin/server/jvm.dll")
# A bundle takes a few megabytes; the rest is room for batches.
HEAP = ("-Xmx256m",)


@dataclass(frozen=True)
class JvmRuntime:
    """Where Java and MLeap's runtime lie on this machine; whoever loads a bundle decides.

    Args:
        java_home: Home of a Java 11 or newer.
        jars: MLeap's runtime and all that it needs.
        options: JVM options beside those that the engine cannot do without.
    """

    java_home: Path
    jars: tuple[Path, ...]
    options: tuple[str, ...] = HEAP

    @classmethod
    def from_folders(cls, java_home: Path, jars: Path, options: tuple[str, ...] = HEAP) -> JvmRuntime:
        """Take every jar of a folder.

        Raises:
            EnvironmentProblem: The folder holds none.
        """
        found = tuple(sorted(jars.glob("*.jar")))
        if not found:
            raise EnvironmentProblem(
                f"{jars} holds no jars of MLeap's runtime; name the folder that does, "
                "or build the image with the JVM engine"
            )
        return cls(java_home, found, options)

    @property
    def library(self) -> Path:
        """The library that is the JVM.

        Raises:
            EnvironmentProblem: The Java home has none.
        """
        for each in _LIBRARIES:
            if (self.java_home / each).is_file():
                return self.java_home / each
        raise EnvironmentProblem(
            f"{self.java_home} is no Java home: it has no {_LIBRARIES[0]}; name the folder above Java's bin/"
        )
