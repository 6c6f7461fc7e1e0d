"""Accelerated failure time regression with a Weibull distribution of lifetimes."""

from __future__ import annotations

import math

from days_to_sell.errors import BundleError
from days_to_sell.scoring.columns import NUMBER, Kind
from days_to_sell.scoring.node import Node, Row, Step
from days_to_sell.scoring.operators.arithmetic import exp, linear_predictor


def aft_survival_regression(node: Node) -> Step:
    """Compile an AFT regression: the prediction is the Weibull scale; the port ``quantiles`` is optional."""
    coefficients = node.attributes.vector("coefficients")
    predict = linear_predictor(coefficients, node.attributes.double("intercept"))
    source = node.vector_in("features", len(coefficients))
    target = node.write("prediction", NUMBER)
    if "quantiles" not in node.ports_out:

        def step(row: Row) -> None:
            row[target] = exp(predict(row[source]))

        return step

    factors = _quantile_factors(node)
    quantiles = node.write("quantiles", Kind("vector", len(factors)))

    def quantile_step(row: Row) -> None:
        weibull_scale = exp(predict(row[source]))
        row[target] = weibull_scale
        row[quantiles] = [weibull_scale * factor for factor in factors]

    return quantile_step


def _quantile_factors(node: Node) -> list[float]:
    """What the Weibull scale is multiplied by for each quantile."""
    scale = node.attributes.double("scale")
    probabilities = node.attributes.doubles("quantile_probabilities")
    if scale <= 0.0 or not all(0.0 < p < 1.0 for p in probabilities):
        raise BundleError("'scale' must be above 0 and every one of 'quantile_probabilities' between 0 and 1")
    return [exp(math.log(-math.log1p(-p)) * scale) for p in probabilities]
