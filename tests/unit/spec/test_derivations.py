"""Derivations as JSON, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from days_to_sell.errors import SpecError
from days_to_sell.spec import Derivation, Difference, Log, Lookup, MonthsBetween, Ratio
from days_to_sell.spec.derivations import from_dict, operands, to_dict

names = st.text(min_size=1)
derivations = st.one_of(
    st.builds(Ratio, names, names),
    st.builds(Difference, names, names),
    st.builds(Log, names),
    st.builds(MonthsBetween, names, names),
    st.builds(Lookup, names, names, names),
)


@given(derivations)
def test_a_derivation_survives_json(derivation: Derivation) -> None:
    """Whatever the columns are called, a derivation read back is the one that was written."""
    assert from_dict(json.loads(json.dumps(to_dict(derivation)))) == derivation


def test_a_lookup_reads_its_key_alone() -> None:
    """The table and the value column of a lookup are no columns of the row."""
    assert operands(Lookup("outcode", "geography", "region")) == ("outcode",)
    assert operands(Ratio("price", "valuation")) == ("price", "valuation")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"operation": "square", "operand": "x"}, ("'square' is unknown", "ratio, difference, log")),
        ({"operand": "x"}, ("None is unknown",)),
        ({"operation": ["log"], "operand": "x"}, ("is unknown",)),
        ({"operation": "log"}, ("'log' takes the texts operand", "got []")),
        ({"operation": "ratio", "numerator": "a"}, ("numerator, denominator", "got ['numerator']")),
        ({"operation": "log", "operand": "x", "base": "2"}, ("takes the texts operand", "'base'")),
        ({"operation": "log", "operand": 3}, ("takes the texts operand",)),
    ],
)
def test_a_damaged_derivation_is_refused(raw: dict[str, Any], words: tuple[str, ...]) -> None:
    """An unknown operation lists the known ones; wrong operands list those it takes."""
    with pytest.raises(SpecError) as refused:
        from_dict(raw)
    assert [word for word in words if word not in str(refused.value)] == []
