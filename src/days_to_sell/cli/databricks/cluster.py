"""The cluster a job gets: one file for `mlflow run --backend databricks` and for the retraining job."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from days_to_sell.errors import SettingsError
from days_to_sell.settings import Settings
from days_to_sell.training.spark.compatibility import read_coordinates

SPEC = Path("mlflow_project/databricks/cluster.json")
# There the driver's JVM answers Python; elsewhere Python speaks Spark Connect, and MLeap cannot export.
CLASSIC = frozenset({"SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED", "LEGACY_SINGLE_USER_STANDARD", "NONE"})
_SCALA = re.compile(r"-scala(\d+\.\d+)$")


@dataclass(frozen=True)
class ClusterSpec:
    """What to start, and what to install on it.

    Args:
        new_cluster: The cluster, as the Jobs API takes it.
        libraries: Its libraries, as the Jobs API takes them.
    """

    new_cluster: dict[str, Any]
    libraries: tuple[dict[str, Any], ...]


def read_cluster_spec(path: Path) -> ClusterSpec:
    """Read a cluster spec, and refuse one on which a training would end without an export.

    Raises:
        SettingsError: It cannot be read, or names a cluster that does not fit; the message says what does.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cluster spec {path} cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("new_cluster"), dict):
        raise SettingsError(f"cluster spec {path} has no new_cluster; {SPEC} shows one")
    unknown = sorted(content.keys() - {"new_cluster", "libraries"})
    if unknown:
        raise SettingsError(
            f"cluster spec {path} has {', '.join(unknown)}; it takes new_cluster and libraries"
        )
    libraries = content.get("libraries", [])
    if not isinstance(libraries, list) or not all(isinstance(each, dict) for each in libraries):
        raise SettingsError(f"libraries of cluster spec {path} is no list of objects; {SPEC} shows one")
    spec = ClusterSpec(content["new_cluster"], tuple(libraries))
    _check(spec, path)
    return spec


def _check(spec: ClusterSpec, path: Path) -> None:
    mode = spec.new_cluster.get("data_security_mode")
    if mode not in CLASSIC:
        raise SettingsError(
            f"data_security_mode of cluster spec {path} is {mode!r}; MLeap exports through the driver's JVM, "
            "which standard (shared) and serverless compute do not open; set it to SINGLE_USER"
        )
    exporters = [each for each in map(_coordinates, spec.libraries) if ":mleap-spark_" in each]
    if len(exporters) != 1:
        raise SettingsError(
            f"libraries of cluster spec {path} hold {len(exporters)} MLeap exporters; give it one: "
            f'{{"maven": {{"coordinates": "{Settings().mleap_exporter}"}}}}'
        )
    version = str(spec.new_cluster.get("spark_version", ""))
    found, scala = _SCALA.search(version), read_coordinates(exporters[0]).scala
    if found is None or found[1] != scala:
        raise SettingsError(
            f"spark_version of cluster spec {path} is {version!r}, and {exporters[0]} is for Scala {scala}; "
            f"take a runtime that ends in -scala{scala}, such as that of {SPEC}"
        )


def _coordinates(library: dict[str, Any]) -> str:
    maven = library.get("maven")
    return str(maven.get("coordinates", "")) if isinstance(maven, dict) else ""
