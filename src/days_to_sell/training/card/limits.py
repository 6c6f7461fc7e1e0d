"""Limits: what a reader of the figures must not forget, taken from the figures themselves."""

from __future__ import annotations

from collections.abc import Iterator

from days_to_sell.data.training_set import Manifest
from days_to_sell.spec import ModelSpec
from days_to_sell.training.card.figures import figure
from days_to_sell.training.evaluation import Evaluation

CONCORDANCE, ERROR, BIAS = "c_index_ipcw", "mae_days", "bias_days"


def limits(spec: ModelSpec, manifest: Manifest, chosen: Evaluation) -> list[str]:
    """List the limits of a model, one sentence or two each.

    Args:
        spec: The model.
        manifest: What its training data is made of.
        chosen: How good it is, with slices.
    """
    return [*_of_the_number(spec, manifest, chosen), *_of_the_test(spec, chosen), *_of_slices(chosen)]


def _of_the_number(spec: ModelSpec, manifest: Manifest, chosen: Evaluation) -> Iterator[str]:
    yield (
        "The number is a mean over rows that look alike, not a forecast of one: single rows are "
        f"{figure(chosen.metrics.get(ERROR), ERROR)[0]} days away from it on average."
    )
    yield f"Days beyond {spec.horizon} count as {spec.horizon}: what takes longer is not told apart."
    yield (
        f"Of the training rows {manifest.censored:.0%} were censored, that is only known to take longer. "
        "Others stand in for them, as if it had nothing to do with a row whether its end was seen."
    )


def _of_the_test(spec: ModelSpec, chosen: Evaluation) -> Iterator[str]:
    concordance = chosen.metrics.get(CONCORDANCE)
    if concordance is not None:
        yield (
            f"Of two rows the one predicted to take longer does so in {concordance.value:.0%} of the cases; "
            "50% would be chance."
        )
    apart = [f"other values of {spec.group}"] if spec.group else []
    apart += [f"a later {spec.time}"] if spec.time else []
    if apart:
        yield f"It was tested on rows with {' and '.join(apart)} than the fitted ones, and nowhere else."
    else:
        yield (
            "Test rows were held out by hash, for the data names neither groups nor times: the figures may "
            "flatter, and say nothing of how the model ages."
        )


def _of_slices(chosen: Evaluation) -> Iterator[str]:
    off = [
        f"{each.column} {each.value} ({figure(each.metrics[BIAS], BIAS)[0]} days)"
        for each in chosen.slices
        if not each.too_small and (each.metrics[BIAS].low > 0 or each.metrics[BIAS].high < 0)
    ]
    if off:
        yield f"It is off to one side, by more than chance allows, where {'; '.join(off)}."
    small = [f"{each.column} {each.value}" for each in chosen.slices if each.too_small]
    if small:
        yield f"Too few rows to say anything of {'; '.join(small)}."
