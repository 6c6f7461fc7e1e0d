"""Bundles scored by MLeap's own runtime in the process of the tests."""

from __future__ import annotations

import json
import math
import random
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from days_to_sell.errors import BundleError, EnvironmentProblem, ScoringError
from days_to_sell.scoring import Bundle, load_bundle
from days_to_sell.scoring.jvm import JvmRuntime
from days_to_sell.scoring.jvm.engine import BATCH_ROWS
from days_to_sell.scoring.kinds import BOOLEAN, NUMBER, STRING, Kind
from tests.unit.scoring.bundles import assembler, bundle, files, indexer, line, node, strings, zipped
from tests.unit.scoring.features import hasher

ROW = {"make": "a", "age": 10.0}
# Words of a text, and how often each of four is among them: operators that the engine in Python lacks.
TOKENIZER = node("tokenizer", {"input": "text"}, {"output": "words"}, {})
COUNTS = node(
    "count_vectorizer",
    {"input": "words"},
    {"output": "counts"},
    {
        "vocabulary": strings("red", "blue", "fast", "old"),
        "binary": {"boolean": False},
        "min_tf": {"double": 1.0},
    },
)


@pytest.fixture
def loaded(tmp_path: Path, mleap: JvmRuntime) -> Bundle:
    """A bundle that gives 2 * rank + 3 * age + 1."""
    return load_bundle(bundle(tmp_path, indexer(), assembler(), line()), "jvm", mleap)


def test_it_stands_behind_the_interface_of_every_engine(loaded: Bundle) -> None:
    """Name, engine and columns are told, these in the order in which the pipeline reads and writes them."""
    assert (loaded.name, loaded.engine) == ("by-hand", "jvm")
    assert list(loaded.inputs.items()) == [("make", STRING), ("age", NUMBER)]
    assert list(loaded.outputs.items()) == [("rank", NUMBER), ("features", Kind("vector")), ("days", NUMBER)]


def test_a_row_keeps_its_fields_and_gains_every_output(loaded: Bundle) -> None:
    """Alone and in a batch, a row is answered alike, and is not touched."""
    row = {"make": "b", "age": 10, "colour": "red"}
    answer = {**row, "rank": 1.0, "features": [1.0, 10.0], "days": 33.0}
    assert loaded.transform_row(row) == answer
    assert loaded.transform([row]) == [answer]
    assert row == {"make": "b", "age": 10, "colour": "red"}


def test_selected_columns_alone_are_added(loaded: Bundle) -> None:
    """A bundle can be asked for some of its columns, once and again."""
    chosen = loaded.select(["days", "rank"]).select(["days"])
    assert chosen.transform([ROW]) == [ROW | {"days": 31.0}]
    assert list(chosen.outputs) == ["days"]
    with pytest.raises(BundleError, match="the pipeline writes no rank; it writes days"):
        chosen.select(["rank"])


@pytest.mark.parametrize("make", ["", "A", "Škoda", "日産", "a\x00", "\ud800", "🚗", None])
def test_any_text_reaches_the_runtime(loaded: Bundle, make: str | None) -> None:
    """Null, and text that is no label, is the index behind the last, even text that is no Unicode."""
    assert loaded.select(["rank"]).transform_row(ROW | {"make": make}) == ROW | {"make": make, "rank": 2.0}


@pytest.mark.parametrize("age", [None, math.nan])
def test_a_null_number_is_nan(loaded: Bundle, age: float | None) -> None:
    """Null counts as NaN, which goes through to the prediction."""
    answer = loaded.transform_row(ROW | {"age": age})
    assert answer is not None
    assert answer["age"] is age
    assert math.isnan(answer["days"])


@pytest.mark.parametrize("age", [math.inf, -math.inf, 5e-324, 1.7976931348623157e308])
def test_numbers_cross_both_ways_bit_by_bit(loaded: Bundle, age: float) -> None:
    """Infinities, the smallest and the largest double come back as they went."""
    answer = loaded.transform_row(ROW | {"age": age})
    assert answer is not None
    assert answer["features"][1] == age


