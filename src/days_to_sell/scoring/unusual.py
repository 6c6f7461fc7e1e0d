"""What is unlike the training data in a row that can be scored nevertheless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from days_to_sell.scoring.bins import NumberBins
from days_to_sell.scoring.profile import Profile
from days_to_sell.spec import Field, Problem, RequestContract
from days_to_sell.spec.contract import MAX_CATEGORIES, shown


class Unusual:
    """Compares rows with the values that training saw.

    Args:
        contract: Knows the categories of texts.
        profile: Knows the ranges of numbers; None in a package of the first format.
    """

    def __init__(self, contract: RequestContract, profile: Profile | None) -> None:
        self._categories = {
            field.column.name: (frozenset(field.categories), _words(field))
            for field in contract.fields
            if field.categories
        }
        self._ranges = trained_ranges(contract, profile)

    def of(self, row: Mapping[str, Any]) -> list[Problem]:
        """Name the values of a row that training never saw the like of.

        Args:
            row: A raw row that the contract took.
        """
        found = []
        for name, (lowest, highest) in self._ranges.items():
            value = row.get(name)
            if value is not None and not lowest <= value <= highest:
                side = "below" if value < lowest else "above"
                seen = f"from {lowest:.15g} to {highest:.15g}"
                message = f"{name} is {side} what the model was trained on, {seen}"
                found.append(Problem(name, message, shown(value), seen))
        return found + self.unseen(row)

    def unseen(self, row: Mapping[str, Any]) -> list[Problem]:
        """Name the categories of a row that the contract does not list.

        Args:
            row: A raw row; what is no text in it is no category.
        """
        return [
            Problem(name, f"{name} is {words}", shown(value), "")
            for name, (categories, words) in self._categories.items()
            if isinstance(value := row.get(name), str) and value not in categories
        ]


def trained_ranges(contract: RequestContract, profile: Profile | None) -> dict[str, tuple[float, float]]:
    """Give the lowest and highest value that training saw, by numeric field.

    Args:
        contract: Names the fields.
        profile: Knows the ranges; None in a package of the first format, which gives none.
    """
    bins = {name: histogram.bins for name, histogram in profile.features.items()} if profile else {}
    return {
        name: (found.edges[0], found.edges[-1])
        for name, found in bins.items()
        if isinstance(found, NumberBins) and name in contract.names
    }


def _words(field: Field) -> str:
    """Say what a category is that the contract does not list."""
    if len(field.categories) < MAX_CATEGORIES:
        return "a category that the model was not trained on"
    return f"none of the {MAX_CATEGORIES} most frequent categories of the training data"
