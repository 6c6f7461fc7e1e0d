"""Rounds of random pipelines: fitted by Spark, exported by MLeap, scored by every engine, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyspark.ml import Pipeline
from pyspark.sql import SparkSession

from days_to_sell.registry.mleap_export import export_bundle
from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.jvm import JvmRuntime, load_in_jvm
from days_to_sell.scoring.python import PythonBundle
from days_to_sell.scoring.trace import Stop, Tracer
from tests.parity.generated import deal
from tests.parity.generated_draft import Stage
from tests.parity.generated_engines import Answer, Spark, in_batch, one_by_one, stages_of
from tests.parity.generated_frame import Row, training_frame
from tests.parity.generated_judge import Judge, Tally, kind
from tests.parity.generated_rows import rows_for

FITTED_ROWS = 120
# Spark needs a job for each row that it refuses, so no more of a pipeline are kept than these for each stage.
REFUSED_EACH = 6
# A fault in an operator shows in most rows; so many disagreements of one pipeline are told, all are counted.
TOLD = 5


@dataclass
class Findings:
    """What many pipelines showed.

    Args:
        pipelines: Pipelines compared.
        rows: Rows scored by every engine.
        tallies: What is known of each operator.
        exempted: Rows on which engines parted as the table of differences says, by line of the table.
        disagreements: Those beyond it, counted.
        told: The first of them in each pipeline, in words, enough to repeat them.
    """

    pipelines: int = 0
    rows: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    exempted: dict[str, int] = field(default_factory=dict)
    disagreements: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, judge: Judge, rows: int) -> None:
        """Add what one pipeline showed."""
        self.pipelines += 1
        self.rows += rows
        for key, count in judge.exempted.items():
            self.exempted[key] = self.exempted.get(key, 0) + count
        for op, seen in judge.tallies.items():
            known = self.tallies.setdefault(op, Tally())
            known.pipelines += seen.pipelines
            known.rows += seen.rows
            known.refusals += seen.refusals
            known.disagreements += seen.disagreements
            for engine, error in seen.errors.items():
                known.errors[engine] = max(known.errors[engine], error)


def compare_round(
    spark: SparkSession, runtime: JvmRuntime, seed: int, rows: int, folder: Path, findings: Findings
) -> Iterator[str]:
    """Compare the engines on the pipelines of one round; give a line on each.

    Args:
        spark: A session with the exporter.
        runtime: MLeap's runtime.
        seed: What decides everything.
        rows: Rows for each pipeline.
        folder: Where bundles are written.
        findings: What is added to.
    """
    for hand, stages in enumerate(deal(seed)):
        where = f"seed {seed}, pipeline {hand}"
        bundle = folder / f"{seed}-{hand}.zip"
        yield f"{where}: {_compare(spark, runtime, stages, seed + hand, rows, bundle, where, findings)}"


def _compare(
    spark: SparkSession,
    runtime: JvmRuntime,
    stages: list[Stage],
    seed: int,
    count: int,
    bundle: Path,
    where: str,
    findings: Findings,
) -> str:
    frame = training_frame(spark, seed, FITTED_ROWS)
    try:
        model = Pipeline(stages=stages).fit(frame)
        export_bundle(model, frame, bundle)
    finally:
        frame.unpersist()
    python = load_bundle(bundle)
    assert isinstance(python, PythonBundle)
    rows, followed = _few_of_a_kind(python, rows_for(bundle, seed, count))
    answers: dict[str, list[Answer]] = {
        "python": one_by_one(python, rows),
        "batch": in_batch(replace(python, arrays=True), rows),
        "mleap": in_batch(load_in_jvm(bundle, runtime), rows),
    }
    suspected = [kind(answer) == "refuses" for answer in answers["python"]]
    answers["spark"] = Spark(spark, model).score(rows, suspected)
    choices = {
        stage.uid: stage.getOrDefault("handleInvalid")
        for stage in stages_of(model)
        if stage.hasParam("handleInvalid")
    }
    judge = Judge(python.plan.stages, choices)
    wrong = [
        f"{where}, row {number}: {words}\n    {row}"
        for number, row in enumerate(rows)
        for words in judge.compare(
            row, {engine: found[number] for engine, found in answers.items()}, *followed[number]
        )
    ]
    findings.add(judge, len(rows))
    findings.disagreements += len(wrong)
    findings.told += wrong[:TOLD]
    without = sum(kind(answer) != "answers" for answer in answers["spark"])
    return (
        f"{len(python.plan.stages)} stages, {len(rows)} rows, {without} of them not answered by Spark, "
        f"{len(wrong)} disagreements"
    )


def _few_of_a_kind(python: PythonBundle, rows: list[Row]) -> tuple[list[Row], list[tuple[Row, Stop | None]]]:
    """Follow rows through the stages, and leave all but a few of those out that stop at the same one."""
    tracer, stops = Tracer(python), Counter[int]()
    kept: list[Row] = []
    followed: list[tuple[Row, Stop | None]] = []
    for row in rows:
        reached, stop = tracer.follow(row)
        if stop is not None:
            stops[stop.position] += 1
            if stops[stop.position] > REFUSED_EACH:
                continue
        kept.append(row)
        followed.append((reached, stop))
    return kept, followed
