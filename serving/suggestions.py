"""What a caller may have meant: the nearest field name or category to what came."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process, utils
from rapidfuzz.distance import OSA

from days_to_sell.spec import Problem, RequestContract

# Of the letters of the longer word, so many have to be right.
ALIKE = 0.65


class Suggestions:
    """Finds near misses in the vocabulary of one contract.

    >>> Suggestions(contract).nearest("Disel", ["Diesel", "Petrol"])  # doctest: +SKIP
    'Diesel'

    Args:
        contract: Knows field names and categories.
    """

    def __init__(self, contract: RequestContract) -> None:
        self._names = contract.names
        self._categories = {field.column.name: field.categories for field in contract.fields}

    def add_to(self, problem: Problem) -> str:
        """Write the message of a problem, with what may have been meant if anything is near."""
        choices = self._categories.get(problem.field, self._names)
        written = problem.value if problem.field in self._categories else problem.field
        nearest = self.nearest(written, choices)
        return f"{problem.message}; did you mean {nearest!r}?" if nearest else problem.message

    @staticmethod
    def nearest(written: str, choices: Sequence[str]) -> str | None:
        """Find the choice that is alike enough, case and blanks aside.

        Distances are optimal string alignments: insertions, deletions, changes and swaps of neighbours.
        """
        found = process.extractOne(
            written,
            choices,
            scorer=OSA.normalized_similarity,
            processor=utils.default_process,
            score_cutoff=ALIKE,
        )
        return None if found is None or found[0] == written else found[0]
