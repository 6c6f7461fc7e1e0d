"""The benchmark of the scorer: what it works out of its measurements, and which targets were missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.engines import Speed, largest_distance, measure
from bench.fitted import FITS, TEXTS, generated_rows
from bench.scorer import FIRST, Cold, Found, findings, missed
from days_to_sell.scoring import load_bundle
from tests.unit.scoring.bundles import assembler, bundle, indexer, line

FAST = Found(
    speed={"python": Speed(2.0, (400_000.0, 300_000.0)), "jvm": Speed(20.0, (50_000.0, 60_000.0))},
    cold={"python": Cold(100.0, 30.0), "jvm": Cold(2_000.0, 250.0)},
    max_rel_error=1e-12,
)


def test_ratios_are_how_many_times_as_fast_python_is() -> None:
    """Times are divided one way, rows a second the other."""
    assert (FAST.ratio, FAST.batch_ratios, FAST.cold_ratio) == (10.0, (8.0, 5.0), 20.0)
    assert list(missed(FIRST, FAST)) == []


def test_a_target_that_is_missed_is_told_with_its_bundle() -> None:
    """The smallest forest has a target of its own; answers that differ make all speed worthless."""
    slow = Found(
        {"python": Speed(4.0, (50_000.0, 1.0)), "jvm": FAST.speed["jvm"]},
        {"python": Cold(1_000.0, 30.0), "jvm": FAST.cold["jvm"]},
        max_rel_error=1e-6,
    )
    assert list(missed(FIRST, slow)) == [
        f"{FIRST}: single rows 5.0 times as fast as the JVM, not 10 times",
        f"{FIRST}: batches of 1,000 1.0 times as fast as the JVM, not 5 times",
        f"{FIRST}: cold start 2.0 times as fast as the JVM, not 10 times",
        f"{FIRST}: answers differ by a relative 1.0e-06",
    ]
    assert [sentence for sentence in missed("aft", slow) if "single" in sentence] == []


def test_the_summary_has_the_figures_of_each_bundle_and_one_cold_start() -> None:
    """Under the names that readers of the summary look for."""
    found = findings(dict.fromkeys(FITS, FAST))
    assert found.figures["cold_start_ms"] == {"python": 100.0, "jvm": 2_000.0, "bundle": FIRST}
    for name in FITS:
        figures = found.figures[name]
        assert (figures["python_us"], figures["jvm_us"], figures["ratio"]) == (2.0, 20.0, 10.0)
        assert (figures["batch_python_rows_s"], figures["batch_jvm_rows_s"]) == (400_000, 50_000)
        assert any(line.startswith(FITS[name].title) for line in found.lines)
    json.dumps(found.figures)


def test_generated_rows_are_the_same_each_time_and_one_hot_columns_are_300() -> None:
    """Rows of one seed are equal, of another differ; all values of every text occur."""
    assert generated_rows(50, 1) == generated_rows(50, 1) != generated_rows(50, 2)
    assert sum(TEXTS.values()) == 300
    rows = generated_rows(10_000)
    assert {name: len({row[name] for row in rows}) for name in TEXTS} == dict(TEXTS)


def test_engines_take_turns_over_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bundles that answer alike are at no distance, and each gets its figures."""
    monkeypatch.setattr("bench.engines.COLUMN", "days")
    monkeypatch.setattr("bench.engines.BATCHES", (10, 30))
    monkeypatch.setattr("bench.engines.WARM_ROWS", 10)
    loaded = load_bundle(bundle(tmp_path, indexer(), assembler(), line()))
    rows = [{"make": "a", "age": float(age)} for age in range(20)]
    bundles = {"python": loaded.select(["days"]), "jvm": loaded.select(["days"])}
    assert largest_distance(bundles, rows) == 0.0
    found = measure(bundles, rows)
    assert set(found) == {"python", "jvm"}
    assert all(each.single_us > 0.0 and len(each.batch_rows_s) == 2 for each in found.values())
