"""``days-to-sell bundle`` on a small package, without Spark."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from days_to_sell.scoring.package import ModelPackage
from tests.packages import INTERCEPT, PER_RATIO, make_package, rewrite
from tests.unit.cli.conftest import Call
from tests.unit.scoring.bundles import assembler, bundle, indexer, leaf, line, node, split, tree


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A small model package."""
    return make_package(tmp_path / "package")


def test_inspect_shows_nodes_columns_and_size(call: Call, package: ModelPackage) -> None:
    """The operators in order with what they read and write, and what every column holds."""
    ended = call("bundle", "inspect", package.bundle)
    assert ended.code == 0
    first, *lines = ended.out.splitlines()
    assert first == (
        f"bundle tiny, written by MLeap 0.16.0; {package.bundle.stat().st_size:,} bytes in {package.bundle}"
    )
    assert lines == [
        "",
        "2 nodes",
        "  1  vector_assembler   price_to_valuation, mileage  ->  features  (assembler)",
        "  2  linear_regression  features                     ->  days      (days_regression)",
        "",
        "2 inputs",
        "  price_to_valuation  number",
        "  mileage             number",
        "",
        "2 outputs",
        "  features  vector of 2",
        "  days      number",
    ]


def test_score_answers_each_line_with_a_line(
    call: Call, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come from standard input; blank lines are passed over."""
    rows = [{"price_to_valuation": ratio, "mileage": 0} for ratio in (1.0, 2.0)]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n".join(map(json.dumps, rows)) + "\n"))
    ended = call("bundle", "score", package.bundle)
    assert ended.code == 0, ended.err
    days = [json.loads(line)["days"] for line in ended.out.splitlines()]
    assert days == pytest.approx([INTERCEPT + PER_RATIO, INTERCEPT + 2 * PER_RATIO])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "error: line 2 is no JSON"),
        ("[1, 2]", "error: line 2 is no JSON object; send one row as {field: value}"),
        ('{"mileage": 3}', "error: line 2: the row lacks 'price_to_valuation'"),
    ],
)
def test_a_line_that_cannot_be_scored_is_named(
    call: Call, package: ModelPackage, tmp_path: Path, line: str, message: str
) -> None:
    """The lines before it are answered; its number and what is wrong are told, with exit code 1."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"price_to_valuation": 1, "mileage": 0}\n' + line + "\n", encoding="utf-8")
    ended = call("bundle", "score", package.bundle, "--input", rows)
    assert (ended.code, len(ended.out.splitlines())) == (1, 1)
    assert message in ended.err


def test_inspect_tells_programs_the_same(call: Call, tmp_path: Path) -> None:
    """As JSON, trees and splits included."""
    known = tree(split(type="continuous", featureIndex=1, threshold=3.0), leaf(1.0), leaf(2.0))
    ended = call("bundle", "inspect", bundle(tmp_path, indexer(), assembler(), known), "--json")
    assert ended.code == 0
    found = json.loads(ended.out)
    assert found["inputs"] == {"make": "string", "age": "number"}
    assert found["outputs"] == {"rank": "number", "features": "vector of 2", "days": "number"}
    assert [(each["operator"], each["trees"], each["splits"]) for each in found["nodes"]] == [
        ("string_indexer", 0, 0),
        ("vector_assembler", 0, 0),
        ("decision_tree_regression", 1, 1),
    ]
    assert found["refused"] == ""


def test_inspect_lists_operators_that_nothing_here_computes(call: Call, tmp_path: Path) -> None:
    """The nodes by name; what is missing is said."""
    made = bundle(tmp_path, indexer(), node("word_to_vector", {"input": "make"}, {"output": "v"}, {}))
    ended = call("bundle", "inspect", made)
    assert ended.code == 0
    assert [line.split()[1] for line in ended.out.splitlines() if line.startswith("  ")] == [
        "string_indexer",
        "word_to_vector",
    ]
    assert "the engine in Python has no operator word_to_vector" in ended.out


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A bundle whose indexer drops rows of an unseen make, and a line from rank and age to days."""
    return bundle(tmp_path, indexer(handle_invalid={"string": "skip"}), assembler(), line())


def test_csv_comes_and_goes_by_its_header(call: Call, cars: Path, tmp_path: Path) -> None:
    """Cells are read as the pipeline takes them; a row that is dropped is a line of empty cells."""
    rows, target = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text('id,age,make\n007,1.5,b\n8,2,"x, y"\n9,3,a\n', encoding="utf-8-sig")
    ended = call(
        "bundle", "score", cars, "--input", rows, "--output", target, "--columns", "id,days,features"
    )
    assert ended.code == 0, ended.err
    assert target.read_text(encoding="utf-8").splitlines() == [
        "id,days,features",
        '007,7.5,"[1.0, 1.5]"',
        ",,",
        '9,10.0,"[0.0, 3.0]"',
    ]
    assert ended.out == f"{target}: 3 rows: 2 scored, 1 dropped\n"


def test_answers_and_rows_pair_up_in_json_too(call: Call, cars: Path, tmp_path: Path) -> None:
    """Null stands for a row that is dropped, and for a number that is none."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"make": "a", "age": null}\n{"make": "z", "age": 1}\n', encoding="utf-8")
    ended = call("bundle", "score", cars, "--input", rows)
    assert ended.code == 0, ended.err
    first, second = map(json.loads, ended.out.splitlines())
    assert first == {"make": "a", "age": None, "rank": 0.0, "features": [0.0, None], "days": None}
    assert second is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("make,age\na,old\n", "line 2: column 'age' must hold a number or nothing, got 'old'"),
        ("make,age\na,1\nb\n", "line 3 has 1 cells where the header names 2"),
        ("make,make\n", "line 1 has to name the columns"),
        ("make\na\n", "line 2: the row lacks 'age'"),
        ('make,age\n"a,1\n', "is no CSV"),
    ],
)
def test_a_bad_line_of_a_csv_file_leaves_no_file_behind(
    call: Call, cars: Path, tmp_path: Path, text: str, message: str
) -> None:
    """Its number and what is wrong are told; what was there under the file's name stays."""
    rows, target = tmp_path / "rows.csv", tmp_path / "out.csv"
    rows.write_text(text, encoding="utf-8")
    target.write_text("of yesterday", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    ended = call("bundle", "score", cars, "--input", rows, "--output", target)
    assert ended.code == 1
    assert message in ended.err
    assert target.read_text(encoding="utf-8") == "of yesterday"
    assert sorted(tmp_path.iterdir()) == before


def test_rows_that_are_refused_can_be_told_of_and_passed_over(call: Call, tmp_path: Path) -> None:
    """With --on-error report, the others are answered, and each that is not is told by its line."""
    made = bundle(tmp_path, indexer(handle_invalid={"string": "error"}))
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"make": "z"}\n{"make": "b"}\n', encoding="utf-8")
    ended = call("bundle", "score", made, "--input", rows, "--on-error", "report")
    assert (ended.code, ended.out) == (0, 'null\n{"make": "b", "rank": 1.0}\n')
    assert "line 1: column 'make' holds 'z'" in ended.err


