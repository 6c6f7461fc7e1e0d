"""A tiny model package made by hand, for tests that need something to serve but no Spark.

    days = 12 + 30 * (price_gbp / valuation_gbp) + 0.0001 * mileage

``days_by_formula`` works the golden answers out from that line alone, so they owe nothing to the scorer that
they test. The bundle has the layout that the exporter writes: a pipeline of vector_assembler and
linear_regression. ``rewrite`` changes one file of a package and writes the manifest anew, so that every
digest is right again and only a proof can tell.

    package = make_package(tmp_path / "package")
    rewrite(package.root, "golden.jsonl", lambda text: text.replace('"days": 4', '"days": 5', 1))
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from days_to_sell.scoring.bins import NumberBins
from days_to_sell.scoring.derive import Derivations
from days_to_sell.scoring.golden import GoldenRow
from days_to_sell.scoring.package import BUNDLE, MANIFEST, ModelPackage, open_package, write_package
from days_to_sell.scoring.profile import Histogram, Profile
from days_to_sell.spec import Column, Field, Ratio, RequestContract

INTERCEPT, PER_RATIO, PER_MILE = 12.0, 30.0, 0.0001
CAR = {"price_gbp": 9_500.0, "valuation_gbp": 10_000.0, "mileage": 42_000}
TRAINED_ROWS = 400
MODEL_JSON = "root/days_regression.node/model.json"


def days_by_formula(row: Mapping[str, Any], *, intercept: float = INTERCEPT) -> float:
    """Work the answer to one raw row out by hand."""
    return float(
        intercept + PER_RATIO * (row["price_gbp"] / row["valuation_gbp"]) + PER_MILE * row["mileage"]
    )


def stages_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Work out by hand what stands between one raw row and its answer."""
    ratio = row["price_gbp"] / row["valuation_gbp"]
    return {"price_to_valuation": ratio, "features": [ratio, float(row["mileage"])]}


def cars(count: int) -> list[dict[str, float | int]]:
    """Make raw rows that differ in every column."""
    return [
        {"price_gbp": 1_000.0 + 137 * i, "valuation_gbp": 1_500.0 + 121 * i, "mileage": 311 * i}
        for i in range(count)
    ]


def make_package(
    root: Path,
    *,
    model: str = "tiny-model",
    run_id: str = "a1b2c3",
    intercept: float = INTERCEPT,
    rows: int = 25,
) -> ModelPackage:
    """Write the package to ``root``, which must not exist.

    Args:
        root: Directory to become the package.
        model: Name of the registered model.
        run_id: The run that the provenance names.
        intercept: The constant of the formula: another one makes another version.
        rows: Number of golden rows.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    bundle = root.parent / f"{root.name}-bundle.zip"
    write_bundle(bundle, intercept=intercept)
    package = write_package(
        root,
        model=model,
        bundle=bundle,
        contract=RequestContract(
            model=model,
            title="Tiny model",
            description="Days by a formula that a test can work out",
            horizon=180,
            fields=(
                Field(Column("price_gbp", "double", "GBP", minimum=1), example=CAR["price_gbp"]),
                Field(Column("valuation_gbp", "double", "GBP", minimum=1), example=CAR["valuation_gbp"]),
                Field(Column("mileage", "long", "miles", minimum=0), example=CAR["mileage"]),
            ),
        ),
        derivations=Derivations({"price_to_valuation": Ratio("price_gbp", "valuation_gbp")}, {}),
        golden=[
            GoldenRow(f"row-{i}", "sample", car, days_by_formula(car, intercept=intercept), stages_of(car))
            for i, car in enumerate(cars(rows))
        ],
        profile=profile_of(cars(TRAINED_ROWS), intercept=intercept),
        provenance={"run_id": run_id, "code_commit": "0123456789abcdef"},
    )
    bundle.unlink()
    return package


def profile_of(rows: Sequence[Mapping[str, Any]], *, intercept: float = INTERCEPT) -> Profile:
    """Profile the rows that the model would have been trained on, cut at their quarters."""
    columns = {name: [float(row[name]) for row in rows] for name in CAR}
    columns["price_to_valuation"] = [row["price_gbp"] / row["valuation_gbp"] for row in rows]
    histograms = {name: _histogram(values) for name, values in columns.items()}
    days = _histogram([days_by_formula(row, intercept=intercept) for row in rows])
    return Profile(len(rows), histograms, days)


def _histogram(values: Sequence[float]) -> Histogram:
    ranked = sorted(values)
    bins = NumberBins(tuple(sorted({ranked[round(share * (len(ranked) - 1) / 4)] for share in range(5)})))
    counts = Counter(map(bins.finder(), values))
    return Histogram(bins, tuple(counts[index] for index in range(bins.size)))


def write_bundle(path: Path, *, intercept: float = INTERCEPT) -> None:
    """Write the pipeline as an MLeap bundle."""
    scalar = {"base": "scalar", "isNullable": True}
    members: dict[str, Any] = {
        "bundle.json": {
            "format": "json",
            "name": "tiny",
            "timestamp": "2026-01-01T00:00:00",
            "version": "0.16.0",
            "uid": "00000000-0000-0000-0000-000000000000",
        },
        "root/model.json": {
            "op": "pipeline",
            "attributes": {"nodes": {"string": ["assembler", "days_regression"], "type": "list"}},
        },
        "root/node.json": {"name": "tiny", "shape": {"inputs": [], "outputs": []}},
        "root/assembler.node/model.json": {
            "op": "vector_assembler",
            "attributes": {"input_shapes": {"data_shape": [scalar, scalar], "type": "list"}},
        },
        "root/assembler.node/node.json": {
            "name": "assembler",
            "shape": {
                "inputs": [
                    {"port": "input0", "name": "price_to_valuation"},
                    {"port": "input1", "name": "mileage"},
                ],
                "outputs": [{"port": "output", "name": "features"}],
            },
        },
        MODEL_JSON: {
            "op": "linear_regression",
            "attributes": {
                "coefficients": {
                    "double": [PER_RATIO, PER_MILE],
                    "shape": {"dimensions": [{"size": 2, "name": ""}]},
                    "type": "tensor",
                },
                "intercept": {"double": intercept},
            },
        },
        "root/days_regression.node/node.json": {
            "name": "days_regression",
            "shape": {
                "inputs": [{"port": "features", "name": "features"}],
                "outputs": [{"port": "prediction", "name": "days"}],
            },
        },
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(content, indent=2))


def rewrite(root: Path, name: str, change: Callable[[str], str]) -> ModelPackage:
    """Change one text file of a package and make the manifest agree with it."""
    path = root / name
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, f"nothing changed in {name}"
    path.write_text(after, encoding="utf-8")
    return _renew_manifest(root)


def rewrite_bundle(root: Path, change: Callable[[str], str], member: str = MODEL_JSON) -> ModelPackage:
    """Change one member of a package's bundle and make the manifest agree with it."""
    path = root / BUNDLE
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    changed = change(members[member])
    assert changed != members[member], f"nothing changed in {member}"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {member: changed}).items():
            archive.writestr(name, content)
    return _renew_manifest(root)


def _renew_manifest(root: Path) -> ModelPackage:
    manifest = root / MANIFEST
    raw = json.loads(manifest.read_text(encoding="utf-8"))
    raw["files"] = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in raw["files"]}
    manifest.write_text(json.dumps(raw, indent=1, sort_keys=True), encoding="utf-8")
    return open_package(root)
