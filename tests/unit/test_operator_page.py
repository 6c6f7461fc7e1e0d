"""The page of operators says what the code does."""

from __future__ import annotations

from days_to_sell.scoring.operators import OPERATORS
from docs import operators


def test_the_page_is_the_one_that_the_code_gives() -> None:
    """After a change of operators, limits or differences, ``make docs`` writes it anew."""
    assert operators.TARGET.read_text(encoding="utf-8") == operators.page()


def test_every_operator_scored_in_python_has_a_line_that_says_so() -> None:
    """One line of the table for each, the fourth cell of which is yes."""
    lines = [line.split(" | ") for line in operators.page().splitlines() if line.startswith("| `")]
    scored = {cells[0].strip("| `") for cells in lines if len(cells) == 6 and cells[3] == "yes"}
    assert scored == {"pipeline", *OPERATORS}
