"""The manifests fit the schemas of Kubernetes, and of the kinds that the Prometheus operator adds."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import jsonschema
import pytest

from tests.unit.serving.k8s.rendered import NAMES, needs_kubectl, of_kind, rendered

pytestmark = needs_kubectl
MINORS = 3
OPERATORS = "monitoring.coreos.com/v1"
DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|[smhdwy]))+$"}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}


def shape(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """An object that has nothing but these."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def some(of: dict[str, Any]) -> dict[str, Any]:
    """A list with something in it."""
    return {"type": "array", "items": of, "minItems": 1}


# Of the operator's API what is used here, and nothing else: no package that could be pinned has its schemas.
METADATA = shape(("name",), name={"type": "string"}, namespace={"type": "string"}, labels=LABELS)
RULE = shape(
    ("alert", "expr", "labels", "annotations"),
    alert={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    expr={"type": "string", "minLength": 1},
    labels=shape(("severity",), severity={"enum": ["warning", "critical"]}),
    annotations=shape(("summary", "action"), summary={"type": "string"}, action={"type": "string"}),
    **{"for": DURATION},
)
ENDPOINT = shape(
    ("port", "path"),
    port={"type": "string"},
    path={"type": "string", "pattern": "^/"},
    interval=DURATION,
    scrapeTimeout=DURATION,
)
SPECS = {
    "ServiceMonitor": shape(
        ("selector", "endpoints"),
        selector=shape(("matchLabels",), matchLabels=LABELS),
        endpoints=some(ENDPOINT),
    ),
    "PrometheusRule": shape(
        ("groups",), groups=some(shape(("name", "rules"), name={"type": "string"}, rules=some(RULE)))
    ),
}


def operators_schema(kind: str) -> dict[str, Any]:
    """The schema of one of its kinds."""
    required = ("apiVersion", "kind", "metadata", "spec")
    return shape(
        required, apiVersion={"const": OPERATORS}, kind={"const": kind}, metadata=METADATA, spec=SPECS[kind]
    )


@pytest.fixture(scope="module")
def validator() -> Any:
    """What holds objects to the schemas that Kubernetes published."""
    try:
        return importlib.import_module("kubernetes_validate")
    except ImportError:
        pytest.skip("needs kubernetes-validate, which carries the schemas of Kubernetes")


@pytest.fixture(scope="module")
def minors(validator: Any) -> list[str]:
    """The three newest minors that it knows."""
    minors = list(dict.fromkeys(version.rpartition(".")[0] for version in validator.utils.all_versions()))
    assert len(minors) >= MINORS
    return minors[-MINORS:]


@pytest.mark.parametrize("name", NAMES)
def test_kubernetes_knows_every_field(name: str, validator: Any, minors: list[str]) -> None:
    """Strictly: a field that there is not, or of another type, is refused, by each of the minors."""
    checked = [each for each in rendered(name) if each["apiVersion"] != OPERATORS]
    assert len(checked) > 8
    for minor in minors:
        for each in checked:
            validator.validate(each, minor, strict=True)


def test_a_misspelt_field_is_noticed(validator: Any, minors: list[str]) -> None:
    """By each of the minors."""
    (found,) = of_kind(rendered("prod"), "Deployment")
    wrong = copy.deepcopy(dict(found))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    for minor in minors:
        with pytest.raises(validator.ValidationError):
            validator.validate(wrong, minor, strict=True)


@pytest.mark.parametrize("kind", SPECS)
def test_the_operators_kinds_have_the_fields_that_it_knows(kind: str) -> None:
    """Nothing else, and what has to be there."""
    for name in NAMES:
        (found,) = of_kind(rendered(name), kind)
        jsonschema.validate(found, operators_schema(kind))


@pytest.mark.parametrize("kind", SPECS)
def test_a_misspelt_field_of_the_operators_is_noticed(kind: str) -> None:
    """One more than it knows is one too many."""
    (found,) = of_kind(rendered("prod"), kind)
    wrong = {**found, "spec": {**found["spec"], "endpoint": []}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, operators_schema(kind))


def test_every_kind_is_held_to_some_schema() -> None:
    """What the operator adds is what has a schema here."""
    kinds = {each["kind"] for name in NAMES for each in rendered(name) if each["apiVersion"] == OPERATORS}
    assert kinds == SPECS.keys()
