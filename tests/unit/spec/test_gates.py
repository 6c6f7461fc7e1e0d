"""Gates are declared in the spec, and a declaration that cannot hold is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from days_to_sell.errors import SpecError
from days_to_sell.models.dealer_stock.spec import SPEC
from days_to_sell.spec.gates import GATES, BundleSize, Documented, NotWorse, ScoringCost, declared


def test_a_spec_has_gates_unless_it_says_otherwise() -> None:
    """Every kind of gate stands before Production by default, each once."""
    names = [gate.name for gate in GATES]

    assert replace(SPEC, gates=GATES).gates == GATES
    assert len(set(names)) == len(names) == 8


@pytest.mark.parametrize("gates", [(BundleSize(), BundleSize(1)), (NotWorse(slices=("colour",)),)])
def test_gates_that_do_not_fit_the_model_are_refused(gates: tuple[BundleSize | NotWorse, ...]) -> None:
    """A gate stands once, and names slices that the judgement declares."""
    with pytest.raises(SpecError, match="gate"):
        replace(SPEC, gates=gates)


def test_a_budget_or_count_that_is_none_is_refused() -> None:
    """Neither a negative nor an infinite budget is one, and no golden row proves nothing."""
    for wrong in (lambda: BundleSize(-1), lambda: ScoringCost(float("inf")), lambda: Documented(0)):
        with pytest.raises(SpecError, match="gate"):
            wrong()


def test_another_declaration_is_told_apart() -> None:
    """A result for one budget is none for another."""
    assert declared(BundleSize(1)) != declared(BundleSize(2))
    assert declared(NotWorse(slices=("make",))) == {"metric": "mae_days", "slices": ["make"]}
