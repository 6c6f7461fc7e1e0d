"""Absolute gates judge the bytes of a package."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from days_to_sell.errors import GateError
from days_to_sell.registry.gates import alone, beside
from days_to_sell.registry.gates.evidence import FIGURES, FILE, HELD_OUT, INTEGRITY, read_held_out
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.spec.gates import (
    BetterThanBaselines,
    BundleSize,
    ContractCompatible,
    Documented,
    IntegrityGreen,
    ScoringCost,
)
from tests.packages import make_package


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    """A tiny package."""
    return make_package(tmp_path / "package")


def saying(package: ModelPackage, **said: object) -> ModelPackage:
    """The package with other provenance."""
    return replace(package, provenance={name: json.dumps(value) for name, value in said.items()})


def test_budgets_are_compared_with_what_is_there(package: ModelPackage) -> None:
    """Nothing fits into 0 MiB, and no row is free."""
    assert alone.size(BundleSize(1), package).passed
    red = alone.size(BundleSize(0), package)
    assert not red.passed
    assert "at most 0 MiB" in red.reason
    assert not alone.cost(ScoringCost(0), package).passed


def test_documents_are_counted(package: ModelPackage) -> None:
    """A signature and enough golden rows have to be there."""
    assert alone.documented(Documented(25), package, signed=True).passed
    assert not alone.documented(Documented(26), package, signed=True).passed
    assert not alone.documented(Documented(), package, signed=False).passed


def test_integrity_rests_on_the_package(package: ModelPackage) -> None:
    """A package that does not say is no green one."""
    gate = IntegrityGreen()
    assert alone.integrity(gate, saying(package, **{INTEGRITY: {"checks": 3, "failed": []}})).passed
    assert not alone.integrity(gate, saying(package, **{INTEGRITY: {"checks": 0, "failed": []}})).passed
    with pytest.raises(GateError, match="train it anew"):
        alone.integrity(gate, package)


@pytest.mark.parametrize(("segment", "passed"), [(0.2, True), (0.1, False), (0.05, False)])
def test_both_baselines_have_to_be_beaten(package: ModelPackage, segment: float, passed: bool) -> None:
    """A draw is no win."""
    theirs = {
        "Kaplan-Meier overall": {"integrated_brier": 0.3},
        "Kaplan-Meier by segment": {"integrated_brier": segment},
    }
    said = {"candidate": {"integrated_brier": 0.1}, "baselines": theirs}
    assert alone.baselines(BetterThanBaselines(), saying(package, **{FIGURES: said})).passed is passed


def test_held_out_rows_that_were_overwritten_are_refused(package: ModelPackage, tmp_path: Path) -> None:
    """Their digest stands in the package."""
    (tmp_path / FILE).write_bytes(b"other rows")
    with pytest.raises(GateError, match="overwritten"):
        read_held_out(saying(package, **{HELD_OUT: "sha256:0"}), tmp_path / FILE)


def test_the_same_contract_breaks_nothing(package: ModelPackage) -> None:
    """A version is compatible with itself."""
    assert beside.contract(ContractCompatible(), package, package).passed