def test_a_batch_answers_row_by_row_as_single_rows_are_answered(loaded: Bundle) -> None:
    """More rows than one crossing takes come back in order, each with its own answer or error."""
    chance = random.Random(3)  # noqa: S311 - data, not secrets
    rows: list[dict[str, Any]] = [
        {"make": chance.choice(["a", "b", "c", None]), "age": chance.choice([1.5, 2, "old"])}
        for _ in range(BATCH_ROWS + 7)
    ]
    for row, answer in zip(rows, loaded.transform_each(rows), strict=True):
        if row["age"] == "old":
            assert isinstance(answer, ScoringError)
        else:
            assert answer == loaded.transform_row(row)


def test_a_dropped_row_is_left_out_where_it_stood(tmp_path: Path, mleap: JvmRuntime) -> None:
    """A stage that skips the invalid drops its row, and the others keep their places."""
    skip = indexer(handle_invalid={"string": "skip"})
    loaded = load_bundle(bundle(tmp_path, skip), "jvm", mleap)
    rows = [{"make": make} for make in ("c", "b", None, "a")]
    assert loaded.transform(rows) == [{"make": "b", "rank": 1.0}, {"make": "a", "rank": 0.0}]
    assert loaded.transform_each(rows)[::2] == [None, None]
    assert loaded.transform_row(rows[0]) is None


