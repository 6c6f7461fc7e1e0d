"""From a fitted Spark pipeline to an MLeap bundle."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaClass
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from days_to_sell.errors import ExportError
from days_to_sell.registry.exportable import check_exportable
from days_to_sell.scoring.folder import Folder, read_bundle_files, write_bundle_files

ABOUT, EPOCH = "bundle.json", "1970-01-01T00:00:00"


def export_bundle(model: PipelineModel, sample_input: DataFrame, target: Path) -> Path:
    """Write a fitted pipeline as an MLeap bundle in JSON format.

    Args:
        model: The fitted pipeline.
        sample_input: A frame that the pipeline transforms; the exporter reads the schema of the outcome.
        target: The ``.zip`` to write; it must not exist.

    Raises:
        ExportError: The exporter is not on the session, or refused a stage.
    """
    jvm = _exporting_jvm(sample_input)
    check_exportable(model, exporter=jvm.ml.combust.bundle.dsl.Bundle.version())
    draft = target.with_name(f".{target.name}.part.zip")
    draft.unlink(missing_ok=True)
    try:
        transformed = model.transform(sample_input)
        serializer = jvm.ml.combust.mleap.spark.SimpleSparkSerializer()
        serializer.serializeToBundle(model._to_java(), f"jar:file:{draft.absolute()}", transformed._jdf)
    except (PySparkException, Py4JJavaError) as error:
        draft.unlink(missing_ok=True)
        raise ExportError(f"the MLeap exporter refused the pipeline: {_reason(error)}") from error
    _take_chance_out(draft)
    draft.rename(target)
    return target


def _take_chance_out(bundle: Path) -> None:
    """Replace the random name and the time of an export, so that the same pipeline gives the same bytes.

    The name follows from all else that the bundle holds.
    """
    files = dict(read_bundle_files(bundle).contents())
    about = json.loads(files.pop(ABOUT))
    content = hashlib.sha256()
    for path in sorted(files):
        content.update(f"{path} {len(files[path])}\n".encode())
        content.update(files[path])
    about |= {"uid": str(uuid.UUID(content.hexdigest()[:32])), "timestamp": EPOCH}
    files[ABOUT] = json.dumps(about, indent=2, sort_keys=True).encode()
    bundle.unlink()
    write_bundle_files(Folder(files), bundle)


def _exporting_jvm(sample_input: Any) -> Any:
    if not isinstance(sample_input, DataFrame):
        kind = f"{type(sample_input).__module__}.{type(sample_input).__name__}"
        if "connect" in kind:
            raise ExportError(
                "sample_input belongs to a Spark Connect session, from which MLeap cannot export; unset "
                "SPARK_REMOTE, or run on the cluster itself with spark-submit"
            )
        raise ExportError(f"sample_input is a {kind}; give a Spark DataFrame that the pipeline can transform")
    jvm: Any = sample_input.sparkSession._jvm
    if not isinstance(jvm.ml.combust.mleap.spark.SimpleSparkSerializer, JavaClass):
        raise ExportError(
            "the MLeap exporter is not on this Spark session; start it with "
            "days_to_sell.training.spark.session, or add the exporter's coordinates to spark.jars.packages"
        )
    return jvm


def _reason(error: PySparkException | Py4JJavaError) -> str:
    said = str(error.java_exception.toString()) if isinstance(error, Py4JJavaError) else str(error)
    first = said.splitlines()[0]
    if "unsupported attribute for field" in first:
        column = first.rsplit(" ", 1)[-1]
        return (
            f"{first}: nothing says which categories the column {column} has; index it with StringIndexer or "
            "cut it with Bucketizer within the pipeline"
        )
    if "key not found" in first:
        return f"{first}: MLeap has no operator for that class"
    return first
