"""The predictor: raw rows in, days or reasons out, and the proof of its own package."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import TRACED
from days_to_sell.scoring.package import ModelPackage, write_package
from days_to_sell.scoring.predictor import Predictor, Refusal
from days_to_sell.spec import Column, Field, MonthsBetween, Ratio, RequestContract
from tests.packages import CAR, days_by_formula, make_package, profile_of, rewrite, rewrite_bundle
from tests.unit.scoring.bundles import (
    Document,
    bundle,
    doubles,
    leaf,
    node,
    shapes,
    split,
    tree,
    vector,
)

Columns = tuple[Column, ...]
INTERCEPT = '"double": 12.0'


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """The package whose answers a test can work out."""
    return make_package(tmp_path / "package")


@pytest.fixture
def predictor(package: ModelPackage) -> Predictor:
    """Its predictor."""
    return Predictor(package)


def _refused(answer: float | Refusal) -> Refusal:
    assert isinstance(answer, Refusal), f"{answer} is an answer"
    return answer


def test_rows_are_answered_by_the_formula(predictor: Predictor) -> None:
    """Derivations and bundle together give what the formula gives, row by row."""
    rows = [CAR | {"price_gbp": price} for price in (5_000.0, 9_500.0, 20_000.0)]
    assert predictor.predict(rows) == pytest.approx([days_by_formula(row) for row in rows], rel=1e-12)
    assert predictor.predict([]) == []


def test_a_bad_row_does_not_cost_the_others_their_answers(predictor: Predictor) -> None:
    """Answers and rows pair up, whatever happens to one of them."""
    first, second, third = predictor.predict([CAR, CAR | {"price_gbp": -1}, CAR])
    assert first == third == pytest.approx(days_by_formula(CAR))
    assert [problem.field for problem in _refused(second).problems] == ["price_gbp"]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"price_gbp": None}, "price_gbp", "price_gbp is required"),
        ({"price_gbp": math.nan}, "price_gbp", "price_gbp is required"),
        ({"price_gbp": math.inf}, "price_gbp", "price_gbp is not finite"),
        ({"price_gbp": "9500"}, "price_gbp", "price_gbp is not a number"),
        ({"mileage": 0.5}, "mileage", "mileage is not a whole number"),
        ({"mileage": True}, "mileage", "mileage is not a number"),
        ({"valuation_gbp": 0}, "valuation_gbp", "valuation_gbp is too small"),
        ({"colour": "red"}, "colour", "colour is no field of this model"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused_by_field(
    predictor: Predictor, change: dict[str, Any], field: str, message: str
) -> None:
    """The refusal names the field and says what to send."""
    (problem,) = _refused(predictor.predict([CAR | change])[0]).problems
    assert problem.field == field
    assert problem.message.startswith(message)
    assert "; send " in problem.message


def test_every_problem_of_a_row_is_named_at_once(predictor: Predictor) -> None:
    """Nobody has to send a row three times to find three faults."""
    refusal = _refused(predictor.predict([{"price_gbp": -1, "mileage": "x"}])[0])
    assert [problem.field for problem in refusal.problems] == ["price_gbp", "valuation_gbp", "mileage"]
    assert str(refusal).count("; send ") == 3


def test_unknown_fields_can_be_passed_over(package: ModelPackage) -> None:
    """A caller that sends more than the model knows is served where the operator allows it."""
    tolerant = Predictor(package, allow_unknown_fields=True)
    assert tolerant.predict([CAR | {"colour": "red"}]) == [pytest.approx(days_by_formula(CAR))]


def _predictor(folder: Path, *nodes: Document, derivations: Derivations, columns: Columns) -> Predictor:
    """A predictor over a bundle of ``nodes``, whose clock stands on New Year's Day of 2025."""
    package = write_package(
        folder / "package",
        model="m",
        bundle=bundle(folder, *nodes),
        contract=RequestContract("m", "M", "d", 180, tuple(Field(column) for column in columns)),
        derivations=derivations,
        golden=[],
        profile=profile_of([CAR]),
        provenance={},
    )
    return Predictor(package, today=lambda: date(2025, 1, 1))


def _assembler(*columns: str) -> Document:
    inputs = {f"input{i}": column for i, column in enumerate(columns)}
    widths = shapes(*[None] * len(columns))
    return node("vector_assembler", inputs, {"output": "features"}, {"input_shapes": widths})


BOUNDS = node(
    "isotonic_regression",
    {"features": "days_unbounded"},
    {"prediction": "days"},
    {"boundaries": doubles(0.5, 180.0), "predictions": doubles(0.5, 180.0), "isotonic": {"boolean": True}},
)


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        pytest.param(3.0, 4.0, 19.0, id="finite"),
        pytest.param(1e6, 0.0, 180.0, id="finite, beyond the horizon"),
        pytest.param(1e308, 0.0, None, id="infinite"),
        pytest.param(-1e308, 0.0, None, id="infinite below"),
        pytest.param(1e308, -1e308, None, id="NaN"),
    ],
)
def test_what_is_not_finite_before_the_bounds_is_refused(
    tmp_path: Path, a: float, b: float, answer: float | None
) -> None:
    """The bounds make 180 of infinity and of NaN; a row that comes to either gets a refusal, never 180."""
    unbounded = node(
        "linear_regression",
        {"features": "features"},
        {"prediction": "days_unbounded"},
        {"coefficients": vector(2.0, 3.0), "intercept": {"double": 1.0}},
    )
    predictor = _predictor(
        tmp_path,
        _assembler("a", "b"),
        unbounded,
        BOUNDS,
        derivations=Derivations({}, {}),
        columns=(Column("a", "double"), Column("b", "double")),
    )
    (found,) = predictor.predict([{"a": a, "b": b}])
    if answer is None:
        assert str(_refused(found))
    else:
        assert found == pytest.approx(answer)


