"""Bundles of a few kilobytes that ask for a whole machine are refused by the node that asks for too much."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from days_to_sell.scoring import load_bundle
from days_to_sell.scoring.budget import MAX_ELEMENTS, MAX_STEPS
from days_to_sell.scoring.folder import MAX_DOCUMENT, MAX_FILES
from days_to_sell.scoring.plan.vectors import MAX_CELLS
from tests.unit.scoring.bundles import (
    Document,
    bundle,
    doubles,
    files,
    indexer,
    node,
    refusal,
    shapes,
    vector,
    zipped,
)


def assemble(source: str, target: str, *widths: int | None) -> Document:
    """An assembler of one column, as often as there are widths."""
    inputs = {f"input{place}": source for place in range(len(widths))}
    return node("vector_assembler", inputs, {"output": target}, {"input_shapes": shapes(*widths)})


def add_one(source: str, target: str) -> Document:
    """A linear regression of a vector of one element."""
    line = {"coefficients": vector(1.0), "intercept": {"double": 1.0}}
    return node("linear_regression", {"features": source}, {"prediction": target}, line)


def scale(source: str, target: str, width: int) -> Document:
    """A scaler that takes a mean away, so that no element stays zero."""
    known = {"mean": vector(*[0.5] * width), "std": vector(*[2.0] * width)}
    return node("standard_scaler", {"input": source}, {"output": target}, known)


def one_hot(size: int) -> Document:
    """An encoder of ``size`` categories."""
    sizes = {"category_sizes": {"int": [size], "type": "list"}, "drop_last": {"boolean": False}}
    return node("one_hot_encoder", {"input0": "k"}, {"output0": "v0"}, sizes)


def chain(count: int) -> list[Document]:
    """Stages that add one, each to what the one before gave."""
    pairs = [(assemble(f"x{i}", f"v{i}", None), add_one(f"v{i}", f"x{i + 1}")) for i in range(count // 2)]
    return [stage for pair in pairs for stage in pair]


def doubled(first: Document, width: int, times: int) -> list[Document]:
    """A vector put behind itself, again and again."""
    widths = [width << i for i in range(times)]
    return [first, *(assemble(f"v{i}", f"v{i + 1}", each, each) for i, each in enumerate(widths))]


HUNGRY: dict[str, tuple[Callable[[], list[Document]], str, str]] = {
    "a number, doubled": (
        lambda: doubled(assemble("x", "v0", None), 1, 24),
        "n1",
        f"more than {MAX_STEPS} steps",
    ),
    "a category, doubled": (lambda: doubled(one_hot(100_000), 100_000, 12), "n", f"{MAX_ELEMENTS} can be"),
    "a wide category, shifted": (
        lambda: [one_hot(60_000), scale("v0", "s", 60_000)],
        "n1",
        f"at most {MAX_CELLS}",
    ),
    "a category, shifted": (
        lambda: [one_hot(20_000), scale("v0", "s", 20_000)],
        "n1",
        f"more than {MAX_STEPS} steps",
    ),
    "an indexer of a vector that is not there": (
        lambda: [
            node(
                "vector_indexer",
                {"input": "f"},
                {"output": "g"},
                {"num_features": {"long": 10_000_000}, "keys": {"long": [], "type": "list"}},
            )
        ],
        "n0",
        f"at most {MAX_CELLS}",
    ),
    "scalers in a row": (
        lambda: [scale(f"f{i}", f"f{i + 1}", 500) for i in range(60)],
        "n",
        f"more than {MAX_STEPS} steps",
    ),
}


@pytest.mark.parametrize(("stages", "named", "says"), HUNGRY.values(), ids=HUNGRY.keys())
def test_what_asks_for_too_much_is_refused_by_node(
    tmp_path: Path, stages: Callable[[], list[Document]], named: str, says: str
) -> None:
    """Steps, elements and tables are counted while a bundle is read."""
    message = refusal(bundle(tmp_path, *stages()))
    assert f"node '{named}" in message
    assert says in message


def test_thousands_of_stages_in_a_row_are_scored(tmp_path: Path) -> None:
    """No call nests as deep as a pipeline is long, while it is read, compiled or computed."""
    loaded = load_bundle(bundle(tmp_path, *chain(2_400)))
    rows = loaded.transform([{"x0": 1.0}] * 40)
    assert [row["x1200"] for row in (rows[0], loaded.transform_row({"x0": 1.0}) or {})] == [1201.0, 1201.0]


def test_a_wide_category_stays_one_index(tmp_path: Path) -> None:
    """A hundred thousand categories cost no steps as long as nothing looks at each by itself."""
    factors = node(
        "elementwise_product",
        {"input": "v0"},
        {"output": "scaled"},
        {"scaling_vec": vector(*range(100_000))},
    )
    loaded = load_bundle(bundle(tmp_path, one_hot(100_000), factors)).select(["scaled"])
    answer = loaded.transform_row({"k": 70_000.0})
    assert answer is not None
    assert (answer["scaled"][70_000], sum(answer["scaled"])) == (70_000.0, 70_000.0)


def test_numbers_cross_with_numbers_without_a_table(tmp_path: Path) -> None:
    """Two vectors of two hundred numbers are forty thousand products, and quickly read."""
    ones = {"int": [1] * 200, "type": "list"}
    crossing = node(
        "interaction",
        {"input0": "f", "input1": "g"},
        {"output": "pairs"},
        {"input_shapes": shapes(200, 200), "num_features0": ones, "num_features1": ones},
    )
    message = refusal(bundle(tmp_path, crossing))
    assert "node 'n0'" in message
    assert f"more than {MAX_STEPS} steps" in message


def test_a_document_as_large_as_memory_is_not_parsed(tmp_path: Path) -> None:
    """JSON takes many times its size when it is parsed, so its size is looked at first."""
    labels = '{"op": "string_indexer", "attributes": {"labels": ["' + "a" * MAX_DOCUMENT + '"]}}'
    content = files([indexer()]) | {"root/n0.node/model.json": labels}
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    assert "JSON of 32 MiB; at most 32 MiB are read" in refusal(path)


def test_a_directory_of_more_entries_than_any_model_has_is_not_listed(tmp_path: Path) -> None:
    """Entries are counted before an object is made of each."""
    content = files([indexer()]) | {f"root/x{number}": "" for number in range(MAX_FILES)}
    assert f"more than {MAX_FILES} files" in refusal(zipped(tmp_path / "bundle.zip", content))


def test_bounds_stop_no_model(tmp_path: Path) -> None:
    """Half a thousand splits and a scaler of a thousand numbers are scored."""
    cut = {"splits": doubles(*map(float, range(500))), "handle_invalid": {"string": "keep"}}
    buckets = node("bucketizer", {"input": "x"}, {"output": "b"}, cut)
    loaded = load_bundle(bundle(tmp_path, buckets, scale("f", "s", 1_000)))
    answer = loaded.transform_row({"x": 7.5, "f": [2.5] * 1_000})
    assert answer is not None
    assert (answer["b"], answer["s"][999]) == (7.0, 1.0)
