"""ModelSpec: one model, declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from days_to_sell.errors import SpecError
from days_to_sell.spec.candidates import Candidate
from days_to_sell.spec.columns import Column
from days_to_sell.spec.derivations import Derivation, Lookup, operand_types, operands
from days_to_sell.spec.features import Bucketed, Category, Crossed, Feature, Number
from days_to_sell.spec.gates import GATES, Gate, NotWorse
from days_to_sell.spec.judgement import Judgement, Place
from days_to_sell.spec.sources import Source
from days_to_sell.spec.suspicion import Suspicion

PREDICTION, UNBOUNDED = "days", "days_unbounded"
ROW_ID, DURATION, OBSERVED = "row_id", "duration", "observed"


@dataclass(frozen=True)
class ModelSpec:
    """Everything a data scientist decides about a model, in one value.

    Args:
        name: Name of the registered model.
        title: Name for people.
        description: What the number means, for the registry and the contract.
        sources: Tables of the lake that the training data is made of.
        inputs: Raw columns that only derivations read.
        features: What enters the pipeline, in order.
        candidates: Estimators to compare.
        crossed: Pairs of features that linear candidates read beside the features.
        horizon: Days at which the expectation is restricted, ``E[min(T, horizon)]``.
        group: Column whose values never stand on both sides of a split.
        time: Date column by which the last part is held out.
        partitions: Partitions of every frame that is fitted; part of the model, since Spark's
            trees depend on it.
        at_risk: Smallest share of rows still at risk at the horizon.
        what_if: Numeric raw column that a person would vary to see what it does, such as the price.
        judgement: What a fitted model is looked at by, beside its overall metrics.
        suspicion: From where on its training data is doubted.
        gates: What a version has to hold before it may go to Production.
    """

    name: str
    title: str
    description: str
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    candidates: tuple[Candidate, ...]
    inputs: tuple[Column, ...] = ()
    crossed: tuple[Crossed, ...] = ()
    horizon: int = 180
    group: str | None = None
    time: str | None = None
    partitions: int = 4
    at_risk: float = 0.02
    what_if: str | None = None
    judgement: Judgement = field(default_factory=Judgement)
    suspicion: Suspicion = field(default_factory=Suspicion)
    gates: tuple[Gate, ...] = GATES

    def __post_init__(self) -> None:
        """Check the declaration as a whole.

        Raises:
            SpecError: A name is used twice, a derivation reads what it cannot, or a number is out of range.
        """
        self._check_names()
        self._check_choices()
        self._check_crossed()
        self._check_judgement()
        self._check_gates()
        raw = {column.name: column for column in self.columns}
        for name, derivation in self.derivations.items():
            self._check_derivation(name, derivation, raw)

    def _check_names(self) -> None:
        if not self.features or not self.candidates:
            raise SpecError(f"model {self.name!r} needs at least one feature and one candidate; add them")
        names = [each.name for each in (*self.inputs, *self.features, *self.crossed)]
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise SpecError(f"model {self.name!r} declares {', '.join(twice)} more than once; rename one")
        reserved = sorted({ROW_ID, DURATION, OBSERVED, PREDICTION, UNBOUNDED} & set(names))
        if reserved:
            raise SpecError(f"model {self.name!r} declares {', '.join(reserved)}, a reserved name; rename it")

    def _check_choices(self) -> None:
        for choice in ("horizon", "partitions"):
            if getattr(self, choice) < 1:
                raise SpecError(f"model {self.name!r} has {choice} {getattr(self, choice)}; choose 1 or more")
        if not 0 < self.at_risk < 1:
            raise SpecError(f"model {self.name!r} has at_risk {self.at_risk}; choose a share between 0 and 1")
        numeric = [column.name for column in self.columns if column.numeric]
        if self.what_if and self.what_if not in numeric:
            raise SpecError(
                f"what_if={self.what_if!r} is no numeric raw column of model {self.name!r}; "
                f"choose one of {', '.join(numeric)}"
            )

    def _check_crossed(self) -> None:
        known = [feature.name for feature in self.features if not isinstance(feature, Number)]
        for crossed in self.crossed:
            for part in crossed.parts:
                if part not in known:
                    raise SpecError(
                        f"crossed feature {crossed.name!r} of model {self.name!r} names {part!r}, no "
                        f"category or bucketed number; choose two of {', '.join(known)}"
                    )

    def _check_judgement(self) -> None:
        judged = self.judgement
        raw = [column.name for column in self.columns]
        numeric = [column.name for column in self.columns if column.numeric]
        features = [feature.name for feature in self.features]
        numbers = [feature.name for feature in self.numbers]
        place = [judged.place.column] if judged.place else []
        self._check_named("a slice", [each.column for each in judged.slices], [*raw, *features])
        self._check_named("the segment", judged.segment, [*raw, *features])
        self._check_named("a direction", [each.column for each in judged.directions], numeric)
        self._check_named("a curve", judged.curves, numbers)
        self._check_named("the place", place, raw)
        if judged.place:
            self._check_place(judged.place)

    def _check_place(self, place: Place) -> None:
        sources = {source.name: source for source in self.sources}
        if place.source not in sources:
            raise SpecError(
                f"the place in the judgement of model {self.name!r} reads {place.source!r}, which is no "
                f"source of the model; choose one of {', '.join(sources)}"
            )
        declared = {column.name for column in sources[place.source].columns}
        absent = sorted({place.column, place.area, place.latitude, place.longitude} - declared)
        if absent:
            raise SpecError(
                f"the place in the judgement of model {self.name!r} reads {', '.join(absent)}, which source "
                f"{place.source!r} does not declare; add it to the source's columns"
            )

    def _check_gates(self) -> None:
        twice = sorted(name for name, count in Counter(gate.name for gate in self.gates).items() if count > 1)
        if twice:
            raise SpecError(f"model {self.name!r} declares gate {', '.join(twice)} more than once; keep one")
        known = [each.column for each in self.judgement.slices]
        for gate in self.gates:
            for column in gate.slices if isinstance(gate, NotWorse) else ():
                if column not in known:
                    raise SpecError(
                        f"gate {gate.name!r} of model {self.name!r} names slice {column!r}; choose one "
                        f"of the judgement's slices: {', '.join(known) or 'there are none'}"
                    )

    def _check_named(self, use: str, names: Iterable[str], known: Iterable[str]) -> None:
        choices = tuple(dict.fromkeys(known))
        for name in names:
            if name not in choices:
                raise SpecError(
                    f"{use} in the judgement of model {self.name!r} names {name!r}; "
                    f"choose one of {', '.join(choices)}"
                )

    def _check_derivation(self, name: str, derivation: Derivation, raw: Mapping[str, Column]) -> None:
        allowed = operand_types(derivation)
        for operand in operands(derivation):
            if operand not in raw:
                raise SpecError(
                    f"feature {name!r} derives from {operand!r}, which no raw column is; add it to inputs"
                )
            if raw[operand].type not in allowed:
                raise SpecError(
                    f"feature {name!r} derives from {operand!r} of type {raw[operand].type}; "
                    f"{type(derivation).__name__} takes {' or '.join(allowed)}"
                )
        if isinstance(derivation, Lookup):
            columns = {source.name: {column.name for column in source.columns} for source in self.sources}
            if derivation.table not in columns:
                raise SpecError(
                    f"feature {name!r} looks up {derivation.table!r}, which is no source of the model; "
                    f"choose one of {', '.join(columns)}"
                )
            absent = {derivation.key, derivation.value} - columns[derivation.table]
            if absent:
                raise SpecError(
                    f"feature {name!r} looks up {', '.join(sorted(absent))}, which source "
                    f"{derivation.table!r} does not declare; add it to the source's columns"
                )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Raw columns of a request: the inputs, then the features that are not derived."""
        return self.inputs + tuple(f.column for f in self.features if f.derive is None)

    @cached_property
    def derivations(self) -> dict[str, Derivation]:
        """Derived columns by name, in order."""
        return {f.name: f.derive for f in self.features if f.derive is not None}

    @property
    def categories(self) -> Iterator[Category]:
        """Text features, in order."""
        return (feature for feature in self.features if isinstance(feature, Category))

    @property
    def numbers(self) -> Iterator[Feature]:
        """Numeric features, in order."""
        return (feature for feature in self.features if not isinstance(feature, Category))

    @property
    def required_numbers(self) -> tuple[str, ...]:
        """Numeric features that are used as they are: a row without one gets no answer."""
        return tuple(feature.name for feature in self.features if isinstance(feature, Number))

    @property
    def buckets(self) -> Iterator[Bucketed]:
        """Bucketed features, in order."""
        return (feature for feature in self.features if isinstance(feature, Bucketed))
