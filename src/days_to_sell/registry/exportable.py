"""The pre-flight check: what MLeap cannot carry of a pipeline, found before anything expensive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.ml import Pipeline, PipelineModel

from days_to_sell.errors import ExportError
from days_to_sell.registry.spark_operators import (
    EXPORTER,
    ONE_VS_REST_CLASSIFIERS,
    OPERATORS,
    Limit,
    Severity,
    SparkOperator,
)

_SPARK, _CONNECT = "pyspark.ml.", "pyspark.ml.connect."


@dataclass(frozen=True)
class Finding:
    """A stage that MLeap does not carry, or not all the way.

    Args:
        severity: ``error`` where the bundle could not be written, or would answer otherwise than Spark;
            ``warning`` where it answers as Spark does, but something else is lost.
        stage: Where it stands, such as ``stage 0, Pipeline > stage 2, Imputer``.
        why: What is the matter.
        instead: What to do in its place; empty where there is nothing to do.
    """

    severity: Severity
    stage: str
    why: str
    instead: str

    def __str__(self) -> str:
        return "; ".join(part for part in (f"{self.stage}: {self.why}", self.instead) if part)


def find_obstacles(pipeline: Any, exporter: str = EXPORTER) -> tuple[Finding, ...]:
    """Walk a pipeline, fitted or not, and name what MLeap does not carry.

    Args:
        pipeline: A pipeline or one of its stages; of pipelines in pipelines, every stage is looked at.
        exporter: Version of the exporter. Of another one than was tried here nothing is known for sure, so
            that its findings are warnings.

    Returns:
        The findings, in the order of the stages.
    """
    found = tuple(_pipeline(pipeline) if _is_pipeline(pipeline) else _stage(pipeline, _name(0, pipeline)))
    if exporter == EXPORTER:
        return found
    return tuple(
        replace(each, severity="warning", why=f"{each.why} (so MLeap {EXPORTER}; {exporter} was not tried)")
        for each in found
    )


def check_exportable(pipeline: Any, exporter: str = EXPORTER) -> tuple[Finding, ...]:
    """Refuse a pipeline, fitted or not, that MLeap cannot carry.

    Args:
        pipeline: A pipeline or one of its stages.
        exporter: Version of the exporter.

    Returns:
        The warnings: what is lost of a pipeline that does export.

    Raises:
        ExportError: Names every stage that cannot be carried, why, and what to use instead.
    """
    found = find_obstacles(pipeline, exporter)
    errors = [str(each) for each in found if each.severity == "error"]
    if errors:
        raise ExportError("MLeap cannot carry this pipeline:\n" + "\n".join(f"  {line}" for line in errors))
    return found


def stages_of(pipeline: Pipeline | PipelineModel) -> Sequence[Any]:
    """Give the stages of a pipeline, fitted or not."""
    return pipeline.stages if isinstance(pipeline, PipelineModel) else pipeline.getStages()


def _is_pipeline(stage: Any) -> bool:
    return isinstance(stage, Pipeline | PipelineModel)


def _pipeline(pipeline: Pipeline | PipelineModel, place: str = "") -> Iterator[Finding]:
    for number, stage in enumerate(stages_of(pipeline)):
        yield from _stage(stage, f"{place}{_name(number, stage)}")


def _name(number: int, stage: Any) -> str:
    return f"stage {number}, {type(stage).__name__}"


def _stage(stage: Any, place: str) -> Iterator[Finding]:
    operator = _operator(stage)
    if _is_pipeline(stage):
        yield from _pipeline(stage, f"{place} > ")
    elif operator is None:
        yield _unknown(stage, place)
    elif operator.spark in {"CrossValidator", "TrainValidationSplit"}:
        inner = stage.bestModel if hasattr(stage, "bestModel") else stage.getEstimator()
        yield from _stage(inner, f"{place} > {type(inner).__name__}")
    else:
        yield from _known(operator, place)
        yield from (_limited(limit, place) for limit in operator.limits if _applies(limit, stage))
        if operator.spark == "OneVsRest":
            yield from _one_vs_rest(stage, place)


def _operator(stage: Any) -> SparkOperator | None:
    kind = type(stage)
    if not kind.__module__.startswith(_SPARK) or kind.__module__.startswith(_CONNECT):
        return None
    # Fitting QuantileDiscretizer gives a Bucketizer: who has that name of its own comes first.
    named = [each for each in OPERATORS if each.spark == kind.__name__]
    named += [each for each in OPERATORS if each.fitted == kind.__name__]
    return named[0] if named else None


def _unknown(stage: Any, place: str) -> Finding:
    module = type(stage).__module__
    if module.startswith(_CONNECT):
        return Finding(
            "error",
            place,
            "a stage of Spark Connect, which lives in Python and has no Spark ML behind it",
            "use the class of the same purpose in pyspark.ml, in a classic session",
        )
    if module.startswith(_SPARK):
        return Finding("error", place, "a stage that nobody tried to export", "use one of Spark ML's own")
    return Finding(
        "error",
        place,
        f"a stage of {module}, for which MLeap has no operator",
        "use a stage of Spark's own, or compute its columns before the pipeline",
    )


def _known(operator: SparkOperator, place: str) -> Iterator[Finding]:
    if not (operator.exports and operator.scores_in_jvm):
        yield Finding("error", place, operator.why, operator.instead)
    elif not operator.reads_back:
        yield Finding(
            "warning", place, f"its bundle is scored, but not read back into Spark: {operator.why}", ""
        )


def _limited(limit: Limit, place: str) -> Finding:
    return Finding(limit.severity, place, f"with {limit.parameter}, {limit.why}", limit.instead)


def _applies(limit: Limit, stage: Any) -> bool:
    if not stage.hasParam(limit.parameter) or not stage.isDefined(limit.parameter):
        return False
    value = stage.getOrDefault(limit.parameter)
    return value in limit.values if limit.values else stage.isSet(limit.parameter) and bool(value)


def _one_vs_rest(stage: Any, place: str) -> Iterator[Finding]:
    classifier = stage.models[0] if hasattr(stage, "models") else stage.getClassifier()
    operator = _operator(classifier)
    inner = f"{place} > {type(classifier).__name__}"
    if operator is None or operator.spark not in ONE_VS_REST_CLASSIFIERS:
        yield Finding(
            "error",
            inner,
            "MLeap compares probabilities where Spark compares raw predictions, and here they differ",
            f"use one of {', '.join(sorted(ONE_VS_REST_CLASSIFIERS))}",
        )
    else:
        yield from _stage(classifier, inner)