def test_columns_that_nobody_writes_are_refused(call: Call, cars: Path, tmp_path: Path) -> None:
    """Whether none of the pipeline's is asked for, or one that rows do not bring."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"make": "a", "age": 1}\n', encoding="utf-8")
    ended = call("bundle", "score", cars, "--input", rows, "--columns", "prediction")
    assert "--columns names none that the pipeline writes: rank, features, days" in ended.err
    ended = call("bundle", "score", cars, "--input", rows, "--columns", "id,days")
    assert "line 1 lacks id, which the pipeline does not write" in ended.err


def test_a_bundle_is_held_against_rows_as_spark_writes_them(call: Call, cars: Path, tmp_path: Path) -> None:
    """Vectors in Spark's own form; the first stage that differs is named with what it read."""
    golden = tmp_path / "golden.jsonl"
    features = {"type": 0, "size": 2, "indices": [1], "values": [3.0]}
    known = {"make": "a", "age": 3, "rank": 0.0, "features": features, "days": 10.0}
    golden.write_text(f"{json.dumps(known)}\n{json.dumps(known | {'days': 10.1})}\n", encoding="utf-8")
    ended = call("bundle", "verify", cars, "--golden", golden)
    assert ended.code == 1
    assert ended.err == (
        "error: line 2, stage 3, linear_regression 'n2', column days: inputs features = [0.0, 3.0]; "
        "expected 10.1, got 10.0\n"
    )
    golden.write_text(f"{json.dumps(known)}\n", encoding="utf-8")
    ended = call("bundle", "verify", cars, "--golden", golden)
    assert (ended.code, ended.out) == (0, f"{cars}: 1 golden rows hold, largest relative error 0.0e+00\n")


def test_golden_rows_have_to_say_what_is_expected(call: Call, cars: Path, tmp_path: Path) -> None:
    """A row without a column of the pipeline proves nothing, nor does a file without rows."""
    golden = tmp_path / "golden.jsonl"
    golden.write_text('{"make": "a", "age": 3}\n', encoding="utf-8")
    assert (
        "line 1 holds no column that the pipeline writes"
        in call("bundle", "verify", cars, "--golden", golden).err
    )
    golden.write_text("", encoding="utf-8")
    assert "holds no rows" in call("bundle", "verify", cars, "--golden", golden).err
    assert "--golden" in call("bundle", "verify", cars).err


def test_verify_proves_a_package(call: Call, package: ModelPackage) -> None:
    """A sound package is named by its digest, with the golden rows that hold."""
    ended = call("bundle", "verify", package.root)
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{package.digest}: 25 golden rows hold, largest relative error ")


def test_verify_refuses_a_wrong_prediction(call: Call, package: ModelPackage) -> None:
    """One golden answer that differs is told with its row, and the exit code is 1."""
    rewrite(package.root, "golden.jsonl", lambda text: text.replace('"days": ', '"days": 1', 1))
    ended = call("bundle", "verify", package.root)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert "row-0" in ended.err


def test_verify_refuses_a_damaged_file(call: Call, package: ModelPackage) -> None:
    """A file that is not the manifest's is named."""
    package.bundle.write_bytes(b"")
    ended = call("bundle", "verify", package.root)
    assert ended.code == 1
    assert "bundle.zip has SHA-256" in ended.err


def test_a_file_that_is_no_bundle_is_one_message(call: Call, tmp_path: Path) -> None:
    """What cannot be opened is named, without a stack trace."""
    file = tmp_path / "model.zip"
    file.write_text("not a zip", encoding="utf-8")
    ended = call("bundle", "inspect", file)
    assert ended.code == 1
    assert ended.err.startswith("error: ")
    assert "model.zip" in ended.err
