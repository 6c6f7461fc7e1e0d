"""Write the list of jars anew for a version of MLeap: ``make lock-jars MLEAP=0.16.0``."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from days_to_sell.settings import Settings
from days_to_sell.training.spark.java import find_java
from days_to_sell.training.spark.mleap_runtime.ivy import fetch_jars
from days_to_sell.training.spark.mleap_runtime.locked import LIST, Jar

HEAD = "# MLeap's runtime and all that it needs, with the SHA-256 of each jar; written by `make lock-jars`.\n"


def resolve(version: str) -> list[Jar]:
    """Fetch MLeap's runtime of a version with all that it depends on, and hash it.

    Raises:
        EnvironmentProblem: It cannot be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="days-to-sell-jars-") as scratch:
        folder = Path(scratch)
        coordinate = f"ml.combust.mleap:mleap-runtime_2.12:{version}"
        fetch_jars(find_java(Settings.from_env()), [coordinate], folder, closure=True)
        found = []
        for path in sorted(folder.glob("*/*/*.jar")):
            group, artifact = path.parts[-3:-1]
            jar = Jar(
                group,
                artifact,
                path.stem.removeprefix(f"{artifact}-"),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            # Javadoc, which somebody declares that they need.
            if not jar.version.endswith("-javadoc"):
                found.append(jar)
    return found


if __name__ == "__main__":
    LIST.write_text(HEAD + "".join(f"{jar}\n" for jar in resolve(sys.argv[1])), encoding="utf-8")
