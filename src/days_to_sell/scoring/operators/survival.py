"""Accelerated failure time regression with a Weibull distribution of lifetimes."""

from __future__ import annotations

import math

from days_to_sell.errors import BundleError
from days_to_sell.scoring.node import Node
from days_to_sell.scoring.operators.linear import predictor
from days_to_sell.scoring.plan.expressions import Constant
from days_to_sell.scoring.plan.vectors import apply, cells, times


def aft_survival_regression(node: Node) -> None:
    """Predict the Weibull scale; the port ``quantiles`` is optional."""
    weibull_scale = apply("exp", predictor(node))
    node.write("prediction", weibull_scale)
    if "quantiles" in node.ports_out:
        node.write("quantiles", cells([times(weibull_scale, Constant(f)) for f in _quantile_factors(node)]))


def _quantile_factors(node: Node) -> list[float]:
    """What the Weibull scale is multiplied by for each quantile."""
    scale = node.attributes.double("scale")
    probabilities = node.attributes.doubles("quantile_probabilities")
    if scale <= 0.0 or not all(0.0 < p < 1.0 for p in probabilities):
        raise BundleError("'scale' must be above 0 and every one of 'quantile_probabilities' between 0 and 1")
    try:
        return [math.exp(math.log(-math.log1p(-p)) * scale) for p in probabilities]
    except OverflowError as error:
        raise BundleError("'scale' is too large for the quantiles to be finite") from error
