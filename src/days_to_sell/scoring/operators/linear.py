"""Linear regression, and generalized linear regression by family and link."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from days_to_sell.scoring.columns import NUMBER
from days_to_sell.scoring.node import Node, Row, Step
from days_to_sell.scoring.operators.arithmetic import exp, inverse, linear_predictor

# Spark keeps a fitted mean inside the range of its family by these bounds.
EPSILON = 1e-16
LARGEST = sys.float_info.max

Function = Callable[[float], float]


@dataclass(frozen=True)
class Family:
    """A family of distributions.

    Args:
        project: Keeps a fitted mean inside the family's range.
        canonical_link: The link taken where none is named.
        links: The links that Spark fits the family with.
    """

    project: Function
    canonical_link: str
    links: tuple[str, ...]


def linear_regression(node: Node) -> Step:
    """Compile a linear regression."""
    coefficients = node.attributes.vector("coefficients")
    predict = linear_predictor(coefficients, node.attributes.double("intercept"))
    source = node.vector_in("features", len(coefficients))
    target = node.write("prediction", NUMBER)

    def step(row: Row) -> None:
        row[target] = predict(row[source])

    return step


def generalized_linear_regression(node: Node) -> Step:
    """Compile a generalized linear regression; the port ``link_prediction`` is optional."""
    coefficients = node.attributes.vector("coefficients")
    family = node.attributes.choice("family", _FAMILIES)
    links = {name: _LINKS[name] for name in family.links}
    unlink = node.attributes.choice("link", links, default=family.canonical_link)
    predict = linear_predictor(coefficients, node.attributes.double("intercept"))
    source = node.vector_in("features", len(coefficients))
    target = node.write("prediction", NUMBER)
    link_target = node.write("link_prediction", NUMBER) if "link_prediction" in node.ports_out else None

    def step(row: Row) -> None:
        eta = predict(row[source])
        row[target] = family.project(unlink(eta))
        if link_target is not None:
            row[link_target] = eta

    return step


def _finite(mu: float) -> float:
    return math.copysign(LARGEST, mu) if math.isinf(mu) else mu


def _positive(mu: float) -> float:
    return EPSILON if mu < EPSILON else _finite(mu)


def _probability(mu: float) -> float:
    if mu < EPSILON:
        return EPSILON
    return min(mu, 1.0 - EPSILON)


def _identity(eta: float) -> float:
    return eta


def _logit(eta: float) -> float:
    return 1.0 / (1.0 + exp(-eta))


def _probit(eta: float) -> float:
    return 0.5 * (1.0 + math.erf(eta / math.sqrt(2.0)))


def _cloglog(eta: float) -> float:
    return 1.0 - exp(-exp(eta))


def _square(eta: float) -> float:
    return eta * eta


# The inverse of each link, by the link's name.
_LINKS = MappingProxyType(
    {
        "identity": _identity,
        "log": exp,
        "inverse": inverse,
        "logit": _logit,
        "probit": _probit,
        "cloglog": _cloglog,
        "sqrt": _square,
    }
)

_FAMILIES = MappingProxyType(
    {
        "gaussian": Family(_finite, "identity", ("identity", "log", "inverse")),
        "binomial": Family(_probability, "logit", ("logit", "probit", "cloglog")),
        "poisson": Family(_positive, "log", ("log", "identity", "sqrt")),
        "gamma": Family(_positive, "inverse", ("inverse", "identity", "log")),
    }
)