@pytest.mark.parametrize("part", [0.0, 5e-324])
def test_trees_do_not_answer_a_row_without_the_number_they_need(tmp_path: Path, part: float) -> None:
    """A tree sends NaN and infinity down some branch; a required number stops such a row before it."""
    numbers = (Column("whole", "double"), Column("part", "double"))
    ratio = {"ratio": Ratio("whole", "part")}
    trees = tree(split(type="continuous", featureIndex=0, threshold=1.0), leaf(5.0), leaf(9.0), features=1)
    row = {"whole": 2.0, "part": part}
    for required, answered in (((), True), (("ratio",), False)):
        folder = tmp_path / str(answered)
        folder.mkdir()
        predictor = _predictor(
            folder,
            _assembler("ratio"),
            trees,
            derivations=Derivations(ratio, {}, required),
            columns=numbers,
        )
        assert predictor.predict([row | {"part": 1.0}]) == [9.0]
        (found,) = predictor.predict([row])
        assert isinstance(found, float) is answered
    assert str(found) == "the values of this row give no finite ratio; check what it is made of"


def test_a_date_left_out_is_today_by_the_clock(tmp_path: Path) -> None:
    """The clock counts where the row says nothing, and only there."""
    months = node(
        "linear_regression",
        {"features": "features"},
        {"prediction": "days"},
        {"coefficients": vector(1.0), "intercept": {"double": 0.0}},
    )
    predictor = _predictor(
        tmp_path,
        _assembler("age"),
        months,
        derivations=Derivations({"age": MonthsBetween("first", "as_of")}, {}, ("age",)),
        columns=(Column("first", "date"), Column("as_of", "date", default_today=True)),
    )
    first = {"first": "2024-07-01"}
    answers = predictor.predict([first, first | {"as_of": None}, first | {"as_of": "2024-09-01"}])
    assert answers == [6.0, 6.0, 2.0]


def test_the_package_proves_itself(predictor: Predictor) -> None:
    """The golden rows of a sound package are all answered as they say."""
    proof = predictor.prove()
    assert (proof.passed, proof.rows) == (True, 25)
    assert proof.max_rel_error < 1e-12


def test_one_changed_golden_prediction_is_caught(package: ModelPackage) -> None:
    """A golden answer that is off by a millionth fails the proof, and the proof names the row."""

    def off(text: str) -> str:
        first, *rest = text.splitlines()
        row = json.loads(first)
        row["days"] *= 1.000001
        return "\n".join([json.dumps(row), *rest]) + "\n"

    proof = Predictor(rewrite(package.root, "golden.jsonl", off)).prove()
    assert not proof.passed
    assert [difference.row_id for difference in proof.differences] == ["row-0"]


def test_one_changed_number_of_the_bundle_is_caught(package: ModelPackage) -> None:
    """A coefficient that is off by a millionth fails the proof on every row."""
    changed = rewrite_bundle(package.root, lambda text: text.replace(INTERCEPT, '"double": 12.000012'))
    proof = Predictor(changed).prove()
    assert not proof.passed
    assert len(proof.differences) == 25


def test_the_stage_that_answers_otherwise_is_named(package: ModelPackage) -> None:
    """A number that was changed is found at the stage that holds it, with what went in and what came out."""
    changed = rewrite_bundle(package.root, lambda text: text.replace(INTERCEPT, '"double": 12.5'))
    first = Predictor(changed).prove().differences[0]
    assert first.stage is not None
    assert (first.stage.position, first.stage.op, first.stage.column) == (2, "linear_regression", "days")
    assert "first at stage 2, linear_regression 'days_regression', column days: inputs features" in str(first)


def test_a_derivation_that_answers_otherwise_is_named_before_any_stage(package: ModelPackage) -> None:
    """Where the scorer derives another number than Spark, the pipeline behind it is not blamed."""
    swapped = rewrite(
        package.root,
        "derivations.json",
        lambda text: text.replace('"numerator": "price_gbp"', '"numerator": "valuation_gbp"'),
    )
    stage = Predictor(swapped).prove().differences[0].stage
    assert str(stage).startswith("before the pipeline, ratio 'price_to_valuation', column price_to_valuation")


def test_only_as_many_rows_are_traced_as_somebody_reads(package: ModelPackage) -> None:
    """All rows that differ are listed, the worst few with their stage."""
    changed = rewrite_bundle(package.root, lambda text: text.replace(INTERCEPT, '"double": 12.5'))
    differences = Predictor(changed).prove().differences
    assert [each.stage is not None for each in differences] == [True] * TRACED + [False] * (25 - TRACED)


def test_a_package_without_recorded_stages_is_proved_by_its_answers(package: ModelPackage) -> None:
    """Golden rows of older packages hold answers alone; they prove as much, and name no stage."""

    def forget(text: str) -> str:
        rows = [json.loads(line) for line in text.splitlines()]
        return "".join(json.dumps({k: v for k, v in row.items() if k != "stages"}) + "\n" for row in rows)

    older = rewrite(package.root, "golden.jsonl", forget)
    assert Predictor(older).prove().passed
    changed = rewrite_bundle(older.root, lambda text: text.replace(INTERCEPT, '"double": 12.5'))
    (stage,) = {each.stage for each in Predictor(changed).prove().differences}
    assert stage is None
