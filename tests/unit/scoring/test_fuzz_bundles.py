"""Damaged and hostile bundles are refused or scored, in time and in little memory, whatever was done to them.

``make fuzz`` does the same ten thousand times.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz import campaign
from tests.fuzz.campaign import run, sound
from tests.fuzz.damage import DAMAGES, STRANGE, Damage, Files
from tests.fuzz.sources import sources

CASES = 300


@pytest.fixture(scope="module")
def bundles() -> list[Files]:
    """Every operator alone, and all in one pipeline."""
    return sources()


def test_what_is_damaged_here_scores_while_it_is_whole(bundles: list[Files], tmp_path: Path) -> None:
    """Else everything could be refused for another reason than the damage."""
    assert sound(bundles[0], tmp_path) == ("scored", "")


def test_whatever_is_done_to_a_bundle_it_is_refused_or_scored(bundles: list[Files], tmp_path: Path) -> None:
    """No other exception, no hang, and no more memory than the scorer is given."""
    *_, seen = run(bundles, range(CASES), tmp_path)
    assert seen.failures == []
    outcomes = {outcome for _, outcome in seen.outcomes}
    assert outcomes == {"refused", "scored"}
    assert {damage for damage, _ in seen.outcomes} == {damage.__name__ for damage in DAMAGES}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_case_is_known_by_its_number(damage: Damage, bundles: list[Files]) -> None:
    """The same number gives the same bytes, so that a failure can be repeated."""
    first, again = (damage(random.Random(7), bundles[1])[-40:] for _ in range(2))  # noqa: S311 - damage
    assert first == again


def test_values_that_no_model_has_are_among_the_damage() -> None:
    """Numbers beyond a double, NaN, texts that are no Unicode and wrong types."""
    assert {type(value) for value in STRANGE} == {type(None), bool, int, float, str, list, dict}


def test_a_scorer_without_memory_or_time_is_noticed(
    bundles: list[Files], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scorer is held to its memory, without which it scores nothing, and fails its case if it is late."""
    assert sound(bundles[0], tmp_path)[0] == "scored"
    monkeypatch.setattr(campaign, "MEMORY", 1 << 20)
    assert sound(bundles[0], tmp_path)[0] != "scored"
    monkeypatch.setattr(campaign, "SECONDS", 0.0)
    assert sound(bundles[0], tmp_path)[0] == "hung"