def test_a_row_that_the_runtime_refuses_is_named(tmp_path: Path, mleap: JvmRuntime) -> None:
    """The runtime gives up a whole batch; the error says which row it was, in the runtime's words."""
    error = indexer(handle_invalid={"string": "error"})
    loaded = load_bundle(bundle(tmp_path, error), "jvm", mleap)
    rows = [{"make": "a"}, {"make": "b"}, {"make": "zebra"}, {"make": "a"}]
    with pytest.raises(ScoringError, match=r"^row 2: MLeap's runtime refuses it: .*zebra"):
        loaded.transform(rows)
    first, second, third, fourth = loaded.transform_each(rows)
    assert (first, second, fourth) == (
        {"make": "a", "rank": 0.0},
        {"make": "b", "rank": 1.0},
        {"make": "a", "rank": 0.0},
    )
    assert isinstance(third, ScoringError)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"make": "a"}, "the row lacks 'age'; the pipeline needs make, age"),
        (ROW | {"age": "10"}, "column 'age' must hold a number or null, got '10'"),
        (ROW | {"make": 1}, "column 'make' must hold text or null, got 1"),
        (ROW | {"days": 1.0}, "the row brings 'days', which the pipeline writes"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_before_it_crosses(
    loaded: Bundle, row: dict[str, Any], message: str
) -> None:
    """Rows are held to the pipeline's columns in the words of the engine in Python, with their position."""
    with pytest.raises(ScoringError, match=f"^row 1: {message}"):
        loaded.transform([ROW, row])
    with pytest.raises(ScoringError, match=f"^{message}"):
        loaded.transform_row(row)


def test_whole_numbers_and_truth_values_cross_as_they_are_declared(tmp_path: Path, mleap: JvmRuntime) -> None:
    """A null truth counts for nothing, and no number is cut to one that is whole."""
    types = {"electric": "boolean", "doors": "int", "age": "double"}
    loaded = load_bundle(bundle(tmp_path, hasher(types, buckets=64)), "jvm", mleap).select(["out"])
    assert list(loaded.inputs.values()) == [BOOLEAN, NUMBER, NUMBER]
    row = {"electric": True, "doors": 5, "age": 2.5}
    for electric, expected in ((True, [1.0, 2.5, 5.0]), (False, [1.0, 2.5, 5.0]), (None, [2.5, 5.0])):
        answer = loaded.transform_row(row | {"electric": electric})
        assert answer is not None
        assert sorted(value for value in answer["out"] if value) == expected
    for change, due in (
        ({"doors": 4.5}, "'doors' must hold a whole number of type int, got 4.5"),
        ({"doors": 2**40}, "'doors' must hold a whole number of type int"),
        ({"doors": None}, "'doors' must hold a whole number of type int, got None"),
        ({"electric": 2}, "'electric' must hold true, false or null"),
    ):
        with pytest.raises(ScoringError, match=due):
            loaded.transform([row | change])


def test_operators_that_python_lacks_take_the_jvm_and_say_why(tmp_path: Path, mleap: JvmRuntime) -> None:
    """A text is cut into words, which come back as a list, and counted, which makes a sparse vector."""
    text = bundle(tmp_path, TOKENIZER, COUNTS)
    opened = load_bundle(text, "auto", mleap)
    assert opened.engine == "jvm"
    assert opened.transform([{"text": "Old red RED car"}]) == [
        {"text": "Old red RED car", "words": ["old", "red", "red", "car"], "counts": [2.0, 0.0, 0.0, 1.0]}
    ]
    with pytest.raises(BundleError, match=r"lacks tokenizer \(node 'n0'\), count_vectorizer .* no runtime"):
        load_bundle(text, "auto")


def test_a_bundle_that_python_covers_starts_no_jvm(tmp_path: Path) -> None:
    """Choosing automatically, Python comes first, and what finds a JVM is not even asked."""

    def never() -> JvmRuntime:
        raise AssertionError("nobody needs a JVM here")

    assert load_bundle(bundle(tmp_path, indexer(), assembler(), line()), "auto", never).engine == "python"


def test_an_operator_that_the_runtime_lacks_is_named_with_its_node(tmp_path: Path, mleap: JvmRuntime) -> None:
    """Nothing is loaded of a bundle that names what MLeap does not have."""
    path = bundle(tmp_path, indexer(), node("crystal_ball", {"input": "x"}, {"output": "y"}, {}))
    with pytest.raises(
        BundleError, match=r"node 'n1' \('crystal_ball'\): MLeap's runtime has no such operator"
    ):
        load_bundle(path, "jvm", mleap)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("attributes", r"node 'n2' \('linear_regression'\): MLeap's runtime cannot load it: key not found"),
        ("tree", r"node 'n2' \('decision_tree_regression'\): MLeap's runtime cannot load it: "),
        ("shape", r"node 'n2' \('linear_regression'\): MLeap's runtime cannot load it: "),
        ("columns", "its stages do not fit together: "),
        ("truncated", "it is not a zip that can be read"),
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, mleap: JvmRuntime, damage: str, message: str) -> None:
    """Whatever the runtime throws at a bundle is an error of the bundle, told in its words."""
    content = files([indexer(), assembler(), line()])
    model = "root/n2.node/model.json"
    if damage == "attributes":
        content[model] = json.dumps({"op": "linear_regression", "attributes": {}})
    elif damage == "tree":
        content[model] = json.dumps({"op": "decision_tree_regression", "attributes": {}})
    elif damage == "shape":
        content["root/n2.node/node.json"] = json.dumps({"name": "n2", "shape": {"inputs": [], "outputs": []}})
    elif damage == "columns":
        twice = node("string_indexer", {"input": "make"}, {"output": "age"}, {"labels": strings("a")})
        content = files([assembler(), twice])
    path = zipped(tmp_path / "bundle.zip", content)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BundleError, match=f"MLeap bundle {re.escape(str(path))}: {message}"):
        load_bundle(path, "jvm", mleap)


def test_a_directory_and_a_name_with_spaces_are_read(tmp_path: Path, mleap: JvmRuntime) -> None:
    """MLeap puts paths into addresses as they are; ours may hold whatever a path may."""
    archive = bundle(tmp_path, indexer())
    spaced = tmp_path / "a bundle #1 100%.zip"
    archive.rename(spaced)
    folder = tmp_path / "a folder"
    with zipfile.ZipFile(spaced) as opened:
        opened.extractall(folder)
    for path in (spaced, folder):
        assert load_bundle(path, "jvm", mleap).transform([{"make": "b"}]) == [{"make": "b", "rank": 1.0}]


def test_a_process_runs_one_jvm(tmp_path: Path, mleap: JvmRuntime, loaded: Bundle) -> None:
    """Another runtime in the same process is refused, since Java starts once in a process."""
    other = JvmRuntime(mleap.java_home, mleap.jars, ("-Xmx64m",))
    with pytest.raises(EnvironmentProblem, match=r"already runs a JVM .* in another process"):
        load_bundle(bundle(tmp_path, indexer()), "jvm", other)
    assert loaded.transform_row(ROW)
