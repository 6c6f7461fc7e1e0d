"""Two versions beside each other, on MLflow's own SQLite store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from days_to_sell.registry.differences.answers import Pair, compare_answers
from days_to_sell.registry.differences.facts import (
    Fact,
    code_facts,
    data_facts,
    metric_facts,
    parameter_facts,
    size_facts,
)
from days_to_sell.registry.differences.sides import Side, side_of_folder, side_of_version
from days_to_sell.registry.mleap_flavor import MODEL_DATA_SUBPATH
from days_to_sell.registry.versions import Registry
from days_to_sell.scoring.package import MANIFEST, ModelPackage
from tests.packages import make_package, rewrite
from tests.registered import register_folder

MODEL = "tiny-model"


def made_of(root: Path, intercept: float, **said: str) -> ModelPackage:
    """A package with more provenance."""
    make_package(root, intercept=intercept)
    more = json.dumps(said)[1:-1]
    return rewrite(root, MANIFEST, lambda text: text.replace('"run_id"', f'{more}, "run_id"'))


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Side, Side]:
    """Two packages that differ in data, parameters and answers."""
    old = {"source.adverts": "a" * 64, "source_rows.adverts": "400", "snapshot": "2026-01-01"}
    new = {**old, "source.adverts": "b" * 64, "source.prices": "c" * 64, "toolkit": "0.2"}
    fitted = json.dumps({"maxDepth": 5, "stepSize": 0.1, "nested": {"seed": 7}})
    before = made_of(tmp_path / "7", 12.0, **old, parameters=fitted, estimator="GBT")
    after = made_of(tmp_path / "8", 13.0, **new, parameters=json.dumps({"maxDepth": 6}), estimator="GBT")
    return Side("7", before, {"mae": 31.25, "cindex": 0.61}), Side("8", after, {"mae": 30.5, "r2": 0.1})


def test_data_is_compared_source_by_source(sides: tuple[Side, Side]) -> None:
    """With digest and rows; what one lacks is told as none."""
    facts = {fact.subject: fact for fact in data_facts(*sides)}
    assert facts["snapshot"].same
    assert facts["adverts rows"].same
    assert facts["adverts digest"] == Fact("adverts digest", "a" * 64, "b" * 64)
    assert facts["prices digest"] == Fact("prices digest", "none", "c" * 64)


def test_parameters_are_compared_one_by_one(sides: tuple[Side, Side]) -> None:
    """Nested ones too."""
    differing = {fact.subject: (fact.before, fact.after) for fact in parameter_facts(*sides) if not fact.same}
    assert differing == {"maxDepth": ("5", "6"), "stepSize": ("0.1", "none"), "nested.seed": ("7", "none")}


def test_metrics_size_and_code_are_compared(sides: tuple[Side, Side]) -> None:
    """As the runs measured them, as the files weigh, as the packages say."""
    metrics = {fact.subject: (fact.before, fact.after) for fact in metric_facts(*sides)}
    assert metrics == {"mae": ("31.25", "30.5"), "cindex": ("0.61", "none"), "r2": ("none", "0.1")}
    sizes = {fact.subject: fact.before for fact in size_facts(*sides)}
    total = sum(path.stat().st_size for path in sides[0].package.root.iterdir())
    assert sizes["package bytes"] == f"{total:,}"
    assert [fact.subject for fact in code_facts(*sides) if not fact.same] == ["toolkit"]


def test_both_answer_the_rows_of_both(sides: tuple[Side, Side]) -> None:
    """Another constant in the formula moves every answer by as much."""
    answers = compare_answers(*sides, most=3)
    assert (answers.rows, answers.equal, answers.one_refuses) == (25, 0, 0)
    assert answers.mean_change == pytest.approx(1.0)
    assert [pair.change for pair in answers.largest] == pytest.approx([1.0] * 3)


def test_a_version_answers_as_itself(sides: tuple[Side, Side]) -> None:
    """No difference, no row to show."""
    answers = compare_answers(sides[0], sides[0], most=3)
    assert (answers.equal, answers.largest, answers.mean_change) == (25, (), 0.0)


def test_rows_that_only_one_has_are_named_after_it(sides: tuple[Side, Side], tmp_path: Path) -> None:
    """And those that one refuses come first, with the reason."""
    more = make_package(tmp_path / "more", rows=27)
    strict = rewrite(
        more.root, "contract.json", lambda text: text.replace('"minimum": 1', '"minimum": 1600', 1)
    )
    answers = compare_answers(sides[0], Side("9", strict, {}), most=30)
    assert answers.rows == 27
    assert answers.one_refuses == 5
    assert {pair.row_id for pair in answers.largest} == {f"row-{number}" for number in range(5)}
    assert all(pair.after is None and "1600" in pair.why for pair in answers.largest)


def test_a_row_that_both_refuse_is_no_difference() -> None:
    """Nobody is answered otherwise than before."""
    assert Pair("row", None, None).same
    assert not Pair("row", 1.0, None).same


def test_a_registered_version_brings_its_metrics(client: MlflowClient, tmp_path: Path) -> None:
    """From its run; where that is gone, the rest can be compared all the same."""
    client.create_registered_model(MODEL)
    run = client.create_run(client.create_experiment("cars", str(tmp_path / "artifacts"))).info.run_id
    client.log_metric(run, "mae", 31.25)
    client.log_metric(run, "worst", float("nan"))
    for number, run_id in enumerate((run, "f" * 32), start=1):
        home = tmp_path / f"model-{number}"
        make_package(home / MODEL_DATA_SUBPATH)
        register_folder(client, MODEL, home, run_id=run_id)
    registry = Registry(client)
    first, second = (
        side_of_version(registry, client, registry.version(MODEL, number), tmp_path / f"side-{number}")
        for number in ("1", "2")
    )
    assert (first.name, first.metrics, first.note) == ("tiny-model version 1", {"mae": 31.25}, "")
    assert second.metrics == {}
    assert "metrics of tiny-model version 2 are not known" in second.note


def test_a_folder_is_a_side_without_metrics(sides: tuple[Side, Side]) -> None:
    """And says why there are none."""
    side = side_of_folder(sides[0].package.root)
    assert side.package == sides[0].package
    assert "a folder has no run" in side.note
