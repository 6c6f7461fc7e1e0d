"""How a person says what a canary is to get."""

from __future__ import annotations

import pytest

from days_to_sell.release.canary.rule import Rule, read_share


@pytest.mark.parametrize(
    ("text", "share"),
    [("10%", 10), (" 1 % ", 1), ("50%", 50), ("0.1", 10), ("0.05", 5), (".5", 50), ("0.10", 10)],
)
def test_a_share_is_whole_percent_or_a_part_of_one(text: str, share: int) -> None:
    """Spaces are nothing."""
    assert read_share(text) == share


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10", "'10' is no share; write whole percent, such as 10%"),
        ("1", "or a part of one, such as 0.1"),
        ("0.125", "is no share"),
        ("0.0", "must be 1% to 50%, not 0%"),
        ("0.51", "must be 1% to 50%, not 51%"),
        ("2.5%", "is no share"),
        ("-5%", "is no share"),
        ("", "is no share"),
        ("0%", "must be 1% to 50%, not 0%"),
        ("51%", "must be 1% to 50%, not 51%"),
        ("100%", "must be 1% to 50%, not 100%"),
    ],
)
def test_what_is_no_share_is_told_with_the_way_out(text: str, says: str) -> None:
    """Most people mean 10% where they write 10, but some mean something else."""
    with pytest.raises(ValueError, match=says):
        read_share(text)


def test_a_rule_that_could_not_end_is_refused() -> None:
    """No request, no time, or no chance of an error leaves nothing to judge by."""
    for wrong in ({"requests": 0}, {"seconds": 0.0}, {"alpha": 0.0}):
        with pytest.raises(ValueError, match="at least one request"):
            Rule(**wrong)  # type: ignore[arg-type]
