"""Rows to score random pipelines on: usual ones, strange ones, and those on the edges of a bundle."""

from __future__ import annotations

import json
import math
import random
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.parity.generated_frame import NUMBERS, TEXTS, VECTOR, WIDTH, Row, random_row

INF = math.inf
STRANGE_TEXTS = (
    None,
    "",
    " ",
    "never seen",
    "AUDI",
    "audi ",
    "Škoda",
    "\u00e9",
    "e\u0301",
    "日産",
    "🚗",
    "NaN",
    "0.0",
)
STRANGE_NUMBERS = (
    None,
    math.nan,
    INF,
    -INF,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e308,
    -1e308,
    1e4,
    -1e4,
    0.5,
    1.0,
    2.0,
    7.0,
)
# Of what is cut from a bundle for each column, no more than this.
MOST_EDGES = 60


def rows_for(bundle: Path, seed: int, count: int) -> list[Row]:
    """Draw rows for a bundle.

    Args:
        bundle: The bundle, whose thresholds, splits and boundaries are read.
        seed: What decides.
        count: Number of rows.
    """
    chance = random.Random(seed)  # noqa: S311 - tests, not secrets
    edges = edges_of(bundle)
    waiting = list(_on_edges(chance, edges)) + list(_strange(chance))
    chance.shuffle(waiting)
    rows = waiting[: count // 2]
    rows += [random_row(chance) for _ in range((count - len(rows)) // 2)]
    return rows + [_mixed(chance, edges) for _ in range(count - len(rows))]


def edges_of(bundle: Path) -> dict[str, list[float]]:
    """Collect, for each number that rows bring, where a stage that reads it changes its mind.

    Buckets, binarizers and isotonic regressions read columns by themselves; trees read vectors, which are
    followed back to the numbers that were assembled.
    """
    found: dict[str, set[float]] = {column: set() for column in NUMBERS}
    assembled: dict[str, list[str | None]] = {VECTOR: [f"{VECTOR}[{place}]" for place in range(WIDTH)]}
    found |= {each: set() for each in assembled[VECTOR] if each}
    for node in _nodes(bundle):
        source = node.column("input") or node.column("features")
        if node.op == "vector_assembler":
            assembled[node.column("output") or ""] = node.elements(assembled)
        for column, numbers in node.edges(assembled.get(source or "", [])):
            found.setdefault(column or source or "", set()).update(numbers)
    return {column: sorted(values) for column, values in found.items() if column in NUMBERS or "[" in column}


class _Node:
    """One node of a bundle, as the archive has it."""

    def __init__(self, model: Mapping[str, Any], shape: Mapping[str, Any], trees: Sequence[str]) -> None:
        self.op = str(model["op"])
        self._attributes: Mapping[str, Any] = model.get("attributes", {})
        self._ports = {
            socket["port"]: socket["name"]
            for side in ("inputs", "outputs")
            for socket in shape["shape"].get(side, [])
        }
        self._trees = trees

    def column(self, port: str) -> str | None:
        """The column on a port."""
        return self._ports.get(port)

    def elements(self, assembled: Mapping[str, Sequence[str | None]]) -> list[str | None]:
        """What each element of an assembled vector comes from."""
        found: list[str | None] = []
        for place, shape in enumerate(self._attributes["input_shapes"]["data_shape"]):
            column = self._ports[f"input{place}"]
            if shape["base"] == "scalar":
                found.append(column)
            else:
                (size,) = (each["size"] for each in shape["tensorShape"]["dimensions"])
                found += assembled.get(column) or [None] * size
        return found

    def edges(self, elements: Sequence[str | None]) -> Iterator[tuple[str | None, list[float]]]:
        """The edges of the column on the input port (named None), or of the columns behind its elements."""
        for name in ("splits", "boundaries", "threshold"):
            values = self._attributes.get(name, {}).get("double")
            numbers = values if isinstance(values, list) else [values]
            place = self._attributes.get("feature_index", {}).get("long")
            column = elements[place] if place is not None and place < len(elements) else None
            yield column, [each for each in numbers if each is not None]
        for tree in self._trees:
            for line in tree.splitlines():
                split = json.loads(line).get("split") or {}
                if "threshold" in split and split["featureIndex"] < len(elements):
                    yield elements[split["featureIndex"]], [split["threshold"]]


def _nodes(bundle: Path) -> Iterator[_Node]:
    """The nodes of a bundle in the order of its pipelines."""
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()

        def read(folder: str) -> Iterator[_Node]:
            model = json.loads(archive.read(f"{folder}/model.json"))
            if model["op"] == "pipeline":
                for child in model["attributes"]["nodes"]["string"]:
                    yield from read(f"{folder}/{child}.node")
            else:
                trees = [
                    each for each in names if each.startswith(f"{folder}/") and each.endswith("tree.json")
                ]
                shape = json.loads(archive.read(f"{folder}/node.json"))
                yield _Node(model, shape, [archive.read(each).decode() for each in trees])

        yield from read("root")


def around(value: float) -> tuple[float, float, float]:
    """A value, and the doubles next to it."""
    return math.nextafter(value, -INF), value, math.nextafter(value, INF)


def _on_edges(chance: random.Random, edges: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    for column, values in edges.items():
        for edge in chance.sample(list(values), min(len(values), MOST_EDGES)):
            for value in around(edge):
                yield _with(random_row(chance), column, value)


def _strange(chance: random.Random) -> Iterator[Row]:
    """Usual rows but for one value."""
    for column in TEXTS:
        for text in STRANGE_TEXTS:
            yield random_row(chance) | {column: text}
    for column in [*NUMBERS, *(f"{VECTOR}[{place}]" for place in range(WIDTH))]:
        for number in STRANGE_NUMBERS:
            yield _with(random_row(chance), column, number)


def _mixed(chance: random.Random, edges: Mapping[str, Sequence[float]]) -> Row:
    """A row with several strange values, and several on edges."""
    row = random_row(chance)
    for column, values in edges.items():
        if values and chance.random() < 0.3:
            row = _with(row, column, chance.choice(around(chance.choice(values))))
        elif chance.random() < 0.1:
            row = _with(row, column, chance.choice(STRANGE_NUMBERS))
    return row | {column: chance.choice(STRANGE_TEXTS) for column in TEXTS if chance.random() < 0.3}


def _with(row: Row, column: str, value: float | None) -> Row:
    """Change one number of a row; in a vector, which holds no null, NaN stands for it."""
    if "[" not in column:
        return row | {column: value}
    place = int(column.removeprefix(f"{VECTOR}[").removesuffix("]"))
    vector = list(row[VECTOR])
    vector[place] = math.nan if value is None else value
    return row | {VECTOR: vector}
