"""Texts of which one tells the other, as a car's model tells its make.

Shuffled alone, such a feature seems to matter little, for the other still says the same.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pandas as pd

Codes = npt.NDArray[np.int64]
CERTAIN, NEGLIGIBLE = 0.9, 1e-9


def tied(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Group texts of which one explains nearly all of the other.

    Args:
        rows: A sample, a column a text.

    Returns:
        Groups of two columns or more, each by name.
    """
    group = {str(column): frozenset([str(column)]) for column in rows.columns}
    for told, teller in permutations(group, 2):
        if explained(rows[told], rows[teller]) >= CERTAIN:
            joined = group[told] | group[teller]
            group |= dict.fromkeys(joined, joined)
    return sorted(tuple(sorted(members)) for members in set(group.values()) if len(members) > 1)


def explained(told: pd.Series, teller: pd.Series) -> float:
    """Give the share of one text's entropy that another explains, beyond what chance does.

    Theil's uncertainty coefficient (1970), adjusted as mutual information is (Vinh et al., 2010), with the
    teller moved on by one row in place of the expectation: a text with as many values as there are rows
    explains everything, and nothing.

    Args:
        told, teller: Values of the same rows, in no order that means anything.
    """
    ours, theirs = (pd.factorize(column.fillna(""))[0] for column in (told, teller))
    entropy = _entropy(ours)
    found, by_chance = (entropy - _left(ours, other) for other in (theirs, np.roll(theirs, 1)))
    return (found - by_chance) / (entropy - by_chance) if entropy - by_chance > NEGLIGIBLE else 0.0


def _left(told: Codes, teller: Codes) -> float:
    """Give the entropy that is left of one text when the other is known."""
    return _entropy(told * (teller.max() + 1) + teller) - _entropy(teller)


def _entropy(codes: Codes) -> float:
    share = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(-(share @ np.log(share)))
