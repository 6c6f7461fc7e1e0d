"""``days-to-sell bundle`` on a small package, without Spark."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from days_to_sell.scoring.package import ModelPackage
from tests.packages import INTERCEPT, PER_RATIO, make_package, rewrite
from tests.unit.cli.conftest import Call


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
