"""What a caller may have meant: the nearest field name or category to what came."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process, utils
from rapidfuzz.distance import OSA

from days_to_sell.spec import Problem, RequestContract
from days_to_sell.spec.contract import shown

# Of the letters of the longer word, so many have to be right.
ALIKE = 0.65
MISSING = shown(None)


class Suggestions:
    """Finds near misses in the vocabulary of one contract.

    >>> Suggestions(contract).add_to(Problem("fuel", "fuel is unknown", "Disel", ""))  # doctest: +SKIP
    "fuel is unknown; did you mean 'Diesel'?"

    Args:
        contract: Knows field names and categories.
    """

    def __init__(self, contract: RequestContract) -> None:
        self._names = Vocabulary(contract.names)
        self._categories = {field.column.name: Vocabulary(field.categories) for field in contract.fields}

    def add_to(self, problem: Problem) -> str:
        """Write the message of a problem, with what may have been meant if anything is near."""
        categories = self._categories.get(problem.field)
        nearest = self._names.nearest(problem.field) if categories is None else None
        # What is missing resembles nothing.
        if categories is not None and problem.value != MISSING:
            nearest = categories.nearest(problem.value)
        return f"{problem.message}; did you mean {nearest!r}?" if nearest else problem.message


class Vocabulary:
    """Words of which one may have been meant.

    >>> Vocabulary(["Diesel", "Petrol"]).nearest("Disel")
    'Diesel'

    Args:
        words: The words; of two that are equally near the first is taken.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._plain = [utils.default_process(word) for word in words]

    def nearest(self, written: str) -> str | None:
        """Find the word that is alike enough, case, blanks and marks aside; None where it is the very word.

        Distances are optimal string alignments: insertions, deletions, changes and swaps of neighbours.
        """
        found = process.extractOne(
            utils.default_process(written), self._plain, scorer=OSA.normalized_similarity, score_cutoff=ALIKE
        )
        word = None if found is None else self._words[found[2]]
        return None if word == written else word
