"""From what a training came to, to the card of the candidate that it chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from days_to_sell.data.training_set import TrainingSet
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card.card import ModelCard
from days_to_sell.training.compare import Compared
from days_to_sell.training.pictures.album import Picture, pictures_of_candidate
from days_to_sell.training.preparing.prepare import Prepared


def compose(
    spec: ModelSpec,
    compared: Compared,
    prepared: Prepared,
    training_set: TrainingSet,
    *,
    pictures: Sequence[Picture],
    provenance: Mapping[str, str],
) -> ModelCard:
    """Put together what the card of the chosen candidate says.

    Args:
        spec: The model.
        compared: The candidates and what they were held against.
        prepared: The folds.
        training_set: The data, with its integrity report.
        pictures: Those of the chosen candidate alone.
        provenance: Where it comes from, as its model package says.
    """
    best = compared.best
    usual = pictures_of_candidate(spec, best.evaluation, best.rows, best.predicted)
    return ModelCard(
        spec=spec,
        manifest=training_set.manifest,
        integrity=training_set.report,
        split=prepared.description,
        chosen=best.evaluation,
        others=compared.evaluations[1:],
        reason=best.reason,
        directions=best.directions,
        pictures=[*usual, *pictures],
        parameters=best.candidate.parameters,
        provenance=provenance,
    )
