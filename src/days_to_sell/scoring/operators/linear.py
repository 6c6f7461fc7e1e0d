"""Linear regression, and generalized linear regression by family and link."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from days_to_sell.scoring.node import Node
from days_to_sell.scoring.plan.expressions import Number
from days_to_sell.scoring.plan.vectors import apply


@dataclass(frozen=True)
class Family:
    """A family of distributions.

    Args:
        project: Function that keeps a fitted mean inside the family's range.
        canonical_link: The link taken where none is named.
        links: The links that Spark fits the family with.
    """

    project: str
    canonical_link: str
    links: tuple[str, ...]


def linear_regression(node: Node) -> None:
    """Predict by a linear function."""
    node.write("prediction", predictor(node))


def generalized_linear_regression(node: Node) -> None:
    """Predict by the inverse of a link; the port ``link_prediction`` is optional."""
    family = node.attributes.choice("family", _FAMILIES, any_case=True)
    links = {name: _LINKS[name] for name in family.links}
    unlink = node.attributes.choice("link", links, default=family.canonical_link, any_case=True)
    eta = predictor(node)
    mean = apply(unlink, eta) if unlink else eta
    node.write("prediction", apply(family.project, mean))
    node.write_if_asked("link_prediction", eta)


def predictor(node: Node) -> Number:
    """Give the linear predictor of a node that has coefficients and an intercept."""
    coefficients = node.attributes.vector("coefficients")
    return node.vector("features", len(coefficients)).dot(coefficients, node.attributes.double("intercept"))


# The function that inverts each link, by the link's name; none for the identity.
_LINKS = MappingProxyType(
    {
        "identity": "",
        "log": "exp",
        "inverse": "inverse",
        "logit": "logistic",
        "probit": "normal_cdf",
        "cloglog": "complementary_log_log",
        "sqrt": "square",
    }
)

_FAMILIES = MappingProxyType(
    {
        "gaussian": Family("finite", "identity", ("identity", "log", "inverse")),
        "binomial": Family("probability", "logit", ("logit", "probit", "cloglog")),
        "poisson": Family("positive", "log", ("log", "identity", "sqrt")),
        "gamma": Family("positive", "inverse", ("inverse", "identity", "log")),
    }
)
